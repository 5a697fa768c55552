/* SPDX-License-Identifier: Apache-2.0 */
/* A walk of the upper folder, with the folders of the same name in the layers held open for each
 * level; which of them are seen, the marks of overlayfs in the layers decide. */
#include "layer/diff_upper.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/vec.h"
#include "layer/content.h"
#include "layer/difflinks.h"
#include "layer/xattrs.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct below { int *fds; size_t n; }; /* of one folder, topmost first */

struct upper {
	struct arena *arena;
	const struct diff_opts *o;
	int upper_fd;
	struct walk *walk;
	struct walk_entry e;
	struct changes *out;
	VEC(struct change) list;
	VEC(struct below) levels; /* [depth] */
	struct link_names links;
	unsigned xattrs;
};

bool overlay_has_mark(int fd, const char *name, const char *value)
{
	static const char *const prefixes[] = { "trusted.overlay.", "user.overlay." };
	char key[64], got[8];
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		snprintf(key, sizeof(key), "%s%s", prefixes[i], name);
		ssize_t n = fgetxattr(fd, key, got, sizeof(got));
		if (n < 0 && errno == ERANGE)
			return !value;
		if (n < 0)
			continue;
		if (!value || ((size_t)n == strlen(value) && memcmp(got, value, (size_t)n) == 0))
			return true;
	}
	return false;
}

static bool is_whiteout(const struct facts *f)
{
	return S_ISCHR(f->mode) && f->what == 0;
}

/* ---- the layers below */

static void close_from(struct upper *u, size_t depth)
{
	for (size_t i = depth; i < u->levels.n; i++)
		for (size_t k = 0; k < u->levels.v[i].n; k++)
			close_fd(&u->levels.v[i].fds[k]);
	if (u->levels.n > depth)
		u->levels.n = depth;
}

/* What is seen below the folders of `in` under this name: 1 = *fd is it (O_PATH), from in[*at]. */
static int find_below(const struct below *in, const char *name, size_t *at, int *fd,
		      struct facts *f)
{
	for (size_t i = 0; i < in->n; i++) {
		*fd = openat(in->fds[i], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (*fd < 0 && errno == ENOENT)
			continue;
		if (*fd < 0)
			return err_sys("look for it in a layer");
		*at = i;
		int r = facts_of_fd(*fd, f);
		if (r == 0 && !is_whiteout(f))
			return 1;
		close_fd(fd);
		return r;
	}
	return 0;
}

/* The folders called `name` that are merged into one. */
static int merge(struct upper *u, const struct below *in, const char *name, struct below *out)
{
	*out = (struct below){ arena_calloc(u->arena, in->n, sizeof(int)), 0 };
	for (size_t i = 0; i < in->n; i++) {
		struct stat st;
		int fd = openat(in->fds[i], name, DIR_FLAGS);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
			break; /* a file, or a whiteout, hides the rest */
		if (fd < 0 || fstat(fd, &st) < 0) {
			close_fd(&fd);
			return err_sys("open a folder of a layer");
		}
		out->fds[out->n++] = fd;
		if (overlay_has_mark(fd, "opaque", "y"))
			break;
	}
	return 0;
}

/* ---- changes */

static struct change *add(struct upper *u, enum change_kind kind, const char *path,
			  const struct facts *f)
{
	struct change *c = vec_add(u->arena, &u->list);
	*c = (struct change){ .kind = kind, .path = arena_strdup(u->arena, path), .facts = *f,
			      .listed = true };
	return c;
}

static int same_xattrs(struct upper *u, int a, int b)
{
	struct tar_xattr *v;
	struct digest x, y;
	size_t n;
	TRY(xattrs_read(u->arena, a, u->xattrs, &v, &n));
	xattrs_digest(v, n, u->xattrs, &x);
	TRY(xattrs_read(u->arena, b, u->xattrs, &v, &n));
	xattrs_digest(v, n, u->xattrs, &y);
	return digest_equal(&x, &y);
}

static int same_content(struct content *a, const struct facts *f, int lower_fd)
{
	struct content b = { .fd = lower_fd, .path = a->path, .facts = *f };
	struct digest x, y;
	TRY(content_digest(a, &x));
	TRY(content_digest(&b, &y));
	return digest_equal(&x, &y);
}

/* Marks of features that leave data below: such an upper folder cannot be packed alone. */
static int refuse_marks(const struct upper *u)
{
	static const char *const marks[] = { "redirect", "metacopy" };
	_cleanup_close_ int fd = walk_open_path(u->upper_fd, u->e.path, O_RDONLY);
	if (fd < 0)
		return err_sys("open it");
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (overlay_has_mark(fd, marks[i], NULL))
			return err_msg(ERR_UNSUPPORTED, "overlay.%s refers to the layers below, "
							"and cannot be packed", marks[i]);
	return 0;
}

/* 1 = nobody could tell this from what is below. */
static int is_same(struct upper *u, const struct below *in, size_t at, const struct facts *f)
{
	const struct facts *now = &u->e.facts;
	struct content file;
	if (!facts_alike(now, f))
		return 0;
	if (!S_ISREG(now->mode) && !S_ISDIR(now->mode))
		return 1;
	const char *name = *u->e.name ? u->e.name : ".";
	_cleanup_close_ int below = openat(in->fds[at], name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					   O_CLOEXEC);
	if (below < 0)
		return err_sys("open it in a layer");
	TRY(content_open(u->upper_fd, u->e.path, now, &file));
	int r = same_xattrs(u, file.fd, below);
	if (r > 0 && S_ISREG(now->mode))
		r = same_content(&file, f, below);
	content_close(&file);
	return r;
}

static int one(struct upper *u, const struct below *in)
{
	struct facts f;
	size_t at;
	_cleanup_close_ int fd = -1;
	int there = TRY(find_below(in, u->e.name, &at, &fd, &f));
	if (is_whiteout(&u->e.facts)) {
		if (there)
			add(u, CHANGE_DELETED, u->e.path, &f);
		return 0;
	}
	if (S_ISREG(u->e.facts.mode) || S_ISDIR(u->e.facts.mode))
		TRY(refuse_marks(u));
	int same = there ? TRY(is_same(u, in, at, &f)) : 0;
	if (!same)
		add(u, there ? CHANGE_CHANGED : CHANGE_ADDED, u->e.path, &u->e.facts);
	if (!S_ISDIR(u->e.facts.mode) && u->e.facts.nlink > 1)
		link_names_add(u->arena, &u->links, u->e.path, &u->e.facts, 0);
	return 0;
}

/* ---- folders of the upper layer that are opaque */

static bool hides(const struct below *in, size_t upto, const char *name)
{
	for (size_t i = 0; i < upto; i++)
		if (faccessat(in->fds[i], name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true; /* seen from there, or a whiteout */
	return false;
}

static int delete_rest(struct upper *u, const struct below *in, size_t at, int dir_fd)
{
	int again = openat(in->fds[at], ".", DIR_FLAGS);
	_cleanup_dir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	if (!d) {
		close_fd(&again);
		return err_sys("read a folder of a layer");
	}
	for (struct dirent *e; (errno = 0, e = readdir(d));) {
		struct below here = { &in->fds[at], 1 };
		struct facts f;
		size_t which;
		if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
		    faccessat(dir_fd, e->d_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
		    hides(in, at, e->d_name))
			continue;
		_cleanup_close_ int fd = -1;
		const char *path = arena_printf(u->arena, "%s%s%s", u->e.path,
						*u->e.path ? "/" : "", e->d_name);
		if (TRY(find_below(&here, e->d_name, &which, &fd, &f)) > 0 &&
		    !diff_masked(u->o, path))
			add(u, CHANGE_DELETED, path, &f);
	}
	return errno ? err_sys("read a folder of a layer") : 0;
}

static int enter(struct upper *u)
{
	static const struct below nothing;
	const struct below *in = u->e.depth ? &u->levels.v[u->e.depth - 1] : &nothing;
	struct below merged = { 0 };
	_cleanup_close_ int fd = walk_open_path(u->upper_fd, u->e.path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return err_sys("open a folder of the upper layer");
	TRY(merge(u, in, u->e.name, &merged));
	vec_push(u->arena, &u->levels, merged);
	if (!overlay_has_mark(fd, "opaque", "y"))
		return 0;
	for (size_t i = 0; i < merged.n; i++)
		TRY(delete_rest(u, &merged, i, fd));
	return 0;
}

/* ---- the walk */

static int begin(struct upper *u, const struct lower_layers *l)
{
	struct below root = { arena_calloc(u->arena, l->n, sizeof(int)), 0 };
	bool same = false;
	TRY(walk_next(u->walk, &u->e));
	for (size_t i = 0; i < l->n; i++) {
		struct facts f;
		int fd = openat(l->fds[i], ".", DIR_FLAGS);
		if (fd < 0)
			return err_sys("open a layer");
		root.fds[root.n++] = fd;
		TRY(facts_of_fd(fd, &f));
		same |= facts_alike(&u->e.facts, &f);
	}
	vec_push(u->arena, &u->levels, root);
	if (!same)
		add(u, CHANGE_CHANGED, "", &u->e.facts);
	return 0;
}

static int visit(struct upper *u)
{
	close_from(u, u->e.depth);
	if (diff_masked(u->o, u->e.path)) {
		walk_skip(u->walk);
		return 0;
	}
	if (S_ISSOCK(u->e.facts.mode)) {
		log_warn("\"%s\" is a socket and is left out", u->e.path);
		u->out->sockets++;
		return 0;
	}
	TRY(one(u, &u->levels.v[u->e.depth - 1]));
	return S_ISDIR(u->e.facts.mode) ? enter(u) : 0;
}

static int by_path(const void *a, const void *b)
{
	return walk_compare(((const struct change *)a)->path, ((const struct change *)b)->path);
}

static void sort(struct upper *u)
{
	if (u->list.n > 1)
		qsort(u->list.v, u->list.n, sizeof(*u->list.v), by_path);
}

static int run(struct upper *u, const struct lower_layers *lowers)
{
	struct link_changes found;
	int r;
	TRY(begin(u, lowers));
	while ((r = walk_next(u->walk, &u->e)) > 0)
		TRY_AS(visit(u), "\"%s\"", u->e.path);
	TRY(r);
	sort(u);
	link_names_check(u->arena, &u->links, u->list.v, u->list.n, &found);
	for (size_t i = 0; i < found.n; i++)
		vec_push(u->arena, &u->list, found.v[i]);
	sort(u);
	u->out->v = u->list.v;
	u->out->n = u->list.n;
	return 0;
}

int diff_upper(struct arena *a, const struct diff_opts *o, int upper_fd,
	       const struct lower_layers *lowers, struct changes *out)
{
	struct changes changes = { 0 };
	struct upper u = { .arena = a, .o = o, .upper_fd = upper_fd, .out = &changes,
			   .xattrs = xattr_classes(upper_fd, false, false) };
	TRY(walk_open(upper_fd, &u.walk));
	int r = run(&u, lowers);
	close_from(&u, 0);
	walk_close(u.walk);
	if (r < 0)
		return err_wrap("compare the upper folder with the layers below");
	*out = changes;
	return 0;
}
