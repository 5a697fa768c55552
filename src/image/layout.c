/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs are written into unnamed files and get their name when it is known (base/newfile.h). All
 * of it is on disk before index.json is replaced. */
#include "image/layout.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
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
	int fd, blobs_fds[DIGEST_SHA512 + 1];
	struct oci_index *index;
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

/* The folder of an algorithm, which is made when it is needed. */
static int blobs_of(struct layout *l, enum digest_algo algo)
{
	const char *name = arena_printf(l->arena, "blobs/%s", digest_algo_name(algo));
	if (l->blobs_fds[algo] >= 0)
		return l->blobs_fds[algo];
	TRY(make_dir(l->fd, name));
	l->blobs_fds[algo] = openat(l->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return l->blobs_fds[algo] >= 0 ? l->blobs_fds[algo]
				       : err_sys("open \"%s/%s\"", l->path, name);
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
	int blobs_fd = blobs_of(l, DIGEST_SHA256);
	return blobs_fd < 0 ? blobs_fd : read_index(l);
}

int layout_open(struct arena *a, const char *path, bool create, struct layout **out)
{
	struct layout *l = arena_alloc(a, sizeof(*l));
	*l = (struct layout){ .arena = a, .path = path, .fd = -1, .blobs_fds = { -1, -1 } };
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
	for (size_t i = 0; i < ARRAY_SIZE(l->blobs_fds); i++)
		close_fd(&l->blobs_fds[i]);
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

static int begin(struct layout *l, enum digest_algo algo, struct blob *out)
{
	int dir_fd = blobs_of(l, algo);
	if (dir_fd < 0)
		return dir_fd;
	*out = (struct blob){ .layout = l, .digest.algo = algo, .file.fd = -1 };
	TRY_AS(newfile_open(dir_fd, 0644, &out->file), "a blob in \"%s\"", l->path);
	/* the digest is written where the caller has the struct */
	out->sink = sink_hashing(l->arena, sink_fd(l->arena, out->file.fd, l->path), algo,
				 &out->digest, &out->size);
	return 0;
}

int blob_begin(struct layout *l, struct blob *out)
{
	return begin(l, DIGEST_SHA256, out);
}

int blob_commit(struct blob *b)
{
	const char *hex = digest_hex(b->layout->arena, &b->digest);
	uint64_t size;
	/* a file of another size is not what its name says, and goes */
	if (!layout_has_blob(b->layout, &b->digest, &size) || size != b->size)
		TRY_AS(newfile_name(&b->file, b->file.dir_fd, hex), "a blob in \"%s\"",
		       b->layout->path);
	newfile_close(&b->file);
	return 0;
}

void blob_abort(struct blob *b)
{
	if (b->sink && b->sink->close)
		b->sink->close(b->sink);
	newfile_close(&b->file);
}

int layout_put(struct layout *l, const void *data, size_t len, enum digest_algo algo,
	       struct digest *out)
{
	struct blob b;
	uint64_t size;
	digest_of(algo, data, len, out);
	if (layout_has_blob(l, out, &size) && size == len)
		return 0;
	TRY(begin(l, algo, &b));
	int r = sink_write(b.sink, data, len);
	if (r == 0)
		r = b.sink->finish(b.sink);
	if (r == 0)
		r = blob_commit(&b);
	blob_abort(&b);
	return r;
}

static int pour(const struct region *r, struct sink *to)
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

/* A clone is ours alone, so what is hashed is what stays. 1 = it cannot be one. */
static int reflink(const struct region *r, struct blob *b)
{
	struct region ours = { .fd = b->file.fd, .size = r->size };
	struct stat st;
	if (r->at > 0 || ioctl(ours.fd, FICLONE, r->fd) < 0)
		return 1;
	if (fstat(ours.fd, &st) < 0)
		return err_sys("look at a blob");
	if ((uint64_t)st.st_size != r->size && ftruncate(ours.fd, 0) == 0)
		return 1;
	b->size = r->size;
	return region_digest(&ours, "a blob", b->digest.algo, &b->digest);
}

int layout_copy(struct layout *l, const struct region *r, const struct digest *want,
		struct digest *out)
{
	struct blob b;
	char one[DIGEST_TEXT_MAX], two[DIGEST_TEXT_MAX];
	TRY(begin(l, want ? want->algo : DIGEST_SHA256, &b));
	int result = reflink(r, &b);
	if (result > 0)
		result = pour(r, b.sink);
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
