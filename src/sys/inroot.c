/* SPDX-License-Identifier: Apache-2.0 */
/* openat2 in front, the walk behind it. The walk keeps one O_PATH descriptor per component, opens
 * with O_NOFOLLOW and expands symlinks as text, so that ".." is always "the descriptor before" and
 * a directory moved away meanwhile cannot take us along. */
#include "sys/sys.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/inroot.h"

enum { MAX_DEPTH = 128, MAX_LINKS = 40, MAX_AGAIN = 128 };

static int open2(int root_fd, const char *path, int flags, unsigned how)
{
	struct open_how h = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	if (how & INROOT_NOFOLLOW)
		h.flags |= O_NOFOLLOW;
	if (how & INROOT_NO_SYMLINKS)
		h.resolve |= RESOLVE_NO_SYMLINKS;
	/* EAGAIN: a rename or mount happened during "..", which the kernel cannot prove harmless.
	 * Bounded, or a busy renamer could hold us here. */
	for (int i = 0; i < MAX_AGAIN; i++) {
		int fd = (int)syscall(SYS_openat2, root_fd, path, &h, sizeof(h));

		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

struct walk {
	int fds[MAX_DEPTH]; /* fds[0] is the root and borrowed */
	int depth;
	int links;
	char path[PATH_MAX]; /* what is still to go */
};

static void walk_up(struct walk *w)
{
	if (w->depth > 0)
		close_fd(&w->fds[w->depth--]);
}

static void walk_close(struct walk *w)
{
	while (w->depth > 0)
		walk_up(w);
}

/* Put the text of the symlink in front of what is still to go. */
static int walk_link(struct walk *w, int link_fd, const char *rest)
{
	char text[PATH_MAX];
	char joined[PATH_MAX];
	ssize_t n = readlinkat(link_fd, "", text, sizeof(text) - 1);
	int len;

	if (n < 0)
		return -1;
	text[n] = '\0';
	len = snprintf(joined, sizeof(joined), "%s/%s", text, rest);
	if (len < 0 || (size_t)len >= sizeof(joined)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (++w->links > MAX_LINKS) {
		errno = ELOOP;
		return -1;
	}
	if (text[0] == '/')
		walk_close(w);
	memcpy(w->path, joined, (size_t)len + 1);
	return 0;
}

/* One component: 0 go on, -1 failed. `last` and `how` decide about symlinks. */
static int walk_step(struct walk *w, const char *name, const char *rest, unsigned how)
{
	bool last = !*rest;
	struct stat st;
	_cleanup_close_ int fd = openat(w->fds[w->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode) && !(last && (how & INROOT_NOFOLLOW))) {
		if (how & INROOT_NO_SYMLINKS) {
			errno = ELOOP;
			return -1;
		}
		return walk_link(w, fd, rest);
	}
	if (w->depth + 1 >= MAX_DEPTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	w->fds[++w->depth] = take_fd(&fd);
	memmove(w->path, rest, strlen(rest) + 1);
	return 0;
}

/* Take the first component off `from`; *rest is what follows it. */
static int next_name(const char *from, char name[256], const char **rest)
{
	size_t n;

	while (*from == '/')
		from++;
	n = strcspn(from, "/");
	if (n > 255) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name, from, n);
	name[n] = '\0';
	from += n;
	while (*from == '/')
		from++;
	*rest = from;
	return 0;
}

/* Open for real what the walk ended at. The O_PATH descriptor stays the authority: a swap between
 * the two opens is seen and refused. */
static int walk_reopen(struct walk *w, const char *name, int flags)
{
	struct stat was, is;
	_cleanup_close_ int fd = -1;

	if (flags & O_PATH)
		return fcntl(w->fds[w->depth], F_DUPFD_CLOEXEC, 0);
	if (w->depth == 0 || streq(name, "..") || streq(name, "."))
		return openat(w->fds[w->depth], ".", flags | O_CLOEXEC);
	fd = openat(w->fds[w->depth - 1], name, flags | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &is) < 0 || fstat(w->fds[w->depth], &was) < 0)
		return -1;
	if (was.st_dev != is.st_dev || was.st_ino != is.st_ino) {
		errno = EAGAIN;
		return -1;
	}
	return take_fd(&fd);
}

static int walk_run(struct walk *w, int flags, unsigned how)
{
	char name[256] = "";
	const char *rest = NULL;
	struct stat st;

	while (w->path[strspn(w->path, "/")]) {
		if (next_name(w->path, name, &rest) < 0)
			return -1;
		if (streq(name, ".") || streq(name, "..")) {
			if (name[1])
				walk_up(w);
			memmove(w->path, rest, strlen(rest) + 1);
		} else if (walk_step(w, name, rest, how) < 0) {
			return -1;
		}
	}
	if (flags & O_DIRECTORY) {
		if (fstat(w->fds[w->depth], &st) < 0)
			return -1;
		if (!S_ISDIR(st.st_mode)) {
			errno = ENOTDIR;
			return -1;
		}
	}
	return walk_reopen(w, name, flags);
}

static int open_walking(int root_fd, const char *path, int flags, unsigned how)
{
	struct walk w = { .fds = { root_fd } };
	size_t n = strlen(path);
	int fd;

	if (n >= sizeof(w.path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(w.path, path, n + 1);
	fd = walk_run(&w, flags, how);
	int saved = errno;
	walk_close(&w);
	errno = saved;
	return fd;
}

int inroot_open(int root_fd, const char *path, int flags, unsigned how)
{
	static bool no_openat2;

	if (!*path)
		path = ".";
	if (!no_openat2) {
		int fd = open2(root_fd, path, flags, how);

		/* Some seccomp profiles answer EPERM for calls they do not know; openat2 on "."
		 * tells that apart from a real refusal. */
		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return fd;
		if (errno == EPERM) {
			fd = open2(root_fd, ".", O_PATH, 0);
			if (fd >= 0) {
				close(fd);
				errno = EPERM;
				return -1;
			}
		}
		no_openat2 = true;
	}
	return open_walking(root_fd, path, flags, how);
}

/* Split at the last component that exists: `head` is what exists (may be ""), returns its
 * descriptor; *tail points into path at the first missing component. */
static int open_existing(int root_fd, char *head, const char *path, const char **tail)
{
	size_t n = strlen(path);

	memcpy(head, path, n + 1);
	for (;;) {
		int fd = inroot_open(root_fd, head, O_PATH | O_DIRECTORY, 0);

		if (fd >= 0 || errno != ENOENT || !n) {
			*tail = path + n + strspn(path + n, "/");
			return fd;
		}
		while (n && head[n - 1] == '/')
			n--;
		while (n && head[n - 1] != '/')
			n--;
		head[n] = '\0';
	}
}

/* The name is there but does not lead anywhere: if it is a dangling symlink, rewrite `path` so that
 * its target is what has to be made. */
static int follow_dangling(int dir_fd, const char *name, const char *head, const char *rest,
			   char *path)
{
	char text[PATH_MAX], joined[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, text, sizeof(text) - 1);
	int len;

	if (n < 0) {
		if (errno == EINVAL)
			errno = ENOTDIR;
		return -1;
	}
	text[n] = '\0';
	if (text[0] == '/')
		len = snprintf(joined, sizeof(joined), "%s/%s", text, rest);
	else
		len = snprintf(joined, sizeof(joined), "%s/%s/%s", head, text, rest);
	if (len < 0 || (size_t)len >= sizeof(joined)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, joined, (size_t)len + 1);
	return 0;
}

/* Make one missing directory below dir_fd; *next becomes its descriptor. 1: it is a symlink. */
static int make_dir(int dir_fd, const char *name, mode_t mode, struct inroot_made *made, int *next)
{
	bool mine = mkdirat(dir_fd, name, mode) == 0;
	struct stat st;

	if (!mine && errno != EEXIST)
		return -1;
	*next = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (*next < 0 || fstat(*next, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode))
		return 1;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	made->last = mine;
	if (!mine || inroot_made_add(made, dir_fd, name, *next) == 0)
		return 0;
	int saved = errno;
	unlinkat(dir_fd, name, AT_REMOVEDIR);
	errno = saved;
	return -1;
}

/* One try; 1 when a symlink made `path` new and we have to start again. */
static int mkdirs_once(int root_fd, char *path, mode_t mode, struct inroot_made *made, int *out)
{
	char head[PATH_MAX], done[PATH_MAX], name[256];
	const char *tail, *rest;
	_cleanup_close_ int fd = open_existing(root_fd, head, path, &tail);

	if (fd < 0)
		return -1;
	memcpy(done, head, strlen(head) + 1);
	while (*tail) {
		_cleanup_close_ int next = -1;
		int r;

		if (next_name(tail, name, &rest) < 0)
			return -1;
		if (streq(name, "..")) {
			errno = ENOENT;
			return -1;
		}
		r = make_dir(fd, name, mode, made, &next);
		if (r < 0)
			return -1;
		if (r > 0)
			return follow_dangling(fd, name, done, rest, path) < 0 ? -1 : 1;
		close(fd);
		fd = take_fd(&next);
		snprintf(done, sizeof(done), "%.*s", (int)(rest - path), path);
		tail = rest;
	}
	*out = take_fd(&fd);
	return 0;
}

int inroot_mkdirs(int root_fd, const char *path, mode_t mode, struct inroot_made *made)
{
	char work[PATH_MAX];
	size_t n = strlen(path);
	struct inroot_made forgotten = { 0 };
	int fd = -1;

	if (!made)
		made = &forgotten;
	made->last = false;
	if (n >= sizeof(work)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(work, path, n + 1);
	for (int i = 0; i < MAX_LINKS; i++) {
		int r = mkdirs_once(root_fd, work, mode, made, &fd);

		if (r < 0)
			return -1;
		if (r == 0)
			return fd;
	}
	errno = ELOOP;
	return -1;
}

int inroot_parent(int root_fd, const char *path, mode_t mode, char base[256],
		  struct inroot_made *made)
{
	char dir[PATH_MAX];
	size_t n = strlen(path), start;

	while (n && path[n - 1] == '/')
		n--;
	start = n;
	while (start && path[start - 1] != '/')
		start--;
	if (start == n || n - start > 255 || start >= sizeof(dir)) {
		errno = start == n ? EINVAL : ENAMETOOLONG;
		return -1;
	}
	memcpy(base, path + start, n - start);
	base[n - start] = '\0';
	if (streq(base, ".") || streq(base, "..")) {
		errno = EINVAL;
		return -1;
	}
	memcpy(dir, path, start);
	dir[start] = '\0';
	return inroot_mkdirs(root_fd, dir, mode, made);
}

/* The file that is at `name`, made when there is none; 1: it is a symlink. */
static int make_file(int dir_fd, const char *name, mode_t mode, struct inroot_made *made, int *out)
{
	char text[2];

	made->last = mknodat(dir_fd, name, S_IFREG | mode, 0) == 0;
	if (!made->last && errno != EEXIST)
		return -1;
	if (!made->last && readlinkat(dir_fd, name, text, 1) >= 0)
		return 1;
	*out = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (made->last && (*out < 0 || inroot_made_add(made, dir_fd, name, *out) < 0)) {
		int saved = errno;
		unlinkat(dir_fd, name, 0);
		close_fd(out);
		errno = saved;
	}
	return *out < 0 ? -1 : 0;
}

int inroot_mkfile(int root_fd, const char *path, mode_t dir_mode, mode_t mode,
		  struct inroot_made *made)
{
	char work[PATH_MAX], dir[PATH_MAX], base[256];
	size_t n = strlen(path);

	if (n >= sizeof(work)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(work, path, n + 1);
	for (int i = 0; i < MAX_LINKS; i++) {
		_cleanup_close_ int parent = inroot_parent(root_fd, work, dir_mode, base, made);
		int fd = -1, r = parent < 0 ? -1 : make_file(parent, base, mode, made, &fd);

		if (r <= 0)
			return r < 0 ? -1 : fd;
		n = strlen(work);
		while (n && work[n - 1] == '/')
			n--;
		while (n && work[n - 1] != '/')
			n--;
		snprintf(dir, sizeof(dir), "%.*s", (int)n, work);
		if (follow_dangling(parent, base, dir, "", work) < 0)
			return -1;
		n = strlen(work);
		while (n > 1 && work[n - 1] == '/')
			work[--n] = '\0';
	}
	errno = ELOOP;
	return -1;
}
