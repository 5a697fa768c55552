/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, telling apart and entering namespaces by descriptor.
 * Surprise: two descriptors are of one namespace when device and inode of nsfs agree. */
#include "sys/nsfd.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/compiler.h"

int nsfd_open(const char *path)
{
	return nsfd_open_at(AT_FDCWD, path);
}

int nsfd_open_at(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int nsfd_type(int fd)
{
	return ioctl(fd, NS_GET_NSTYPE);
}

int nsfd_enter(int fd, int type)
{
	return setns(fd, type);
}

bool nsfd_is_own(int fd, const char *name)
{
	char path[64];
	struct stat theirs, ours;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}
