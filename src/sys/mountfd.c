/* SPDX-License-Identifier: Apache-2.0 */
/* Thin wrappers; raw system calls, because libc's wrappers are younger than the kernels we run on
 * and its headers clash with the kernel's. */
#include "sys/sys.h"

#include <errno.h>
#include <string.h>

#include "sys/mountfd.h"

/* enum fsconfig_command, under names of our own: the headers disagree about who defines it. */
enum { CMD_SET_FLAG = 0, CMD_SET_STRING = 1, CMD_CREATE = 6 };

int mountfd_clone(int dirfd, const char *path, bool recursive, bool nofollow)
{
	unsigned flags = OPEN_TREE_CLONE | O_CLOEXEC;

	if (recursive)
		flags |= AT_RECURSIVE;
	if (nofollow)
		flags |= AT_SYMLINK_NOFOLLOW;
	if (!path[0])
		flags |= AT_EMPTY_PATH;
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

int mountfd_fsopen(const char *fstype)
{
	return (int)syscall(SYS_fsopen, fstype, 1 /* FSOPEN_CLOEXEC */);
}

int mountfd_set_string(int fs_fd, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs_fd, CMD_SET_STRING, key, value, 0);
}

int mountfd_set_flag(int fs_fd, const char *key)
{
	return (int)syscall(SYS_fsconfig, fs_fd, CMD_SET_FLAG, key, NULL, 0);
}

int mountfd_create(int fs_fd)
{
	return (int)syscall(SYS_fsconfig, fs_fd, CMD_CREATE, NULL, NULL, 0);
}

int mountfd_fsmount(int fs_fd, uint64_t attr)
{
	return (int)syscall(SYS_fsmount, fs_fd, 1 /* FSMOUNT_CLOEXEC */, (unsigned)attr);
}

int mountfd_attach(int mount_fd, int target_fd)
{
	return (int)syscall(SYS_move_mount, mount_fd, "", target_fd, "",
			    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int mountfd_setattr(int mount_fd, const struct mountfd_attr *attr)
{
	struct {
		uint64_t set, clear, propagation, userns_fd;
	} arg = {
		.set = attr->set,
		.clear = attr->clear,
		.propagation = attr->propagation,
		.userns_fd = attr->set & MOUNT_ATTR_IDMAP ? (uint64_t)attr->userns_fd : 0,
	};
	unsigned flags = AT_EMPTY_PATH | (attr->recursive ? AT_RECURSIVE : 0);

	return (int)syscall(SYS_mount_setattr, mount_fd, "", flags, &arg, sizeof(arg));
}

void mountfd_message(int fs_fd, char *buf, size_t size)
{
	int saved = errno;
	char line[512];
	ssize_t n;

	buf[0] = '\0';
	/* One message per read; the last one is the one about the call that failed. */
	while ((n = read(fs_fd, line, sizeof(line) - 1)) > 0) {
		const char *text = line;
		size_t len;

		line[n] = '\0';
		if (line[0] && line[1] == ' ')
			text += 2;
		len = strcspn(text, "\n");
		if (len >= size)
			len = size - 1;
		memcpy(buf, text, len);
		buf[len] = '\0';
	}
	errno = saved;
}
