/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a tree that may be in use, opened and read so that what comes out is one state of them:
 * the one that was found by the walk, or a clear error. */
#pragma once

#include "layer/digest.h"
#include "layer/walk.h"

struct content {
	int fd;
	const char *path;
	struct facts facts; /* while it is open; a mode of our own has changed the ctime */
	bool closed_mode;   /* its mode was changed to be able to read it */
};

/* The regular file or folder at path, which must still be what `found` says. */
int content_open(int root_fd, const char *path, const struct facts *found,
		 struct content *out) MUST_CHECK;
typedef int content_fn(void *ctx, const void *data, size_t len);
/* All of the file in pieces, holes as zeros; then checks that it did not change. */
int content_read(struct content *c, content_fn *fn, void *ctx) MUST_CHECK;
int content_digest(struct content *c, struct digest *out) MUST_CHECK;
void content_close(struct content *c);
