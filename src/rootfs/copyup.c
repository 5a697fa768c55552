/* SPDX-License-Identifier: Apache-2.0 */
/* tmpcopyup: a tmpfs that starts with what the image has at its mount point. Everything goes by
 * descriptor and name, never following a symlink; modes, owners, times and extended attributes come
 * along. Surprise: sockets are skipped (nobody listens in a copy), and a device node a user
 * namespace may not make is an error, because a silently missing file is worse. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "rootfs/op.h"

enum { MAX_LEVELS = 256, XATTR_LIST_MAX_ = 65536 };

static int copy_tree(int from, int to, unsigned level);

static int copy_xattrs(int from, int to, const char *name)
{
	_cleanup_free_ char *list = malloc(XATTR_LIST_MAX_), *value = malloc(XATTR_LIST_MAX_);
	ssize_t n;

	if (!list || !value)
		return err_sysno(ENOMEM, "copy attributes of \"%s\"", name);
	n = flistxattr(from, list, XATTR_LIST_MAX_);
	if (n < 0)
		return errno == ENOTSUP ? 0 : err_sys("read attributes of \"%s\"", name);
	for (const char *k = list; k < list + n; k += strlen(k) + 1) {
		ssize_t len = fgetxattr(from, k, value, XATTR_LIST_MAX_);

		if (len < 0)
			return err_sys("read attribute \"%s\" of \"%s\"", k, name);
		/* tmpfs has no user.* before 6.6, and labels may be the host's to give. */
		if (fsetxattr(to, k, value, (size_t)len, 0) < 0 && errno != ENOTSUP &&
		    errno != EPERM)
			return err_sys("set attribute \"%s\" of \"%s\"", k, name);
	}
	return 0;
}

/* After the contents: writing changes times, and chown clears set-uid bits. */
static int copy_meta(int from, int to, const struct stat *st, const char *name)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(to, st->st_uid, st->st_gid) < 0)
		return err_sys("set the owner of \"%s\"", name);
	if (fchmod(to, st->st_mode & 07777) < 0)
		return err_sys("set the mode of \"%s\"", name);
	TRY(copy_xattrs(from, to, name));
	if (futimens(to, times) < 0)
		return err_sys("set the times of \"%s\"", name);
	return 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	_cleanup_close_ int in =
		openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	_cleanup_close_ int out = -1;
	struct stat now;

	if (in < 0 || fstat(in, &now) < 0)
		return err_sys("open \"%s\"", name);
	if (!S_ISREG(now.st_mode))
		return err_msg(ERR_SYS, "\"%s\" was replaced while it was copied", name);
	out = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys("create \"%s\"", name);
	for (;;) {
		ssize_t n = sendfile(out, in, NULL, 1 << 20);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys("copy \"%s\"", name);
		if (n == 0)
			break;
	}
	return copy_meta(in, out, st, name);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, text, sizeof(text) - 1);

	if (n < 0)
		return err_sys("read symlink \"%s\"", name);
	text[n] = '\0';
	if (symlinkat(text, to_dir, name) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("create symlink \"%s\"", name);
	return 0;
}

static int copy_dir(int from_dir, int to_dir, const char *name, const struct stat *st,
		    unsigned level)
{
	_cleanup_close_ int in =
		openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int out = -1;

	if (in < 0)
		return err_sys("open \"%s\"", name);
	if (mkdirat(to_dir, name, 0700) < 0)
		return err_sys("create directory \"%s\"", name);
	out = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys("open \"%s\"", name);
	TRY_AS(copy_tree(in, out, level + 1), "%s", name);
	return copy_meta(in, out, st, name);
}

static int copy_node(int to_dir, const char *name, const struct stat *st)
{
	if (mknodat(to_dir, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("create node \"%s\"", name);
	return 0;
}

static int copy_entry(int from, int to, const char *name, unsigned level)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("look at \"%s\"", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(from, to, name, &st);
	case S_IFLNK:
		return copy_link(from, to, name, &st);
	case S_IFDIR:
		return copy_dir(from, to, name, &st, level);
	case S_IFSOCK:
		return 0;
	default:
		return copy_node(to, name, &st);
	}
}

static int copy_tree(int from, int to, unsigned level)
{
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		close_fd(&fd);
		return err_sys("list a directory");
	}
	if (level > MAX_LEVELS)
		return err_msg(ERR_SYS, "more than %d levels of directories", MAX_LEVELS);
	for (;;) {
		struct dirent *e;

		errno = 0;
		e = readdir(d);
		if (!e)
			return errno ? err_sys("list a directory") : 0;
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			TRY(copy_entry(from, to, e->d_name, level));
	}
}

int copyup(int from_fd, int to_fd)
{
	mode_t mask = umask(0);
	int r = copy_tree(from_fd, to_fd, 0);

	umask(mask);
	return r;
}
