/* SPDX-License-Identifier: Apache-2.0 */
/* Open a path as if root_fd were "/": symlinks and ".." never lead out of it, and /proc's magic
 * links are not followed. openat2 (5.6) does it in one call; without it a walk holds a descriptor
 * for every component. -1 and errno. Surprise: the answer is only as stable as the tree; use the
 * descriptor from then on, never the path again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/compiler.h"

enum {
	INROOT_NOFOLLOW = 1,    /* a symlink at the end is opened itself (needs O_PATH) */
	INROOT_NO_SYMLINKS = 2, /* any symlink on the way is ELOOP */
};

/* A new close-on-exec descriptor. No O_CREAT: see below. */
int inroot_open(int root_fd, const char *path, int flags, unsigned how);
/* The directory at `path`, O_PATH; missing components are made with `mode`. Sets *created (may be
 * NULL) when the last one was. A dangling symlink on the way has its target made, inside the root.
 */
int inroot_mkdirs(int root_fd, const char *path, mode_t mode, bool *created);
/* The directory that holds the last component, made if missing; `base` (NAME_MAX + 1 bytes) gets
 * the component. EINVAL when there is none ("/", "a/.."). */
int inroot_parent(int root_fd, const char *path, mode_t mode, char base[256]);
/* An empty file at `path` (parents made with dir_mode), or what is there already; O_PATH. A
 * dangling symlink at the end has its target made, inside the root. */
int inroot_mkfile(int root_fd, const char *path, mode_t dir_mode, mode_t mode, bool *created);
