/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs are written into unnamed files and get their name when it is known, so a killed writer
 * leaves nothing. All of it is on disk before index.json is replaced. */
#include "image/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/vec.h"
#include "image/resolve.h"
#include "layer/compress.h"
#include "layer/sink.h"

#define BLOBS "blobs/sha256"
#define REF_NAME "org.opencontainers.image.ref.name"
static const char layout_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char index_text[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	"\"manifests\":[]}";

enum { COPY_SIZE = 1 << 20 };

struct layout {
	struct arena *arena;
	const char *path;
	int fd, blobs_fd;
	struct oci_index *index;
	unsigned names; /* of temporary files without O_TMPFILE */
};

/* ---- making and opening */

static int make_dir(int fd, const char *name)
{
	if (mkdirat(fd, name, 0755) == 0 || errno == EEXIST)
		return 0;
	return err_sys("make folder \"%s\"", name);
}

static bool is_there(int fd, const char *name)
{
	return faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int fill(int fd)
{
	TRY(make_dir(fd, "blobs"));
	TRY(make_dir(fd, BLOBS));
	if (!is_there(fd, "index.json"))
		TRY(io_replace_file(fd, "index.json", index_text, sizeof(index_text) - 1, 0644));
	/* last: with it the folder is a layout */
	return io_replace_file(fd, "oci-layout", layout_text, sizeof(layout_text) - 1, 0644);
}

static int is_empty(const char *path)
{
	_cleanup_dir_ DIR *d = opendir(path);
	if (!d)
		return err_sys("open \"%s\"", path);
	for (struct dirent *e; (e = readdir(d));)
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			return err_msg(ERR_USAGE, "\"%s\" is not empty", path);
	return 0;
}

int layout_create(struct arena *a, const char *path)
{
	(void)a;
	if (mkdir(path, 0755) < 0) {
		if (errno != EEXIST)
			return err_sys("make layout \"%s\"", path);
		TRY(is_empty(path));
	}
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open layout \"%s\"", path);
	TRY_AS(fill(fd), "layout \"%s\"", path);
	return 0;
}

static int read_index(struct layout *l)
{
	struct document doc = { .media_type = "application/vnd.oci.image.index.v1+json" };
	char *text;
	TRY(io_read_file(l->arena, l->fd, "index.json", MAX_MANIFEST, &text, &doc.len));
	doc.what = arena_printf(l->arena, "%s/index.json", l->path);
	doc.text = text;
	return index_decode(l->arena, &doc, &l->index);
}

static int open_locked(struct layout *l, bool create)
{
	l->fd = open(l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->fd < 0 && errno == ENOENT && create) {
		TRY(layout_create(l->arena, l->path));
		l->fd = open(l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (l->fd < 0)
		return err_sys("open layout \"%s\"", l->path);
	while (flock(l->fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys("lock layout \"%s\"", l->path);
	if (create && !is_there(l->fd, "oci-layout")) {
		TRY(is_empty(l->path));
		TRY_AS(fill(l->fd), "layout \"%s\"", l->path);
	}
	if (!is_there(l->fd, "oci-layout"))
		return err_msg(ERR_USAGE, "\"%s\" is no OCI layout: there is no oci-layout in it",
			       l->path);
	TRY(make_dir(l->fd, "blobs"));
	TRY(make_dir(l->fd, BLOBS));
	l->blobs_fd = openat(l->fd, BLOBS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (l->blobs_fd < 0)
		return err_sys("open \"%s/" BLOBS "\"", l->path);
	return read_index(l);
}

int layout_open(struct arena *a, const char *path, bool create, struct layout **out)
{
	struct layout *l = arena_alloc(a, sizeof(*l));
	*l = (struct layout){ .arena = a, .path = path, .fd = -1, .blobs_fd = -1 };
	int r = open_locked(l, create);
	if (r < 0)
		layout_close(l);
	else
		*out = l;
	return r;
}

void layout_close(struct layout *l)
{
	if (!l)
		return;
	close_fd(&l->blobs_fd);
	close_fd(&l->fd);
}

struct oci_index *layout_index(struct layout *l)
{
	return l->index;
}

int layout_commit(struct layout *l)
{
	size_t len;
	const char *text = oci_encode(l->arena, oci_index_type(), l->index, NULL, &len);
	if (!text)
		return err_msg(ERR_BUG, "the index cannot be written");
	if (syncfs(l->fd) < 0)
		return err_sys("write layout \"%s\" to disk", l->path);
	TRY_AS(io_replace_file(l->fd, "index.json", text, len, 0644), "layout \"%s\"", l->path);
	return fsync(l->fd) == 0 ? 0 : err_sys("write layout \"%s\" to disk", l->path);
}

/* ---- blobs */

bool layout_has_blob(struct layout *l, const struct digest *d, uint64_t *size)
{
	struct stat st;
	const char *name = arena_printf(l->arena, "blobs/%s/%s", digest_algo_name(d->algo),
					digest_hex(l->arena, d));
	if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	*size = (uint64_t)st.st_size;
	return true;
}

int blob_begin(struct layout *l, struct blob *out)
{
	struct blob b = { .layout = l };
	b.fd = openat(l->blobs_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
	if (b.fd < 0)
		return err_sys("make a blob in \"%s\"", l->path);
	*out = b;
	/* the digest is written where the caller has the struct */
	out->sink = sink_hashing(l->arena, sink_fd(l->arena, b.fd, l->path), &out->digest,
				 &out->size);
	return 0;
}

static int give_name(struct blob *b, const char *hex)
{
	struct layout *l = b->layout;
	char from[40], name[DIGEST_TEXT_MAX + 16];
	struct stat st;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", b->fd);
	if (linkat(AT_FDCWD, from, l->blobs_fd, hex, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys("name blob \"%s\" in \"%s\"", hex, l->path);
	if (fstatat(l->blobs_fd, hex, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == b->size)
		return 0;
	/* a file that is not what its name says */
	snprintf(name, sizeof(name), ".%s.tmp", hex);
	unlinkat(l->blobs_fd, name, 0);
	if (linkat(AT_FDCWD, from, l->blobs_fd, name, AT_SYMLINK_FOLLOW) < 0 ||
	    renameat(l->blobs_fd, name, l->blobs_fd, hex) < 0)
		return err_sys("name blob \"%s\" in \"%s\"", hex, l->path);
	return 0;
}

int blob_commit(struct blob *b)
{
	TRY(give_name(b, digest_hex(b->layout->arena, &b->digest)));
	close_fd(&b->fd);
	return 0;
}

void blob_abort(struct blob *b)
{
	if (b->sink && b->sink->close)
		b->sink->close(b->sink);
	close_fd(&b->fd);
}

int layout_put(struct layout *l, const void *data, size_t len, struct digest *out)
{
	struct blob b;
	uint64_t size;
	digest_of(DIGEST_SHA256, data, len, out);
	if (layout_has_blob(l, out, &size) && size == len)
		return 0;
	TRY(blob_begin(l, &b));
	int r = sink_write(b.sink, data, len);
	if (r == 0)
		r = b.sink->finish(b.sink);
	if (r == 0)
		r = blob_commit(&b);
	blob_abort(&b);
	return r;
}

static int copy(const struct region *r, struct sink *to)
{
	_cleanup_free_ uint8_t *buffer = malloc(COPY_SIZE);
	if (!buffer)
		return err_sysno(ENOMEM, "copy a blob");
	for (uint64_t at = 0; at < r->size;) {
		size_t n = r->size - at < COPY_SIZE ? (size_t)(r->size - at) : COPY_SIZE;
		TRY(region_read(r, "a blob", at, buffer, n));
		TRY(sink_write(to, buffer, n));
		at += n;
	}
	return to->finish(to);
}

int layout_copy(struct layout *l, const struct region *r, const struct digest *want,
		struct digest *out)
{
	struct blob b;
	char one[DIGEST_TEXT_MAX], two[DIGEST_TEXT_MAX];
	if (want && want->algo != DIGEST_SHA256)
		return err_msg(ERR_UNSUPPORTED, "copying a blob of sha512 is not possible");
	TRY(blob_begin(l, &b));
	int result = copy(r, b.sink);
	if (result == 0 && want && !digest_equal(want, &b.digest))
		result = err_msg(ERR_CONFIG, "blob %s is not what its digest says: it is %s",
				 digest_format(want, one), digest_format(&b.digest, two));
	if (result == 0)
		result = blob_commit(&b);
	if (result == 0)
		*out = b.digest;
	blob_abort(&b);
	return result;
}

/* ---- names */

static bool is_named(const struct oci_descriptor *d, const char *ref)
{
	const char *name = descriptor_annotation(d, REF_NAME);
	return name && streq(name, ref);
}

int layout_untag(struct layout *l, const char *ref)
{
	struct oci_index *x = l->index;
	size_t kept = 0, n = x->manifests.n;
	for (size_t i = 0; i < n; i++)
		if (!is_named(&x->manifests.v[i], ref))
			x->manifests.v[kept++] = x->manifests.v[i];
	x->manifests.n = kept;
	return (int)(n - kept);
}

static void set_name(struct arena *a, struct oci_descriptor *d, const char *ref)
{
	VEC(struct oci_pair) v = { 0 };
	for (size_t i = 0; i < d->annotations.n; i++)
		if (!streq(d->annotations.v[i].key, REF_NAME))
			vec_push(a, &v, d->annotations.v[i]);
	vec_push(a, &v, ((struct oci_pair){ REF_NAME, ref }));
	d->annotations.v = v.v;
	d->annotations.n = v.n;
	d->annotations.present = true;
}

int layout_tag(struct layout *l, const struct oci_descriptor *d, const char *ref)
{
	struct oci_index *x = l->index;
	int gone = layout_untag(l, ref);
	struct oci_descriptor *v = arena_calloc(l->arena, x->manifests.n + 1, sizeof(*v));
	if (x->manifests.n > 0)
		memcpy(v, x->manifests.v, x->manifests.n * sizeof(*v));
	v[x->manifests.n] = *d;
	set_name(l->arena, &v[x->manifests.n], ref);
	x->manifests.v = v;
	x->manifests.n++;
	x->manifests.present = true;
	return gone;
}
