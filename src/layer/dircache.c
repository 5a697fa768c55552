/* SPDX-License-Identifier: Apache-2.0 */
/* A direct-mapped table: tars list folders one after the other, so nearly every name is the one
 * before. Most names have no symlink in them, and openat2 can say so for nothing. */
#include "layer/dircache.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "sys/inroot.h"

void dircache_open(struct dircache *c, int root_fd)
{
	struct rlimit limit;
	c->root_fd = root_fd;
	c->root_path = NULL;
	c->slots = DIRCACHE_SLOTS;
	c->root = (struct dir){ .fd = root_fd, .path = (char *)"", .canon = (char *)"" };
	for (size_t i = 0; i < DIRCACHE_SLOTS; i++)
		c->dirs[i] = (struct dir){ .fd = -1 };
	while (getrlimit(RLIMIT_NOFILE, &limit) == 0 && c->slots > 1 &&
	       c->slots * 2 > limit.rlim_cur)
		c->slots /= 2;
}

static void forget(struct dir *d)
{
	close_fd(&d->fd);
	if (d->canon != d->path)
		free(d->canon);
	free(d->path);
	*d = (struct dir){ .fd = -1 };
}

void dircache_flush(struct dircache *c)
{
	for (size_t i = 0; i < c->slots; i++)
		forget(&c->dirs[i]);
}

void dircache_close(struct dircache *c)
{
	dircache_flush(c);
	free_ptr(&c->root_path);
	c->root_path = NULL;
}

static size_t slot_of(const struct dircache *c, const char *path)
{
	uint32_t h = 2166136261u;
	for (; *path; path++)
		h = (h ^ (uint8_t)*path) * 16777619u;
	return (h ^ h >> 15) & (c->slots - 1);
}

/* The kernel's own name of a descriptor, malloc'd; NULL without /proc. */
static char *fd_path(int fd)
{
	char link[32], text[PATH_MAX];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, text, sizeof(text) - 1);
	return n > 0 && n < (ssize_t)sizeof(text) - 1 ? strndup(text, (size_t)n) : NULL;
}

/* What is below the root in the kernel's name; the name asked for where it cannot be had. */
static char *canon_of(struct dircache *c, int fd, char *path)
{
	_cleanup_free_ char *full = fd_path(fd);
	if (!c->root_path)
		c->root_path = fd_path(c->root_fd);
	const char *rest = full && c->root_path ? after_prefix(full, c->root_path) : NULL;
	if (rest && *rest == '/')
		rest++;
	char *canon = rest ? strdup(rest) : NULL;
	return canon ? canon : path;
}

/* A name longer than the kernel takes at once: piece by piece, each from where the last one ended.
 * Only the first piece may have symlinks, the others would lose their root. */
static int open_long(int root_fd, const char *path, unsigned how)
{
	char piece[PATH_MAX];
	_cleanup_close_ int fd = -1;
	while (*path) {
		size_t n = strlen(path);
		if (n >= sizeof(piece)) {
			for (n = sizeof(piece) - 1; n > 0 && path[n] != '/';)
				n--;
		}
		memcpy(piece, path, n);
		piece[n] = '\0';
		path += n + (path[n] == '/');
		int next = inroot_open(fd < 0 ? root_fd : fd, piece, O_PATH | O_DIRECTORY, how);
		if (next < 0)
			return -1;
		close_fd(&fd);
		fd = next;
		how = INROOT_NO_SYMLINKS;
	}
	return take_fd(&fd);
}

static int open_dir(struct dircache *c, const char *path, unsigned how)
{
	int fd = open_long(c->root_fd, path, how);
	if (fd < 0 && errno == EMFILE) {
		dircache_flush(c);
		fd = open_long(c->root_fd, path, how);
	}
	return fd;
}

int dircache_get(struct dircache *c, const char *path, const struct dir **out)
{
	bool linked = false;
	if (!*path) {
		*out = &c->root;
		return 0;
	}
	struct dir *d = &c->dirs[slot_of(c, path)];
	*out = d;
	if (d->fd >= 0 && streq(d->path, path))
		return 0;
	int fd = open_dir(c, path, INROOT_NO_SYMLINKS);
	if (fd < 0 && errno == ELOOP) {
		linked = true;
		fd = open_dir(c, path, 0);
	}
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 1;
	if (fd < 0)
		return err_sys("open folder");
	forget(d);
	d->path = strdup(path);
	if (!d->path) {
		close_fd(&fd);
		return err_sysno(ENOMEM, "open folder");
	}
	d->fd = fd;
	d->canon = linked ? canon_of(c, fd, d->path) : d->path;
	return 0;
}
