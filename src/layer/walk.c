/* SPDX-License-Identifier: Apache-2.0 */
/* One level per folder on the way down, with the sorted names in it. The upper levels keep their
 * descriptors; below those a folder is found again by "..", and it must be the one we came from. */
#include "layer/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "layer/digest.h"

enum {
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
	KEPT_FDS = 128,
	READ_SIZE = 64 * 1024,
};

struct level {
	int fd;
	dev_t dev;
	ino_t ino;
	char *names;
	size_t len, cap;
	const char **sorted;
	size_t n, n_cap, i;
	size_t path_len;
	uint64_t tag;
	bool reclose; /* its mode was changed */
	mode_t mode;
};

struct walk {
	int root_fd;
	uint32_t root_major, root_minor;
	bool unprivileged, started, into;
	struct level *levels;
	size_t n, cap;
	char *path, *buffer;
	size_t path_cap;
	struct walk_entry last;
	uint64_t tag;
	walk_closed_fn *closed;
	void *ctx;
};

/* ---- facts */

/* 8 bytes of its sha256: nobody finds another target with the same ones by chance. */
static int hash_target(int dir_fd, const char *name, uint64_t *out)
{
	char target[4097];
	struct digest d;
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));
	if (n < 0)
		return err_sys("read symlink \"%s\"", name);
	digest_of(DIGEST_SHA256, target, (size_t)n, &d);
	memcpy(out, d.bytes, sizeof(*out));
	return 0;
}

static void convert(const struct statx *x, struct facts *out)
{
	*out = (struct facts){
		.ino = x->stx_ino,
		.size = S_ISDIR(x->stx_mode) ? 0 : x->stx_size,
		.mtime = x->stx_mtime.tv_sec, .mtime_ns = x->stx_mtime.tv_nsec,
		.ctime = x->stx_ctime.tv_sec, .ctime_ns = x->stx_ctime.tv_nsec,
		.uid = x->stx_uid, .gid = x->stx_gid, .mode = x->stx_mode, .nlink = x->stx_nlink,
	};
	if (S_ISCHR(x->stx_mode) || S_ISBLK(x->stx_mode))
		out->what = makedev(x->stx_rdev_major, x->stx_rdev_minor);
}

/* 1 = nothing there. */
static int look(int dir_fd, const char *name, struct statx *x, struct facts *out)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);
	if (statx(dir_fd, name, flags, STATX_BASIC_STATS, x) < 0)
		return errno == ENOENT ? 1 : err_sys("look at \"%s\"", name);
	convert(x, out);
	return S_ISLNK(x->stx_mode) ? hash_target(dir_fd, name, &out->what) : 0;
}

int facts_of_fd(int fd, struct facts *out)
{
	struct statx x;
	return look(fd, "", &x, out) == 0 ? 0 : -EINVAL;
}

bool facts_untouched(const struct facts *a, const struct facts *b)
{
	return a->ino == b->ino && a->ctime == b->ctime && a->ctime_ns == b->ctime_ns &&
	       a->size == b->size && a->mode == b->mode;
}

bool facts_alike(const struct facts *a, const struct facts *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->size == b->size &&
	       a->mtime == b->mtime && a->mtime_ns == b->mtime_ns && a->what == b->what;
}

/* ---- folders */

static int grow(void *p, size_t *cap, size_t need, size_t size)
{
	void **v = p;
	if (need <= *cap)
		return 0;
	size_t more = *cap ? *cap * 2 : 64;
	while (more < need)
		more *= 2;
	void *grown = realloc(*v, more * size);
	if (!grown)
		return err_sysno(ENOMEM, "walk a tree");
	*v = grown;
	*cap = more;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int read_names(struct walk *w, struct level *l)
{
	ssize_t got;
	l->len = l->n = l->i = 0;
	while ((got = getdents64(l->fd, w->buffer, READ_SIZE)) > 0)
		for (char *p = w->buffer; p < w->buffer + got;) {
			const struct dirent64 *e = (const struct dirent64 *)p;
			size_t size = strlen(e->d_name) + 1;
			p += e->d_reclen;
			if (is_dots(e->d_name))
				continue;
			TRY(grow(&l->names, &l->cap, l->len + size, 1));
			memcpy(l->names + l->len, e->d_name, size);
			l->len += size;
			l->n++;
		}
	if (got < 0)
		return err_sys("read a folder");
	TRY(grow(&l->sorted, &l->n_cap, l->n, sizeof(*l->sorted)));
	const char *p = l->names;
	for (size_t i = 0; i < l->n; i++, p += strlen(p) + 1)
		l->sorted[i] = p;
	if (l->n > 1)
		qsort(l->sorted, l->n, sizeof(*l->sorted), by_name);
	return 0;
}

/* 1 = it is gone, or no folder any more. */
static int open_folder(struct walk *w, int parent_fd, const char *name, struct level *l)
{
	mode_t mode = w->last.facts.mode & 07777;
	l->reclose = w->unprivileged && (mode & 0500) != 0500 && parent_fd >= 0;
	l->mode = mode;
	if (l->reclose && fchmodat(parent_fd, name, mode | 0700, 0) < 0)
		return err_sys("open the folder for us");
	l->fd = parent_fd < 0 ? openat(w->root_fd, ".", DIR_FLAGS)
			      : openat(parent_fd, name, DIR_FLAGS);
	if (l->fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			       ? 1 : err_sys("open the folder");
	struct stat st;
	if (fstat(l->fd, &st) < 0)
		return err_sys("look at the folder");
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return read_names(w, l);
}

static int push(struct walk *w)
{
	size_t old_cap = w->cap;
	TRY(grow(&w->levels, &w->cap, w->n + 1, sizeof(*w->levels)));
	if (w->cap > old_cap)
		memset(w->levels + old_cap, 0, (w->cap - old_cap) * sizeof(*w->levels));
	struct level *l = &w->levels[w->n], *parent = w->n ? l - 1 : NULL;
	l->fd = -1;
	l->tag = w->tag;
	l->path_len = strlen(w->path);
	int r = open_folder(w, parent ? parent->fd : -1, w->last.name, l);
	if (r != 0) {
		close_fd(&l->fd);
		return r < 0 ? err_wrap("\"%s\"", w->path) : 0;
	}
	if (parent && w->n > KEPT_FDS)
		close_fd(&parent->fd);
	w->n++;
	return 0;
}

static int close_again(struct walk *w, struct level *l)
{
	struct facts now;
	if (!l->reclose)
		return 0;
	l->reclose = false;
	if (fchmod(l->fd, l->mode) < 0)
		return err_sys("give a folder its mode again");
	TRY(facts_of_fd(l->fd, &now));
	return w->closed ? w->closed(w->ctx, l->tag, &now) : 0;
}

static int pop(struct walk *w)
{
	struct level *l = &w->levels[w->n - 1], *parent = l - 1;
	TRY(close_again(w, l));
	if (w->n > 1 && parent->fd < 0) {
		struct stat st;
		parent->fd = openat(l->fd, "..", DIR_FLAGS);
		if (parent->fd < 0 || fstat(parent->fd, &st) < 0)
			return err_sys("go back to a folder");
		if (st.st_dev != parent->dev || st.st_ino != parent->ino)
			return err_msg(ERR_STATE, "a folder was moved while the tree was read");
	}
	close_fd(&l->fd);
	w->n--;
	return 0;
}

/* ---- the walk */

int walk_open(int root_fd, struct walk **out)
{
	struct walk *w = calloc(1, sizeof(*w));
	if (!w)
		return err_sysno(ENOMEM, "walk a tree");
	*w = (struct walk){ .root_fd = root_fd, .unprivileged = geteuid() != 0,
			    .path_cap = 4096, .path = calloc(1, 4096),
			    .buffer = malloc(READ_SIZE) };
	if (!w->path || !w->buffer) {
		walk_close(w);
		return err_sysno(ENOMEM, "walk a tree");
	}
	*out = w;
	return 0;
}

void walk_close(struct walk *w)
{
	if (!w)
		return;
	for (size_t i = w->n; i-- > 0;) {
		struct level *l = &w->levels[i];
		if (l->reclose && l->fd >= 0)
			err_dropped(fchmod(l->fd, l->mode) < 0
					    ? err_sys("give a folder its mode again") : 0);
		close_fd(&l->fd);
	}
	for (size_t i = 0; i < w->cap; i++) {
		free(w->levels[i].names);
		free(w->levels[i].sorted);
	}
	free(w->levels);
	free(w->path);
	free(w->buffer);
	free(w);
}

void walk_skip(struct walk *w)
{
	w->into = false;
}

void walk_tag(struct walk *w, uint64_t tag)
{
	w->tag = tag;
}

void walk_on_closed(struct walk *w, walk_closed_fn *fn, void *ctx)
{
	w->closed = fn;
	w->ctx = ctx;
}

static bool is_mount(const struct walk *w, const struct statx *x)
{
	if (x->stx_attributes & x->stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
		return true;
	return S_ISDIR(x->stx_mode) &&
	       (x->stx_dev_major != w->root_major || x->stx_dev_minor != w->root_minor);
}

static int give(struct walk *w, const struct statx *x, const char *name, struct walk_entry *e)
{
	w->last.path = w->path;
	w->last.name = name;
	w->last.depth = (uint32_t)w->n;
	w->last.is_mount = w->n > 0 && is_mount(w, x);
	w->into = S_ISDIR(x->stx_mode) && !w->last.is_mount;
	*e = w->last;
	return 1;
}

static int begin(struct walk *w, struct walk_entry *e)
{
	struct statx x;
	w->started = true;
	if (look(w->root_fd, "", &x, &w->last.facts) != 0)
		return -EINVAL;
	w->root_major = x.stx_dev_major;
	w->root_minor = x.stx_dev_minor;
	return give(w, &x, "", e);
}

static int set_path(struct walk *w, const struct level *l, const char *name)
{
	size_t n = strlen(name), at = l->path_len;
	TRY(grow(&w->path, &w->path_cap, at + n + 2, 1));
	if (at > 0)
		w->path[at++] = '/';
	memcpy(w->path + at, name, n + 1);
	return 0;
}

int walk_next(struct walk *w, struct walk_entry *e)
{
	if (!w->started)
		return begin(w, e);
	if (w->into)
		TRY(push(w));
	w->into = false;
	while (w->n > 0) {
		struct level *l = &w->levels[w->n - 1];
		struct statx x;
		if (l->i == l->n) {
			TRY(pop(w));
			continue;
		}
		const char *name = l->sorted[l->i++];
		TRY(set_path(w, l, name));
		int r = look(l->fd, name, &x, &w->last.facts);
		if (r < 0)
			return err_wrap("\"%s\"", w->path);
		if (r == 0)
			return give(w, &x, name, e);
	}
	return 0;
}

static unsigned rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : (unsigned)(unsigned char)c + 1;
}

int walk_compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (int)rank(*a) - (int)rank(*b);
}
