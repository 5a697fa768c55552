/* SPDX-License-Identifier: Apache-2.0 */
/* What folders shall look like in the end. Making files in a folder changes its time, and a folder
 * that is not writable, or setgid, would get in the way; so both are put off until all layers are
 * done. The log is kept in order, a megabyte of it in memory and the rest in an unnamed file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include "layer/dircache.h"

struct dirlog {
	int root_fd, fd; /* fd: the file, -1 while there is none */
	char *buffer;
	size_t len;
	uint64_t spilled;
	bool some_modes;
};

int dirlog_open(struct dirlog *l, int root_fd) MUST_CHECK;
void dirlog_close(struct dirlog *l);
/* canon path; chmod: the mode must be set as well. A later entry for the same path wins. */
int dirlog_add(struct dirlog *l, const char *path, const struct timespec *mtime, mode_t mode,
	       bool set_mode) MUST_CHECK;
/* Times in order, then modes backwards (a folder after what is in it). What is no folder any more
 * is passed over. */
int dirlog_replay(struct dirlog *l, struct dircache *c) MUST_CHECK;
