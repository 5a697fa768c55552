/* SPDX-License-Identifier: Apache-2.0 */
/* One face for the kinds of places: what is a directory is a layout, what is not is an archive. */
#include "image/source.h"

#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/resolve.h"
#include "image/source_parts.h"

#define MAX_INDEX (16u << 20)

enum source_kind source_kind(const struct source *s)
{
	return s->kind;
}

const char *source_path(const struct source *s)
{
	return s->path;
}

const struct oci_index *source_index(const struct source *s)
{
	return s->index;
}

const struct oci_docker_archive *source_docker(const struct source *s)
{
	return s->docker;
}

void source_forget_blobs(struct source *s)
{
	for (size_t i = 0; i < s->blobs.n; i++)
		close_fd(&s->blobs.v[i]);
	s->blobs.n = 0;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	source_forget_blobs(s);
	close_fd(&s->fd);
}

/* A file by its name in the layout or archive. */
static int read_text(struct source *s, const char *name, size_t max, char **text, size_t *len)
{
	if (s->kind == SOURCE_LAYOUT)
		return layout_source_text(s, name, max, text, len);
	const struct member *m = archive_find(s, name);
	if (!m)
		return err_msg(ERR_CONFIG, "%s: there is no %s in it", s->path, name);
	*len = (size_t)m->region.size;
	return region_text(s->arena, &m->region, name, max, text);
}

static int read_document(struct source *s, const char *name, const struct oci_type *type,
			 void **out)
{
	struct oci_diag diag;
	char *text;
	size_t len;
	TRY(read_text(s, name, MAX_INDEX, &text, &len));
	*out = oci_decode(s->arena, type, text, len, OCI_KEEP_UNKNOWN, &diag);
	if (!*out)
		return err_msg(ERR_CONFIG, "%s: %s: %s", s->path, name, diag.text);
	return 0;
}

static int read_layout(struct source *s)
{
	struct oci_layout *layout;
	void *doc;
	int r = read_document(s, "oci-layout", oci_layout_type(), &doc);
	if (r < 0) {
		err_hint("an image layout is a directory with oci-layout, index.json and blobs");
		return r;
	}
	layout = doc;
	if (!after_prefix(layout->version, "1.0."))
		return err_msg(ERR_UNSUPPORTED, "%s: oci-layout: version %s, expected 1.0.x",
			       s->path, layout->version);
	struct document index = { .what = arena_printf(s->arena, "%s: index.json", s->path) };
	char *text;
	TRY(read_text(s, "index.json", MAX_INDEX, &text, &index.len));
	index.text = text;
	return index_decode(s->arena, &index, &s->index);
}

static int open_kind(struct source *s, enum source_kind wanted)
{
	struct stat st;
	bool dir = stat(s->path, &st) == 0 && S_ISDIR(st.st_mode);
	void *doc;
	if (wanted == SOURCE_LAYOUT || (wanted == SOURCE_ANY && dir)) {
		s->kind = SOURCE_LAYOUT;
		TRY(layout_source_open(s));
		return read_layout(s);
	}
	TRY(archive_source_open(s, wanted));
	if (s->kind == SOURCE_OCI_ARCHIVE)
		return read_layout(s);
	TRY(read_document(s, "manifest.json", oci_docker_archive_type(), &doc));
	s->docker = doc;
	return 0;
}

int source_open(struct arena *a, const struct reference *ref, struct source **out)
{
	struct source *s = arena_alloc(a, sizeof(*s));
	s->arena = a;
	s->path = ref->path;
	s->fd = -1;
	int r = open_kind(s, ref->kind);
	if (r < 0) {
		source_close(s);
		return r;
	}
	*out = s;
	return 0;
}

static int blob_region(struct source *s, const struct digest *d, struct region *out)
{
	if (s->kind == SOURCE_LAYOUT)
		return layout_source_blob(s, d, out);
	const char *name = arena_printf(s->arena, "blobs/%s/%s", digest_algo_name(d->algo),
					digest_hex(s->arena, d));
	const struct member *m = archive_find(s, name);
	if (!m)
		return err_msg(ERR_CONFIG, "%s: there is no %s in it", s->path, name);
	*out = m->region;
	return 0;
}

int source_blob(struct source *s, const struct digest *d, uint64_t size, struct region *out)
{
	struct region r;
	TRY(blob_region(s, d, &r));
	if (size != SOURCE_SIZE_UNKNOWN && r.size != size)
		return err_msg(ERR_CONFIG, "%s: blob %s has %llu bytes, its descriptor says %llu",
			       s->path, digest_text(s->arena, d), (unsigned long long)r.size,
			       (unsigned long long)size);
	*out = r;
	return 0;
}

bool source_has_blob(struct source *s, const struct digest *d)
{
	struct region r;
	bool there = blob_region(s, d, &r) == 0;
	err_clear();
	return there;
}

int source_member(struct source *s, const char *name, struct region *out)
{
	const struct member *m = archive_find(s, name);
	if (!m)
		return err_msg(ERR_CONFIG, "%s: there is no \"%s\" in it", s->path, name);
	*out = m->region;
	return 0;
}

int source_document(struct source *s, const struct oci_descriptor *d, size_t max, char **text,
		    size_t *len)
{
	struct digest want, got;
	struct region r;
	const char *what = arena_printf(s->arena, "%s: %s", s->path, d->digest);
	TRY(digest_parse(what, d->digest, &want));
	if (d->size < 0 || (uint64_t)d->size > max)
		return err_msg(ERR_CONFIG, "%s: %lld bytes are more than the %zu this may have",
			       what, (long long)d->size, max);
	TRY(source_blob(s, &want, (uint64_t)d->size, &r));
	int read = region_text(s->arena, &r, what, max, text);
	if (s->kind == SOURCE_LAYOUT)
		close_fd(&s->blobs.v[--s->blobs.n]); /* nobody else has it */
	TRY(read);
	*len = (size_t)r.size;
	digest_of(want.algo, *text, *len, &got);
	if (!digest_equal(&want, &got))
		return err_msg(ERR_CONFIG, "%s: the content has digest %s", what,
			       digest_text(s->arena, &got));
	return 0;
}
