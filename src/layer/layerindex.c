/* SPDX-License-Identifier: Apache-2.0 */
/* A list of all entries, sorted by path and number at the end. A hard link says what its target was
 * when the link was made: the last entry of that name with a lower number. */
#include "layer/layerindex.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/vec.h"
#include "layer/dircache.h"
#include "layer/feed.h"

struct layer_index {
	VEC(struct layer_file) files;
};

struct reading {
	struct arena *arena;
	struct layer_index *index;
	struct dircache dirs;
	struct hasher *hasher;
	unsigned mask;
	uint64_t number;
};

/* The name as the tree has it: through the symlinks of its folder ("lib/x" is "usr/lib/x"). */
static int resolve(struct reading *r, const char *name, const char **out)
{
	char *clean = path_clean(r->arena, name);
	while (*clean == '/')
		clean++;
	const struct dir *d;
	char *slash = strrchr(clean, '/');
	*out = streq(clean, ".") ? "" : clean;
	if (!slash)
		return 0;
	*slash = '\0';
	int there = dircache_get(&r->dirs, clean, &d);
	if (there == 0 && strcmp(d->canon, clean) != 0)
		*out = arena_printf(r->arena, "%s%s%s", d->canon, *d->canon ? "/" : "", slash + 1);
	*slash = '/';
	return there < 0 ? there : 0;
}

static void keep_withheld(struct reading *r, const struct tar_entry *e, struct layer_file *f)
{
	VEC(struct tar_xattr) kept = { 0 };
	for (size_t i = 0; i < e->n_xattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];
		unsigned class = xattr_class(x->name);
		if (!class || class & r->mask)
			continue;
		vec_push(r->arena, &kept,
			 ((struct tar_xattr){ arena_strdup(r->arena, x->name),
					      arena_memdup(r->arena, x->value, x->len), x->len }));
	}
	f->withheld = kept.v;
	f->n_withheld = kept.n;
}

/* What is in it, holes being zeros. */
static int hash_content(struct reading *r, struct tar *t, const struct tar_entry *e,
			struct digest *out)
{
	static const uint8_t zeros[65536];
	const uint8_t *data;
	uint64_t at = 0, done = 0;
	size_t len;
	int got;
	while (true) {
		got = tar_data(t, &data, &len, &at);
		if (got < 0)
			return got;
		uint64_t until = got > 0 && e->sparse ? at : got > 0 ? done : e->size;
		while (done < until) {
			size_t n = until - done < sizeof(zeros) ? (size_t)(until - done)
								: sizeof(zeros);
			hasher_add(r->hasher, zeros, n);
			done += n;
		}
		if (got == 0)
			break;
		hasher_add(r->hasher, data, len);
		done += len;
	}
	hasher_end(r->hasher, out);
	return 0;
}

static int add(struct reading *r, struct tar *t, const struct tar_entry *e)
{
	struct layer_file f = { .number = ++r->number, .type = e->type, .uid = e->uid,
				.gid = e->gid };
	const char *slash = strrchr(e->path, '/');
	if (after_prefix(slash ? slash + 1 : e->path, ".wh."))
		return 0;
	TRY(resolve(r, e->path, &f.path));
	if (e->type == TAR_HARDLINK)
		TRY(resolve(r, e->link, &f.link));
	if (e->type == TAR_FILE)
		TRY(hash_content(r, t, e, &f.content));
	xattrs_digest(e->xattrs, e->n_xattrs, r->mask, &f.xattrs);
	keep_withheld(r, e, &f);
	vec_push(r->arena, &r->index->files, f);
	return 0;
}

static int read_layer(struct reading *r, const struct unpack_layer *l)
{
	struct digest plain = { 0 };
	struct feed *feed;
	struct tar_entry e;
	int got;
	if (l->has_digest)
		TRY(region_verify(&l->blob, l->name, &l->digest));
	TRY(feed_open(r->arena, &l->blob, l->codec, l->name, &feed));
	feed_want_digest(feed, l->diff_id.algo, &plain);
	struct tar *t = tar_new(feed, l->name, NULL);
	while ((got = tar_next(t, &e)) > 0) {
		got = add(r, t, &e);
		if (got < 0)
			break;
	}
	tar_free(t);
	feed_close(feed);
	if (got < 0)
		return err_wrap("%s", l->name);
	return digest_equal(&plain, &l->diff_id) ? 0
		: err_msg(ERR_CONFIG, "%s: it does not unpack to the config's diff_id", l->name);
}

static int by_path(const void *a, const void *b)
{
	const struct layer_file *x = a, *y = b;
	int r = strcmp(x->path, y->path);
	return r ? r : (x->number > y->number) - (x->number < y->number);
}

int layer_index_read(struct arena *a, const struct layer_index_opts *o, struct layer_index **out)
{
	struct reading r = { .arena = a, .mask = o->mask, .hasher = hasher_new(DIGEST_SHA256),
			     .index = arena_alloc(a, sizeof(*r.index)) };
	int result = 0;
	dircache_open(&r.dirs, o->root_fd);
	for (size_t i = 0; i < o->n && result == 0; i++)
		result = read_layer(&r, &o->layers[i]);
	dircache_close(&r.dirs);
	hasher_free(r.hasher);
	if (result < 0)
		return result;
	if (r.index->files.n > 1)
		qsort(r.index->files.v, r.index->files.n, sizeof(struct layer_file), by_path);
	*out = r.index;
	return 0;
}

/* The last entry of that name before `number`. */
static const struct layer_file *last_before(const struct layer_index *i, const char *path,
					    uint64_t number)
{
	size_t low = 0, high = i->files.n; /* all below low come before it */
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct layer_file *f = &i->files.v[mid];
		int r = strcmp(f->path, path);
		if (r < 0 || (r == 0 && f->number < number))
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || strcmp(i->files.v[low - 1].path, path) != 0)
		return NULL;
	return &i->files.v[low - 1];
}

const struct layer_file *layer_index_find(const struct layer_index *i, const char *path)
{
	const struct layer_file *f = last_before(i, path, UINT64_MAX);
	while (f && f->type == TAR_HARDLINK) /* numbers fall, so this ends */
		f = last_before(i, f->link, f->number);
	return f;
}
