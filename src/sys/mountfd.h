/* SPDX-License-Identifier: Apache-2.0 */
/* The mount API of Linux 5.2 (fsopen, open_tree, move_mount) and 5.12 (mount_setattr): one thin
 * function per system call; -1 and errno. Descriptors are close-on-exec. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* A detached copy of the mount that holds `path` (recursive: with what is mounted below it). `path`
 * "" means dirfd itself. `nofollow`: a symlink at the end is the thing to copy. */
int mountfd_clone(int dirfd, const char *path, bool recursive, bool nofollow);
int mountfd_fsopen(const char *fstype);
int mountfd_set_string(int fs_fd, const char *key, const char *value);
int mountfd_set_flag(int fs_fd, const char *key);
int mountfd_create(int fs_fd);                 /* makes the superblock */
int mountfd_fsmount(int fs_fd, uint64_t attr); /* MOUNT_ATTR_*; a detached mount */
/* Attach to what target_fd is. */
int mountfd_attach(int mount_fd, int target_fd);
struct mountfd_attr {
	uint64_t set, clear;  /* MOUNT_ATTR_* */
	uint64_t propagation; /* MS_PRIVATE ...; 0 = leave */
	int userns_fd;        /* with MOUNT_ATTR_IDMAP */
	bool recursive;
};
int mountfd_setattr(int mount_fd, const struct mountfd_attr *attr);
/* The last message the kernel left in the context, without its "e " mark; "" when there is none. */
void mountfd_message(int fs_fd, char *buf, size_t size);
