/* SPDX-License-Identifier: Apache-2.0 */
/* Two walks side by side, the tree's and the snapshot's, in one order. Suspects (touched, but
 * alike) are decided afterwards with what the layers say; names of one file are then held
 * together. */
#include "layer/diff.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/vec.h"
#include "layer/content.h"
#include "layer/difflinks.h"
#include "layer/layerindex.h"

struct diff {
	struct arena *arena;
	const struct diff_opts *o;
	int root_fd;
	struct walk *walk;
	struct snapshot *snapshot;
	struct changes *out;
	VEC(struct change) list;
	struct link_names links;
	struct walk_entry now, was;
	bool has_now, has_was;
	size_t suspects;
};

bool diff_masked(const struct diff_opts *o, const char *path)
{
	for (size_t i = 0; i < o->masks.n; i++) {
		const char *mask = o->masks.v[i];
		while (*mask == '/')
			mask++;
		const char *rest = after_prefix(path, mask);
		if (*mask && rest && (!*rest || *rest == '/'))
			return true;
	}
	return false;
}

/* ---- both walks */

static int next_now(struct diff *d)
{
	int r = TRY(walk_next(d->walk, &d->now));
	d->has_now = r > 0;
	return 0;
}

static int next_was(struct diff *d)
{
	int r = TRY(snapshot_next(d->snapshot, &d->was));
	d->has_was = r > 0;
	return 0;
}

static int record(struct diff *d, const struct walk_entry *e)
{
	if (!d->o->refresh)
		return 0;
	int64_t at = snapshot_add(d->o->refresh, e);
	if (at < 0)
		return (int)at;
	walk_tag(d->walk, (uint64_t)at);
	return 0;
}

/* The record and all below it; `keep`: they stay what is known of this place. */
static int pass_was(struct diff *d, bool keep)
{
	uint32_t depth = d->was.depth;
	do {
		if (keep)
			TRY(record(d, &d->was));
		TRY(next_was(d));
	} while (d->has_was && d->was.depth > depth);
	return 0;
}

static struct change *add(struct diff *d, enum change_kind kind, const struct walk_entry *e)
{
	struct change *c = vec_add(d->arena, &d->list);
	*c = (struct change){ .kind = kind, .path = arena_strdup(d->arena, e->path),
			      .facts = e->facts, .listed = true };
	return c;
}

static void note_link(struct diff *d, const struct facts *was)
{
	const struct facts *now = &d->now.facts;
	if (S_ISDIR(now->mode) || (now->nlink < 2 && (!was || was->nlink < 2)))
		return;
	link_names_add(d->arena, &d->links, d->now.path, now, was ? was->ino : 0);
}

/* Not part of the tree: 1 = it was passed over, and so was what the snapshot has there; 2 = what
 * the snapshot has there is gone. */
static int pass_over(struct diff *d, bool known)
{
	bool socket = S_ISSOCK(d->now.facts.mode);
	bool masked = diff_masked(d->o, d->now.path);
	if (!socket && !masked && !d->now.is_mount)
		return 0;
	if (socket && !masked) {
		log_warn("\"%s\" is a socket and is left out", d->now.path);
		d->out->sockets++;
	} else if (d->now.is_mount && !masked) {
		log_warn("\"%s\" is a mount point and is left as it was", d->now.path);
		d->out->mounts++;
	}
	walk_skip(d->walk);
	TRY(next_now(d));
	if (known && socket && !masked)
		return 2;
	if (known)
		TRY(pass_was(d, true));
	return 1;
}

static int added(struct diff *d)
{
	int r = TRY(pass_over(d, false));
	if (r > 0)
		return 0;
	add(d, CHANGE_ADDED, &d->now);
	note_link(d, NULL);
	TRY(record(d, &d->now));
	return next_now(d);
}

static int deleted(struct diff *d)
{
	if (diff_masked(d->o, d->was.path))
		return pass_was(d, true);
	add(d, CHANGE_DELETED, &d->was);
	return pass_was(d, false);
}

static int both(struct diff *d)
{
	const struct facts *now = &d->now.facts, *was = &d->was.facts;
	int r = TRY(pass_over(d, true));
	if (r > 0)
		return r > 1 ? deleted(d) : 0;
	note_link(d, was);
	bool same_type = (now->mode & S_IFMT) == (was->mode & S_IFMT);
	if (!facts_untouched(now, was)) {
		struct change *c = add(d, CHANGE_CHANGED, &d->now);
		c->suspect = facts_alike(now, was);
		d->suspects += c->suspect;
	}
	TRY(record(d, &d->now));
	TRY(next_now(d));
	if (S_ISDIR(was->mode) && !same_type)
		return pass_was(d, false);
	return next_was(d);
}

static int amend(void *ctx, uint64_t tag, const struct facts *now)
{
	struct diff *d = ctx;
	return d->o->refresh ? snapshot_amend(d->o->refresh, tag, now) : 0;
}

static int side_by_side(struct diff *d)
{
	walk_on_closed(d->walk, amend, d);
	TRY(next_now(d));
	TRY(next_was(d));
	while (d->has_now || d->has_was) {
		int order = !d->has_now ? 1 : !d->has_was ? -1
				: walk_compare(d->now.path, d->was.path);
		TRY(order < 0 ? added(d) : order > 0 ? deleted(d) : both(d));
	}
	return 0;
}

/* ---- suspects */

int diff_read_layers(struct arena *a, const struct diff_opts *o, int root_fd, struct changes *c)
{
	return c->index ? 0
		: layer_index_read(a, &(struct layer_index_opts){
				.layers = o->layers, .n = o->n_layers, .root_fd = root_fd,
				.mask = xattr_classes(root_fd, o->rootless, o->mapped) },
				   &c->index);
}

/* 1 = it is what the layers say. */
static int as_in_layers(struct diff *d, const struct change *c, const struct layer_file *f,
			unsigned mask)
{
	static const struct digest none;
	struct digest content = { 0 }, xattrs;
	struct tar_xattr *v;
	struct content file;
	size_t n;
	bool regular = S_ISREG(c->facts.mode);
	if (!regular && !S_ISDIR(c->facts.mode))
		return 1; /* target and number were compared */
	if (regular && (!f || f->type != TAR_FILE))
		return 0;
	TRY(content_open(d->root_fd, c->path, &c->facts, &file));
	int r = xattrs_read(d->arena, file.fd, mask, &v, &n);
	if (r == 0) {
		xattrs_digest(v, n, mask, &xattrs);
		r = digest_equal(&xattrs, f ? &f->xattrs : &none);
	}
	if (r > 0 && regular) {
		r = content_digest(&file, &content);
		r = r < 0 ? r : digest_equal(&content, &f->content);
	}
	content_close(&file);
	return r < 0 ? err_wrap("\"%s\"", c->path) : r;
}

static int decide(struct diff *d)
{
	unsigned mask = xattr_classes(d->root_fd, d->o->rootless, d->o->mapped);
	size_t kept = 0;
	if (d->suspects > 0 && !d->o->layers)
		return 0; /* nobody can tell: they count as changed */
	if (d->suspects > 0)
		TRY(diff_read_layers(d->arena, d->o, d->root_fd, d->out));
	for (size_t i = 0; i < d->list.n; i++) {
		struct change *c = &d->list.v[i];
		if (c->suspect) {
			const struct layer_file *f = layer_index_find(d->out->index, c->path);
			int same = TRY(as_in_layers(d, c, f, mask));
			c->suspect = false;
			if (same)
				continue;
		}
		d->list.v[kept++] = *c;
	}
	d->list.n = kept;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return walk_compare(((const struct change *)a)->path, ((const struct change *)b)->path);
}

static int run(struct diff *d)
{
	TRY(side_by_side(d));
	TRY(decide(d));
	struct link_changes found;
	link_names_check(d->arena, &d->links, d->list.v, d->list.n, &found);
	for (size_t i = 0; i < found.n; i++)
		vec_push(d->arena, &d->list, found.v[i]);
	if (found.n > 0)
		qsort(d->list.v, d->list.n, sizeof(*d->list.v), by_path);
	d->out->v = d->list.v;
	d->out->n = d->list.n;
	return 0;
}

int diff_tree(struct arena *a, const struct diff_opts *o, int root_fd, struct snapshot *s,
	      struct changes *out)
{
	struct changes changes = { 0 };
	struct diff d = { .arena = a, .o = o, .root_fd = root_fd, .snapshot = s, .out = &changes };
	TRY(walk_open(root_fd, &d.walk));
	int r = run(&d);
	walk_close(d.walk);
	if (r < 0)
		return err_wrap("compare the tree with what was unpacked");
	*out = changes;
	return 0;
}
