/* SPDX-License-Identifier: Apache-2.0 */
/* A result is made in a private directory (0700) beside its place and renamed when it is whole, so
 * the place is never half full, whatever kills us. The directory is locked while its maker lives;
 * the next one who stages in the same place sweeps those that nobody holds. */
#pragma once

#include <stdbool.h>

#include <ocispec/arena.h>

#include "base/err.h"

struct staging {
	const char *target; /* as given */
	char *base;         /* its last part */
	int parent_fd;
	int fd;        /* the private directory, readable; locked */
	char name[40]; /* in the parent; "" when there is none */
};

/* `target` must not exist, or be an empty directory; its parent must be there. */
int staging_begin(struct arena *a, const char *target, struct staging *out) MUST_CHECK;
/* Rename into place. sync: everything is on disk first. */
int staging_commit(struct staging *s, bool sync) MUST_CHECK;
/* Whatever was made goes; fine after a commit. Keeps the recorded error. */
void staging_abort(struct staging *s);
