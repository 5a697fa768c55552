/* SPDX-License-Identifier: Apache-2.0 */
/* One entry after the other, in an order of its own; content is checked to be the state that the
 * walk found (content.h), so a layer never has half of a file. */
#include "layer/pack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "layer/content.h"
#include "layer/layerindex.h"
#include "layer/pathset.h"

enum { LONGEST_PATH = 4095 };

struct pack {
	const struct pack_opts *o;
	const struct changes *changes;
	int root_fd;
	struct tarwriter *w;
	struct arena *arena; /* of one entry */
	bool root_done;
	char *folder; /* the last one written; those above it were, too */
	size_t folder_cap;
};

/* ---- order */

static size_t part(const char *p)
{
	return strcspn(p, "/");
}

/* As walk_compare, but in a folder what was deleted comes first. */
static int by_place(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a;
	const struct change *y = *(const struct change *const *)b;
	const char *p = x->path, *q = y->path;
	while (*p && *q) {
		size_t n = part(p), m = part(q);
		if (n != m || memcmp(p, q, n) != 0)
			break;
		p += n + (p[n] == '/');
		q += m + (q[m] == '/');
	}
	bool p_gone = x->kind == CHANGE_DELETED && *p && !p[part(p)];
	bool q_gone = y->kind == CHANGE_DELETED && *q && !q[part(q)];
	if (*p && *q && p_gone != q_gone)
		return p_gone ? -1 : 1;
	return walk_compare(p, q);
}

/* ---- owners, times, attributes */

static int undo(const char *what, const struct unpack_map *maps, size_t n, uint32_t *id)
{
	for (size_t i = 0; i < n; i++)
		if (*id - maps[i].outside < maps[i].count) {
			*id = maps[i].inside + (*id - maps[i].outside);
			return 0;
		}
	return n == 0 ? 0 : err_msg(ERR_CONFIG, "its %s %u is not in the bundle's id map", what,
				    *id);
}

static int set_owner(const struct pack *p, const struct layer_file *known, const struct facts *f,
		     struct tar_entry *e)
{
	if (p->o->rootless) {
		e->uid = known ? known->uid : 0;
		e->gid = known ? known->gid : 0;
		return 0;
	}
	e->uid = f->uid;
	e->gid = f->gid;
	TRY(undo("uid", p->o->uids, p->o->n_uids, &e->uid));
	return undo("gid", p->o->gids, p->o->n_gids, &e->gid);
}

static struct timespec clamp(const struct pack *p, struct timespec t)
{
	if (p->o->has_epoch && (t.tv_sec > p->o->epoch ||
				(t.tv_sec == p->o->epoch && t.tv_nsec > 0)))
		return (struct timespec){ .tv_sec = p->o->epoch };
	return t;
}

/* In a namespace the kernel adds the root's id to a capability (version 3); ours becomes plain. */
static void undo_capability(const struct pack *p, struct tar_xattr *x)
{
	uint32_t root;
	const uint8_t *v = x->value;
	if (strcmp(x->name, "security.capability") != 0 || x->len != 24 || v[3] != 3)
		return;
	memcpy(&root, v + 20, sizeof(root));
	for (size_t i = 0; i < p->o->n_uids; i++)
		if (p->o->uids[i].inside == 0 && p->o->uids[i].outside == root) {
			uint8_t *plain = arena_memdup(p->arena, v, 20);
			plain[3] = 2;
			x->value = plain;
			x->len = 20;
		}
}

static int set_xattrs(struct pack *p, int fd, const struct layer_file *known, bool content,
		      struct tar_entry *e)
{
	struct tar_xattr *v, *all;
	size_t n, more = known ? known->n_withheld : 0;
	TRY(xattrs_read(p->arena, fd, p->o->xattrs, &v, &n));
	all = arena_calloc(p->arena, n + more, sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		all[i] = v[i];
		undo_capability(p, &all[i]);
	}
	/* what the tree could not have, the layer shall not lose; capabilities go with content */
	for (size_t i = 0; i < more; i++)
		if (!(content && xattr_class(known->withheld[i].name) == XATTR_CAPABILITY))
			all[n++] = known->withheld[i];
	e->xattrs = all;
	e->n_xattrs = n;
	return 0;
}

/* ---- entries */

static int data(void *ctx, const void *bytes, size_t len)
{
	return tarwriter_data(ctx, bytes, len);
}

static int write_file(struct pack *p, const struct change *c, const struct layer_file *known,
		      struct tar_entry *e)
{
	struct content file;
	bool regular = e->type == TAR_FILE;
	TRY(content_open(p->root_fd, c->path, &c->facts, &file));
	int r = set_xattrs(p, file.fd, known, regular, e);
	if (r == 0)
		r = tarwriter_entry(p->w, e);
	if (r == 0 && regular)
		r = content_read(&file, data, p->w);
	content_close(&file);
	return r;
}

static int write_symlink(struct pack *p, const struct change *c, struct tar_entry *e)
{
	char target[4097];
	_cleanup_close_ int fd = walk_open_path(p->root_fd, c->path, O_PATH);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return err_sys("read the symlink");
	target[n] = '\0';
	e->link = target;
	return tarwriter_entry(p->w, e);
}

static int write_link(struct pack *p, const struct change *c, struct tar_entry *e)
{
	e->type = TAR_HARDLINK;
	e->link = c->link_to;
	e->size = 0;
	return tarwriter_entry(p->w, e);
}

static int write_thing(struct pack *p, const struct change *c)
{
	const struct facts *f = &c->facts;
	const struct layer_file *known =
		p->changes->index ? layer_index_find(p->changes->index, c->path) : NULL;
	struct tar_entry e = {
		.path = *c->path ? c->path : ".", .link = "", .mode = f->mode & 07777,
		.mtime = clamp(p, (struct timespec){ f->mtime, f->mtime_ns }),
	};
	TRY(set_owner(p, known, f, &e));
	switch (f->mode & S_IFMT) {
	case S_IFDIR: e.type = TAR_DIR; break;
	case S_IFLNK: e.type = TAR_SYMLINK; break;
	case S_IFCHR: e.type = TAR_CHAR; break;
	case S_IFBLK: e.type = TAR_BLOCK; break;
	case S_IFIFO: e.type = TAR_FIFO; break;
	default: e.type = TAR_FILE; break;
	}
	if (c->link_to)
		return write_link(p, c, &e);
	if (e.type == TAR_SYMLINK)
		return write_symlink(p, c, &e);
	if (e.type == TAR_CHAR || e.type == TAR_BLOCK || e.type == TAR_FIFO) {
		e.major = major(f->what);
		e.minor = minor(f->what);
		return tarwriter_entry(p->w, &e);
	}
	e.size = f->size;
	return write_file(p, c, known, &e);
}

/* An empty file whose name says what is not there any more. */
static int write_mark(struct pack *p, const char *folder, const char *mark)
{
	struct tar_entry e = { .type = TAR_FILE, .link = "", .mode = 0600 };
	e.path = arena_printf(p->arena, "%s%s%s", folder, *folder ? "/" : "", mark);
	return tarwriter_entry(p->w, &e);
}

static int write_whiteout(struct pack *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char *folder = arena_strndup(p->arena, path, slash ? (size_t)(slash - path) : 0);
	return write_mark(p, folder, arena_printf(p->arena, ".wh.%s", name));
}

/* ---- folders above */

static bool is_above(const char *folder, const char *path)
{
	const char *rest = after_prefix(path, folder);
	return rest && (!*rest || *rest == '/');
}

static int set_folder(struct pack *p, const char *path, size_t len)
{
	if (len + 1 > p->folder_cap) {
		char *grown = realloc(p->folder, len + 256);
		if (!grown)
			return err_sysno(ENOMEM, "pack a layer");
		p->folder = grown;
		p->folder_cap = len + 256;
	}
	memcpy(p->folder, path, len);
	p->folder[len] = '\0';
	p->root_done = true;
	return 0;
}

static bool is_written(const struct pack *p, const char *folder)
{
	return p->root_done && (!*folder || is_above(folder, p->folder));
}

static int write_folder(struct pack *p, const char *path)
{
	struct change c = { .kind = CHANGE_CHANGED, .path = path };
	_cleanup_close_ int fd = walk_open_path(p->root_fd, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return err_sys("open the folder \"%s\"", path);
	TRY(facts_of_fd(fd, &c.facts));
	TRY_AS(write_thing(p, &c), "\"%s\"", path);
	return set_folder(p, path, strlen(path));
}

static int write_folders_above(struct pack *p, const char *path)
{
	for (size_t n = 0; path[n]; n++) {
		if (n > 0 && path[n] != '/')
			continue;
		char *folder = arena_strndup(p->arena, path, n);
		if (!is_written(p, folder))
			TRY(write_folder(p, folder));
	}
	return 0;
}

static int check_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (strlen(path) > LONGEST_PATH - 4)
		return err_msg(ERR_UNSUPPORTED, "a path of %zu bytes is too long for a layer",
			       strlen(path));
	if (!after_prefix(slash ? slash + 1 : path, ".wh."))
		return 0;
	int r = err_msg(ERR_UNSUPPORTED, "a name that begins with \".wh.\" means a deletion in a "
					 "layer, and cannot be stored");
	err_hint("remove the file, or leave it out with --mask-path");
	return r;
}

static int write_change(struct pack *p, const struct change *c)
{
	TRY(check_name(c->path));
	TRY(write_folders_above(p, c->path));
	if (c->kind == CHANGE_DELETED)
		return write_whiteout(p, c->path);
	TRY(write_thing(p, c));
	if (!S_ISDIR(c->facts.mode))
		return 0;
	if (c->opaque)
		TRY(write_mark(p, c->path, ".wh..wh..opq"));
	return set_folder(p, c->path, strlen(c->path));
}

static int write_all(struct pack *p, const struct change **order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		p->arena = arena_new();
		int r = write_change(p, order[i]);
		arena_free(p->arena);
		if (r < 0)
			return err_wrap("\"%s\"", order[i]->path);
	}
	return tarwriter_finish(p->w);
}

int pack_changes(const struct pack_opts *o, int root_fd, const struct changes *c,
		 struct tarwriter *w)
{
	struct pack p = { .o = o, .changes = c, .root_fd = root_fd, .w = w };
	const struct change **order = calloc(c->n + 1, sizeof(*order));
	if (!order)
		return err_sysno(ENOMEM, "pack a layer");
	for (size_t i = 0; i < c->n; i++)
		order[i] = &c->v[i];
	if (c->n > 1)
		qsort(order, c->n, sizeof(*order), by_place);
	int r = write_all(&p, order, c->n);
	free(order);
	free(p.folder);
	return r;
}
