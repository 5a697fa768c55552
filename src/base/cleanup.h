/* SPDX-License-Identifier: Apache-2.0 */
/* Owners that let go by themselves at the end of a scope, and the words for moving ownership.
 * Surprise: all of them keep errno, so they may run between a failed call and its report. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"

static inline void close_fd(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;
		close(*fd);
		*fd = -1;
		errno = saved;
	}
}

static inline void close_dir(DIR **d)
{
	if (*d) {
		int saved = errno;
		closedir(*d);
		*d = NULL;
		errno = saved;
	}
}

static inline void free_ptr(void *p)
{
	int saved = errno;
	free(*(void **)p);
	errno = saved;
}

/* int fd = -1; char *s = NULL; DIR *d = NULL: always initialise. */
#define _cleanup_close_ __attribute__((cleanup(close_fd)))
#define _cleanup_dir_ __attribute__((cleanup(close_dir)))
#define _cleanup_free_ __attribute__((cleanup(free_ptr)))

/* The caller of take_* becomes the owner; the old place is emptied. */
static inline int take_fd(int *fd)
{
	int v = *fd;
	*fd = -1;
	return v;
}
#define take_ptr(p)                    \
	({                             \
		__typeof__(p) v_ = (p); \
		(p) = NULL;            \
		v_;                    \
	})
