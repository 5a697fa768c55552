/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a store, its references, and what gc takes away. */
#include "image/layerstore.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"
#include "layer/rmtree.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, MAX_REF = 1 << 20 };

const struct oci_type *oci_store_ref_type(void);

static const char *default_path(struct arena *a)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	if (geteuid() == 0)
		return "/var/lib/oci-image-tool";
	if (data && *data == '/')
		return arena_printf(a, "%s/oci-image-tool", data);
	return arena_printf(a, "%s/.local/share/oci-image-tool", home ? home : "");
}

/* All of a path, 0755 above and 0700 for the store itself. */
static int make_path(struct arena *a, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/'))
		if (mkdir(arena_strndup(a, path, (size_t)(slash - path)), 0755) < 0 &&
		    errno != EEXIST)
			return err_sys("make the folder of the store \"%s\"", path);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys("make the store \"%s\"", path);
	return 0;
}

static int open_dir(const struct layerstore *s, const char *name, int *out)
{
	if (mkdirat(s->fd, name, 0700) < 0 && errno != EEXIST)
		return err_sys("make \"%s/%s\"", s->path, name);
	*out = openat(s->fd, name, DIR_FLAGS);
	return *out < 0 ? err_sys("open \"%s/%s\"", s->path, name) : 0;
}

static int open_all(struct layerstore *s, bool alone)
{
	struct stat st;
	TRY(make_path(s->arena, s->path));
	s->fd = open(s->path, DIR_FLAGS);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return err_sys("open the store \"%s\"", s->path);
	if (st.st_uid != geteuid() || st.st_mode & 022)
		return err_msg(ERR_USAGE,
			       "the store \"%s\" belongs to, or can be written by, others",
			       s->path);
	s->lock_fd = openat(s->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return err_sys("open the lock of the store \"%s\"", s->path);
	while (flock(s->lock_fd, alone ? LOCK_EX : LOCK_SH) < 0)
		if (errno != EINTR)
			return err_sys("lock the store \"%s\"", s->path);
	TRY(open_dir(s, "layers", &s->layers_fd));
	return open_dir(s, "bundles", &s->bundles_fd);
}

int layerstore_open(struct arena *a, const char *path, bool alone, struct layerstore *out)
{
	struct layerstore s = {
		.arena = a, .fd = -1, .lock_fd = -1, .layers_fd = -1, .bundles_fd = -1
	};
	s.path = path_absolute(a, path ? path : default_path(a));
	if (!s.path)
		return err_sys("find the working directory");
	int r = open_all(&s, alone);
	if (r < 0)
		layerstore_close(&s);
	else
		*out = s;
	return r;
}

void layerstore_close(struct layerstore *s)
{
	close_fd(&s->bundles_fd);
	close_fd(&s->layers_fd);
	close_fd(&s->lock_fd);
	close_fd(&s->fd);
}

int layerstore_refer(struct layerstore *s, const char *bundle, struct oci_bundle_overlay *o)
{
	uint64_t random[2];
	size_t len;
	struct oci_store_ref ref = { .bundle = bundle, .layers = o->layers };
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys("getrandom");
	o->id = arena_printf(s->arena, "%016llx%016llx", (unsigned long long)random[0],
			     (unsigned long long)random[1]);
	const char *text = oci_encode(s->arena, oci_store_ref_type(), &ref, NULL, &len);
	if (!text)
		return err_msg(ERR_BUG, "the reference to the store cannot be written as JSON");
	return io_replace_file(s->bundles_fd, o->id, text, len, 0600);
}

int layerstore_unrefer(struct layerstore *s, const char *id)
{
	if (strchr(id, '/') || unlinkat(s->bundles_fd, id, 0) == 0 || errno == ENOENT)
		return 0;
	return err_sys("remove \"%s/bundles/%s\"", s->path, id);
}

/* Does the bundle that the reference names still know it? */
static bool is_live(struct layerstore *s, const char *id, const struct oci_store_ref *ref)
{
	struct oci_bundle *b;
	_cleanup_close_ int fd = open(ref->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool live = fd >= 0 && bundle_record_read(s->arena, fd, ref->bundle, &b) >= 0 &&
		    b->overlay && streq(b->overlay->id, id);
	err_clear();
	return live;
}

struct names {
	VEC(const char *) list;
};

static bool has_name(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->list.n; i++)
		if (streq(n->list.v[i], name))
			return true;
	return false;
}

static int read_names(struct layerstore *s, int dir_fd, struct names *out)
{
	int fd = openat(dir_fd, ".", DIR_FLAGS);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		close_fd(&fd);
		return err_sys("read the store \"%s\"", s->path);
	}
	for (struct dirent *e; (e = readdir(d));)
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			vec_push(s->arena, &out->list, arena_strdup(s->arena, e->d_name));
	return 0;
}

/* The layers of a living reference into `used`; a dead one goes. */
static int sweep_reference(struct layerstore *s, const char *id, bool dry_run, struct names *used,
			   struct layerstore_freed *out)
{
	struct oci_diag diag;
	char *text;
	size_t len;
	TRY(io_read_file(s->arena, s->bundles_fd, id, MAX_REF, &text, &len));
	struct oci_store_ref *ref = oci_decode(s->arena, oci_store_ref_type(), text, len, 0, &diag);
	if (ref && is_live(s, id, ref)) {
		for (size_t i = 0; i < ref->layers.n; i++)
			vec_push(s->arena, &used->list, ref->layers.v[i]);
		return 0;
	}
	log_debug("reference %s: its bundle is gone", id);
	out->references++;
	return dry_run ? 0 : layerstore_unrefer(s, id);
}

/* Nobody else is here: what begins with a dot was left by somebody who was killed. */
int layerstore_gc(struct layerstore *s, bool dry_run, struct layerstore_freed *out)
{
	struct names refs = { 0 }, layers = { 0 }, used = { 0 };
	*out = (struct layerstore_freed){ 0 };
	TRY(read_names(s, s->bundles_fd, &refs));
	for (size_t i = 0; i < refs.list.n; i++)
		TRY(sweep_reference(s, refs.list.v[i], dry_run, &used, out));
	TRY(read_names(s, s->layers_fd, &layers));
	for (size_t i = 0; i < layers.list.n; i++) {
		if (has_name(&used, layers.list.v[i]))
			continue;
		out->layers++;
		if (!dry_run)
			TRY(rmtree(s->layers_fd, layers.list.v[i]));
	}
	return 0;
}
