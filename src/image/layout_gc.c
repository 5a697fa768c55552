/* SPDX-License-Identifier: Apache-2.0 */
/* gc of a layout: everything index.json leads to stays, by whatever kind of document; the rest of
 * the blobs goes. A document that is there and cannot be read ends it before anything is removed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/image.h"
#include "image/layout.h"
#include "image/resolve.h"
#include "layer/pathset.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, MAX_DEPTH = 64 };

struct sweep {
	struct arena *arena;
	struct source *source;
	struct pathset used; /* "sha256:..." */
	bool dry_run;
	size_t blobs;
	uint64_t bytes;
};

static int mark(struct sweep *s, const struct oci_descriptor *d, unsigned depth);

static int mark_manifest(struct sweep *s, const struct document *doc, unsigned depth)
{
	struct oci_manifest *m;
	TRY(manifest_decode(s->arena, doc, &m));
	TRY(mark(s, m->config, depth + 1));
	for (size_t i = 0; i < m->layers.n; i++)
		TRY(mark(s, &m->layers.v[i], depth + 1));
	return m->subject ? mark(s, m->subject, depth + 1) : 0;
}

static int mark_index(struct sweep *s, const struct document *doc, unsigned depth)
{
	struct oci_index *x;
	TRY(index_decode(s->arena, doc, &x));
	for (size_t i = 0; i < x->manifests.n; i++)
		TRY(mark(s, &x->manifests.v[i], depth + 1));
	return x->subject ? mark(s, x->subject, depth + 1) : 0;
}

static int mark(struct sweep *s, const struct oci_descriptor *d, unsigned depth)
{
	struct document doc = { .what = d->digest, .media_type = d->media_type };
	struct digest digest;
	char *text;
	bool index = media_type_is_index(d->media_type);
	if (pathset_has(&s->used, d->digest, strlen(d->digest)))
		return 0;
	TRY(pathset_add_one(&s->used, d->digest, strlen(d->digest)));
	if (!index && !media_type_is_manifest(d->media_type))
		return 0;
	if (depth > MAX_DEPTH)
		return err_msg(ERR_CONFIG, "%s: more than %d documents one in the other", d->digest,
			       MAX_DEPTH);
	TRY(digest_parse("descriptor", d->digest, &digest));
	if (!source_has_blob(s->source, &digest))
		return 0; /* kept elsewhere: layouts may be sparse */
	source_forget_blobs(s->source);
	TRY(source_document(s->source, d, MAX_MANIFEST, &text, &doc.len));
	doc.text = text;
	return index ? mark_index(s, &doc, depth) : mark_manifest(s, &doc, depth);
}

static int sweep_blob(struct sweep *s, int dir_fd, const char *algorithm, const char *name)
{
	struct stat st;
	const char *digest = arena_printf(s->arena, "%s:%s", algorithm, name);
	if (pathset_has(&s->used, digest, strlen(digest)))
		return 0;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
		return 0;
	if (!s->dry_run && unlinkat(dir_fd, name, 0) < 0)
		return err_sys("remove blob %s", digest);
	s->blobs++;
	s->bytes += (uint64_t)st.st_size;
	return 0;
}

static int sweep_folder(struct sweep *s, const char *path, const char *algorithm)
{
	int fd = open(path, DIR_FLAGS);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		close_fd(&fd);
		return errno == ENOENT ? 0 : err_sys("open \"%s\"", path);
	}
	for (struct dirent *e; (e = readdir(d));)
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			TRY(sweep_blob(s, dirfd(d), algorithm, e->d_name));
	return 0;
}

static int run(struct sweep *s, struct layout *l, const char *path)
{
	static const char *const algorithms[] = { "sha256", "sha512" };
	const struct oci_index *x = layout_index(l);
	for (size_t i = 0; i < x->manifests.n; i++)
		TRY_AS(mark(s, &x->manifests.v[i], 0), "nothing was removed");
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		TRY(sweep_folder(s, arena_printf(s->arena, "%s/blobs/%s", path, algorithms[i]),
				 algorithms[i]));
	printf("%s %zu blobs, %llu bytes\n", s->dry_run ? "would remove" : "removed", s->blobs,
	       (unsigned long long)s->bytes);
	return 0;
}

int image_layout_gc(struct image_tool *t, const char *path, bool dry_run)
{
	struct sweep s = { .arena = t->arena, .dry_run = dry_run };
	const struct reference ref = { .kind = SOURCE_LAYOUT, .path = path };
	struct layout *l;
	TRY(layout_open(t->arena, path, false, &l));
	int r = source_open(t->arena, &ref, &s.source);
	if (r >= 0)
		r = pathset_open(&s.used);
	if (r >= 0)
		r = run(&s, l, path);
	pathset_close(&s.used);
	source_close(s.source);
	layout_close(l);
	return r;
}
