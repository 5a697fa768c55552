/* SPDX-License-Identifier: Apache-2.0 */
/* A path below the root, by descriptors. Whoever owns a tree without being root owns folders that
 * are closed to himself; they are opened for the moment in which they are passed. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "layer/walk.h"
#include "sys/inroot.h"

static int pass_closed(int dir_fd, const char *name, int flags)
{
	char link[40];
	struct stat st;
	if (fstat(dir_fd, &st) < 0)
		return -1;
	if (st.st_mode & 0100) {
		errno = EACCES; /* it was not the folder */
		return -1;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir_fd);
	if (chmod(link, (st.st_mode & 07777) | 0700) < 0)
		return -1;
	int fd = openat(dir_fd, name, flags);
	int no = errno;
	if (chmod(link, st.st_mode & 07777) < 0)
		close_fd(&fd);
	else
		errno = no;
	return fd;
}

static int step(int dir_fd, const char *name, int flags)
{
	flags |= O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags);
	return fd >= 0 || errno != EACCES ? fd : pass_closed(dir_fd, name, flags);
}

static int step_by_step(int root_fd, const char *path, int flags)
{
	char name[256];
	_cleanup_close_ int at = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (at >= 0) {
		size_t n = strcspn(path, "/");
		if (n >= sizeof(name)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		if (!path[n])
			return step(at, name, flags);
		int next = step(at, name, O_PATH | O_DIRECTORY);
		close_fd(&at);
		at = next;
		path += n + 1;
	}
	return -1;
}

int walk_open_path(int root_fd, const char *path, int flags)
{
	flags |= flags & O_PATH ? O_NOFOLLOW : O_NOFOLLOW | O_NONBLOCK;
	int fd = inroot_open(root_fd, *path ? path : ".", flags, INROOT_NO_SYMLINKS);
	if (fd >= 0 || errno != EACCES || !*path || geteuid() == 0)
		return fd;
	return step_by_step(root_fd, path, flags);
}
