/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of the tree being made, kept open by name. A name is resolved as if the root of the tree
 * were "/": symlinks that images rely on ("lib -> usr/lib") are followed, but never out of it.
 * `canon` is the name without those symlinks; everything that is remembered goes by it.
 * Whoever removes a folder or a symlink calls dircache_flush. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <stdint.h>

#include "base/err.h"

enum { DIRCACHE_SLOTS = 256 };

struct dir {
	int fd;      /* O_PATH, borrowed; -1 = free */
	char *path;  /* as asked for */
	char *canon; /* may be the same pointer */
};

struct dircache {
	int root_fd;
	char *root_path; /* of /proc/self/fd, to find canon; NULL until needed */
	size_t slots;
	struct dir dirs[DIRCACHE_SLOTS];
	struct dir root;
};

void dircache_open(struct dircache *c, int root_fd);
void dircache_close(struct dircache *c);
void dircache_flush(struct dircache *c);
/* The folder `path` ("" is the root), valid until the next call. 0, or 1 = there is none (errno
 * says why: ENOENT, ENOTDIR, ELOOP). */
int dircache_get(struct dircache *c, const char *path, const struct dir **out) MUST_CHECK;
