/* SPDX-License-Identifier: Apache-2.0 */
/* A tree from top to bottom, children in the order of their bytes, by descriptors: symlinks are not
 * followed, mounts inside are shown but not entered, any depth works. What disappears meanwhile was
 * not there. Without privileges closed folders are opened for the walk and closed again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* What lstat says, and a snapshot keeps. */
struct facts {
	uint64_t ino, size; /* size: 0 for folders */
	uint64_t what;      /* devices: the number; symlinks: a hash of the target */
	int64_t mtime, ctime;
	uint32_t mtime_ns, ctime_ns;
	uint32_t uid, gid, mode, nlink; /* mode with the type */
};

int facts_of_fd(int fd, struct facts *out) MUST_CHECK;
/* Same inode and no change to it since: the kernel's word. */
bool facts_untouched(const struct facts *a, const struct facts *b);
/* Same as far as one can see without reading: type, mode, owner, size, time, target. */
bool facts_alike(const struct facts *a, const struct facts *b);

struct walk_entry {
	const char *path; /* below the root, which is "" */
	const char *name; /* last part */
	uint32_t depth;   /* of the root: 0 */
	bool is_mount;    /* another file system, or a bind mount */
	struct facts facts;
};

struct walk;
int walk_open(int root_fd, struct walk **out) MUST_CHECK; /* root_fd stays the caller's */
void walk_close(struct walk *w); /* NULL is fine */
/* 1 = there is one, valid until the next call; 0 = the end. A folder comes before what is in it. */
int walk_next(struct walk *w, struct walk_entry *e) MUST_CHECK;
/* Do not go into the folder that was given last. */
void walk_skip(struct walk *w);
/* A folder that had to be opened by chmod was closed again, which changed its ctime: `tag` is what
 * walk_tag said when the folder was given last. */
typedef int walk_closed_fn(void *ctx, uint64_t tag, const struct facts *now);
void walk_on_closed(struct walk *w, walk_closed_fn *fn, void *ctx);
void walk_tag(struct walk *w, uint64_t tag);

/* The order in which paths come: '/' before all other bytes. */
int walk_compare(const char *a, const char *b);
/* path below root_fd, symlinks nowhere followed. -1 and errno. */
int walk_open_path(int root_fd, const char *path, int flags);
