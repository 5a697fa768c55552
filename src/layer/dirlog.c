/* SPDX-License-Identifier: Apache-2.0 */
/* Records are { head, path, NUL, length of the record }, so that they can be read in both
 * directions; the file is mapped for that. */
#include "layer/dirlog.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "layer/pathset.h"

enum { BUFFER_SIZE = 1 << 20 };

struct head {
	struct timespec mtime;
	uint32_t mode;
	uint32_t set_mode;
};

int dirlog_open(struct dirlog *l, int root_fd)
{
	*l = (struct dirlog){ .root_fd = root_fd, .fd = -1, .buffer = malloc(BUFFER_SIZE) };
	return l->buffer ? 0 : err_sysno(ENOMEM, "remember the times of folders");
}

void dirlog_close(struct dirlog *l)
{
	close_fd(&l->fd);
	free_ptr(&l->buffer);
	l->buffer = NULL;
}

/* Not every file system has unnamed files; memory is the second choice. */
static int spill(struct dirlog *l)
{
	if (l->fd < 0)
		l->fd = openat(l->root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (l->fd < 0)
		l->fd = memfd_create("folders", MFD_CLOEXEC);
	if (l->fd < 0)
		return err_sys("make a file for the times of folders");
	TRY_AS(io_write_all(l->fd, l->buffer, l->len), "remember the times of folders");
	l->spilled += l->len;
	l->len = 0;
	return 0;
}

int dirlog_add(struct dirlog *l, const char *path, const struct timespec *mtime, mode_t mode,
	       bool set_mode)
{
	struct head h = { *mtime, mode, set_mode };
	size_t n = strlen(path) + 1;
	uint32_t whole = (uint32_t)(sizeof(h) + n + sizeof(whole));
	if (whole > BUFFER_SIZE)
		return err_msg(ERR_UNSUPPORTED, "a path of %zu bytes is too long", n);
	if (l->len + whole > BUFFER_SIZE)
		TRY(spill(l));
	char *p = l->buffer + l->len;
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), path, n);
	memcpy(p + sizeof(h) + n, &whole, sizeof(whole));
	l->len += whole;
	l->some_modes |= set_mode;
	return 0;
}

/* The folder itself, never what a symlink of that name leads to. -1: it is none any more. */
static int open_folder(struct dircache *c, const char *path, int *fd)
{
	const char *slash = strrchr(path, '/');
	const struct dir *parent;
	_cleanup_free_ char *above = strndup(path, slash ? (size_t)(slash - path) : 0);
	if (!above)
		return err_sysno(ENOMEM, "set the time of a folder");
	int r = dircache_get(c, above, &parent);
	if (r != 0)
		return r;
	const char *name = slash ? slash + 1 : *path ? path : ".";
	*fd = openat(parent->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
		return 1;
	return err_sys("open folder \"%s\"", path);
}

static const char *fd_link(int fd, char link[32])
{
	snprintf(link, 32, "/proc/self/fd/%d", fd);
	return link;
}

static int set_time(struct dircache *c, const struct head *h, const char *path)
{
	_cleanup_close_ int fd = -1;
	struct timespec times[2] = { h->mtime, h->mtime };
	int r = open_folder(c, path, &fd);
	if (r != 0)
		return r < 0 ? r : 0;
	if (utimensat(fd, "", times, AT_EMPTY_PATH) == 0)
		return 0;
	/* Linux before 5.8 knows no empty path here */
	char link[32];
	if (errno != EINVAL || utimensat(AT_FDCWD, fd_link(fd, link), times, 0) < 0)
		return err_sys("set the time of folder \"%s\"", path);
	return 0;
}

/* By the kernel's link to the descriptor: fchmod refuses O_PATH, and a name could be a symlink. */
static int set_mode(struct dircache *c, const struct head *h, const char *path)
{
	_cleanup_close_ int fd = -1;
	char link[32];
	int r = open_folder(c, path, &fd);
	if (r != 0)
		return r < 0 ? r : 0;
	if (chmod(fd_link(fd, link), h->mode) < 0)
		return err_sys("set the mode of folder \"%s\"", path);
	return 0;
}

/* Backwards, so the first one seen of a path is its last. */
static int replay_modes(struct dircache *c, const char *log, size_t len, struct pathset *seen)
{
	for (const char *p = log + len; p > log;) {
		struct head h;
		uint32_t whole;
		memcpy(&whole, p - sizeof(whole), sizeof(whole));
		p -= whole;
		memcpy(&h, p, sizeof(h));
		const char *path = p + sizeof(h);
		size_t n = strlen(path) + 1; /* with its NUL: the root is no special case */
		if (!h.set_mode || pathset_has(seen, path, n))
			continue;
		TRY(pathset_add_one(seen, path, n));
		TRY(set_mode(c, &h, path));
	}
	return 0;
}

static int replay(struct dirlog *l, struct dircache *c, const char *log, size_t len)
{
	struct head h;
	struct pathset seen;
	for (const char *p = log; p < log + len;) {
		const char *path = p + sizeof(h);
		memcpy(&h, p, sizeof(h));
		TRY(set_time(c, &h, path));
		p = path + strlen(path) + 1 + sizeof(uint32_t);
	}
	if (!l->some_modes)
		return 0;
	TRY(pathset_open(&seen));
	int r = replay_modes(c, log, len, &seen);
	pathset_close(&seen);
	return r;
}

int dirlog_replay(struct dirlog *l, struct dircache *c)
{
	if (l->fd < 0)
		return replay(l, c, l->buffer, l->len);
	TRY(spill(l));
	void *log = mmap(NULL, (size_t)l->spilled, PROT_READ, MAP_PRIVATE, l->fd, 0);
	if (log == MAP_FAILED)
		return err_sys("read the times of folders");
	int r = replay(l, c, log, (size_t)l->spilled);
	munmap(log, (size_t)l->spilled);
	return r;
}
