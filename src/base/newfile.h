/* SPDX-License-Identifier: Apache-2.0 */
/* A file that gets its name when it is whole. Until then it has none (O_TMPFILE), so a writer that
 * is killed leaves nothing; where the file system cannot do that, it has a name beginning with
 * NEWFILE_PREFIX that newfile_close() takes away. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

#define NEWFILE_PREFIX ".new-"

struct newfile {
	int dir_fd; /* the caller's, stays open as long as this */
	int fd;     /* read and write */
	char temporary[40]; /* "" = the file has no name */
};

int newfile_open(int dir_fd, mode_t mode, struct newfile *out) MUST_CHECK;
/* It becomes to_fd/name (on the same file system), in place of what has that name. */
int newfile_name(struct newfile *f, int to_fd, const char *name) MUST_CHECK;
void newfile_close(struct newfile *f); /* fine when it was never opened: fd is -1 */
/* A descriptor alone, of a file that never gets a name. Negative = the error slot is filled. */
int newfile_unnamed(int dir_fd) MUST_CHECK;
