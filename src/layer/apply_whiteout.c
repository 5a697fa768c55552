/* SPDX-License-Identifier: Apache-2.0 */
/* What a layer takes away (image-spec layer.md, Whiteouts): ".wh.NAME" removes NAME of the layers
 * below, ".wh..wh..opq" everything of them in its folder. Only of the layers below: what this layer
 * brings stays, wherever in the archive the whiteout is. Every folder is cleaned once per layer.
 * In overlay form nothing is removed, and the kernel's own marks are written instead. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "layer/apply.h"
#include "layer/rmtree.h"

#define PREFIX ".wh."
#define OPAQUE ".wh..wh..opq"

enum { MAX_WALK = 1024 }; /* folders open at a time */

struct walk {
	struct apply *a;
	DIR *open[MAX_WALK];
	size_t ends[MAX_WALK]; /* length of the path of each */
	size_t depth;
	char path[4096 + 256];
	size_t len;
};

static int enter(struct walk *w, int parent_fd, const char *name)
{
	if (w->depth == MAX_WALK)
		return err_msg(ERR_UNSUPPORTED, "a whiteout above %d levels of folders", MAX_WALK);
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		close_fd(&fd);
		return err_sys("open folder \"%s\" to apply a whiteout", name);
	}
	w->open[w->depth] = d;
	w->ends[w->depth++] = w->len;
	return pathset_add_one(&w->a->opaque, w->path, w->len);
}

/* A child of the folder on top; w->path is made its path. 1 = a folder to go into. */
static int look_at(struct walk *w, const struct dirent *e)
{
	size_t at = w->ends[w->depth - 1];
	int n = snprintf(w->path + at, sizeof(w->path) - at, "%s%s", at ? "/" : "", e->d_name);
	int fd = dirfd(w->open[w->depth - 1]);
	struct stat st;
	if (n < 0 || (size_t)n >= sizeof(w->path) - at)
		return err_msg(ERR_UNSUPPORTED, "a whiteout above a path of 4096 bytes");
	w->len = at + (size_t)n;
	if (!pathset_has(&w->a->mine, w->path, w->len))
		return rmtree(fd, e->d_name);
	if (pathset_has(&w->a->opaque, w->path, w->len))
		return 0;
	if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("look at \"%s\"", e->d_name);
	return S_ISDIR(st.st_mode);
}

static int step(struct walk *w)
{
	DIR *d = w->open[w->depth - 1];
	errno = 0;
	struct dirent *e = readdir(d);
	if (!e && errno)
		return err_sys("read a folder to apply a whiteout");
	if (!e) {
		w->depth--;
		closedir(d);
		return 0;
	}
	if (streq(e->d_name, ".") || streq(e->d_name, ".."))
		return 0;
	int r = look_at(w, e);
	return r > 0 ? enter(w, dirfd(d), e->d_name) : r;
}

static bool cleaned(const struct apply *a, const char *path)
{
	for (size_t n = strlen(path); n > 0;) {
		if (pathset_has(&a->opaque, path, n))
			return true;
		do
			n--;
		while (n > 0 && path[n] != '/');
	}
	return false;
}

/* Remove what is below parent_fd/name (canonical path `path`) and not of this layer. */
static int clean(struct apply *a, int parent_fd, const char *name, const char *path)
{
	if (cleaned(a, path))
		return 0;
	if (strlen(path) > 4096)
		return err_msg(ERR_UNSUPPORTED, "a whiteout above a path of 4096 bytes");
	_cleanup_free_ struct walk *w = calloc(1, sizeof(*w));
	if (!w)
		return err_sysno(ENOMEM, "apply a whiteout");
	w->a = a;
	w->len = strlen(path);
	memcpy(w->path, path, w->len);
	int r = enter(w, parent_fd, name);
	while (r == 0 && w->depth > 0)
		r = step(w);
	while (w->depth > 0)
		closedir(w->open[--w->depth]);
	dircache_flush(&a->dirs);
	return r;
}

/* name.base is what is to be hidden. */
static int hide(struct apply *a)
{
	struct stat st;
	TRY(apply_set_canon(a));
	if (!pathset_has(&a->mine, a->canon, a->canon_len))
		return apply_clear(a);
	if (fstatat(a->dir->fd, a->name.base, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return clean(a, a->dir->fd, a->name.base, a->canon);
}

static int make_opaque(struct apply *a)
{
	int r = apply_find(a);
	if (r != 0)
		return r < 0 ? r : 0;
	TRY(pathset_add(&a->mine, a->dir->canon, strlen(a->dir->canon)));
	_cleanup_free_ char *path = strdup(a->dir->canon);
	return path ? clean(a, a->dir->fd, ".", path) : err_sysno(ENOMEM, "apply a whiteout");
}

bool apply_is_whiteout_node(const struct apply *a)
{
	struct stat st;
	return fstatat(a->dir->fd, a->name.base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

int apply_mark_opaque(struct apply *a, const struct dir *parent, const char *name)
{
	const char *key = a->o->rootless ? "user.overlay.opaque" : "trusted.overlay.opaque";
	_cleanup_close_ int fd =
		openat(parent->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsetxattr(fd, key, "y", 1, 0) < 0)
		return err_sys("mark a folder as opaque");
	return 0;
}

static int overlay_whiteout(struct apply *a)
{
	struct stat st;
	TRY(apply_place(a));
	if (mknodat(a->dir->fd, a->name.base, S_IFCHR, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys("make a whiteout of overlayfs");
	if (fstatat(a->dir->fd, a->name.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("look at what is there");
	return S_ISDIR(st.st_mode) ? apply_mark_opaque(a, a->dir, a->name.base) : 0;
}

static int take_away(struct apply *a, const char *what)
{
	bool opaque = streq(a->name.base, OPAQUE);
	int r;
	if (a->o->overlay && opaque) {
		TRY(apply_place(a));
		return apply_mark_opaque(a, a->dir, ".");
	}
	if (!a->o->overlay && !a->lower)
		return 0;
	if (opaque)
		return make_opaque(a);
	a->name.base = what;
	if (a->o->overlay)
		return overlay_whiteout(a);
	r = apply_find(a);
	return r < 0 ? r : r > 0 ? 0 : hide(a);
}

/* Folders called .wh..wh.* are aufs's own; a whiteout cannot have anything in it. */
static int folder_is_whiteout(const struct apply *a)
{
	for (const char *p = a->name.above; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL) {
		if (after_prefix(p, PREFIX PREFIX))
			return 1;
		if (after_prefix(p, PREFIX))
			return err_msg(ERR_CONFIG, "it is inside a whiteout");
	}
	return 0;
}

int apply_whiteout(struct apply *a)
{
	const char *what = after_prefix(a->name.base, PREFIX);
	int r = folder_is_whiteout(a);
	if (r != 0 || !what)
		return r;
	if (!*what || streq(what, ".") || streq(what, ".."))
		return err_msg(ERR_CONFIG, "it is a whiteout of nothing");
	if (after_prefix(what, PREFIX) && !streq(a->name.base, OPAQUE))
		return 1;
	r = take_away(a, what);
	return r < 0 ? r : 1;
}
