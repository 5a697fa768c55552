/* SPDX-License-Identifier: Apache-2.0 */
/* Open a path as if root_fd were "/": symlinks and ".." never lead out of it, and /proc's magic
 * links are not followed. openat2 (5.6) does it in one call; without it a walk holds a descriptor
 * for every component. -1 and errno. Surprise: the answer is only as stable as the tree; use the
 * descriptor from then on, never the path again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <ocispec/arena.h>

#include "base/compiler.h"

enum {
	INROOT_NOFOLLOW = 1,    /* a symlink at the end is opened itself (needs O_PATH) */
	INROOT_NO_SYMLINKS = 2, /* any symlink on the way is ELOOP */
};

/* A new close-on-exec descriptor. No O_CREAT: see below. */
int inroot_open(int root_fd, const char *path, int flags, unsigned how);
/* What the calls below made. With an arena they remember all of it, also when they fail, until
 * inroot_made_close. */
struct inroot_made {
	bool last; /* the last component was made, not found */
	struct arena *arena;
	struct inroot_entry *newest;
};
/* The directory at `path`, O_PATH; missing components are made with `mode`. `made` may be NULL. A
 * dangling symlink on the way has its target made, inside the root. */
int inroot_mkdirs(int root_fd, const char *path, mode_t mode, struct inroot_made *made);
/* The directory that holds the last component, made if missing; `base` (NAME_MAX + 1 bytes) gets
 * the component. EINVAL when there is none ("/", "a/.."). */
int inroot_parent(int root_fd, const char *path, mode_t mode, char base[256],
		  struct inroot_made *made);
/* An empty file at `path` (parents made with dir_mode), or what is there already; O_PATH. A
 * dangling symlink at the end has its target made, inside the root. */
int inroot_mkfile(int root_fd, const char *path, mode_t dir_mode, mode_t mode,
		  struct inroot_made *made);

/* ---- inroot_made.c ---- */

/* Remember `fd`, just made as `name` in dir_fd; nothing to do without an arena. */
int inroot_made_add(struct inroot_made *made, int dir_fd, const char *name, int fd);
/* Remove what is remembered, the newest first: directories that are empty, files that are empty and
 * have one name. What others use, replaced or removed since then is left alone and no failure. -1
 * and errno for the first that could not be removed, whose name `failed` gets. */
int inroot_made_undo(struct inroot_made *made, char failed[256]);
void inroot_made_close(struct inroot_made *made);
