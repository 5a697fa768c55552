/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and writing below a /proc that we have made sure of. Without openat2 the path is walked
 * name by name: no symlink, and nothing that lies on another mount where statx can tell (5.8), on
 * another file system where it cannot. */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "sys/procfs.h"

enum { PROC_ROOT_INODE = 1 };

int procfs_open(int *out)
{
	_cleanup_close_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open /proc");
	struct statfs fs;
	struct stat st;
	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys("look at /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INODE)
		return err_msg(ERR_SYS, "/proc is not the root of a proc file system");
	*out = take_fd(&fd);
	return 0;
}

/* 0: the kernel does not say. */
static uint64_t mount_of(int fd)
{
	struct statx sx = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) < 0 || !(sx.stx_mask & STATX_MNT_ID))
		return 0;
	return sx.stx_mnt_id;
}

/* One name further down; -1 and errno as openat2 would have it. */
static int step_below(int dir_fd, const char *name, int flags)
{
	struct stat above, st;
	_cleanup_close_ int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || fstat(dir_fd, &above) < 0)
		return -1;
	if (S_ISLNK(st.st_mode) || strcmp(name, "..") == 0) {
		errno = S_ISLNK(st.st_mode) ? ELOOP : EXDEV;
		return -1;
	}
	if (st.st_dev != above.st_dev || mount_of(fd) != mount_of(dir_fd)) {
		errno = EXDEV;
		return -1;
	}
	return take_fd(&fd);
}

static int walk_below(int proc_fd, const char *path, int flags)
{
	_cleanup_close_ int dir = -1;
	char name[NAME_MAX + 1];

	for (const char *rest = path;; rest++) {
		size_t n = strcspn(rest, "/");
		if (n == 0 || n > NAME_MAX) {
			errno = n ? ENAMETOOLONG : EINVAL;
			return -1;
		}
		memcpy(name, rest, n);
		name[n] = 0;
		rest += n;
		int fd = step_below(dir < 0 ? proc_fd : dir, name, *rest ? O_PATH : flags);
		if (fd < 0 || !*rest)
			return fd;
		close_fd(&dir);
		dir = fd;
	}
}

int procfs_open_below(int proc_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_SYMLINKS,
	};
	/* EAGAIN: a rename or mount somewhere on the system raced with the walk. */
	for (int tries = 0; tries < 128; tries++) {
		int fd = (int)syscall(SYS_openat2, proc_fd, path, &how, sizeof(how));
		if (fd < 0 && errno == ENOSYS)
			return walk_below(proc_fd, path, flags);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}

static int open_failed(const char *path)
{
	switch (errno) {
	case ELOOP:
		return err_msg(ERR_SYS, "open /proc/%s: a symlink is in the way", path);
	case EXDEV:
		return err_msg(ERR_SYS, "open /proc/%s: something is mounted over it", path);
	default:
		return err_sys("open /proc/%s", path);
	}
}

int procfs_write(int proc_fd, const char *path, const char *text)
{
	_cleanup_close_ int fd = procfs_open_below(proc_fd, path, O_WRONLY);
	if (fd < 0)
		return open_failed(path);
	size_t len = strlen(text);
	ssize_t n;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys("write to /proc/%s", path);
	if ((size_t)n != len)
		return err_msg(ERR_SYS, "write to /proc/%s: took %zd of %zu bytes", path, n, len);
	return 0;
}
