/* SPDX-License-Identifier: Apache-2.0 */
/* A verified /proc handle and opens below it that cannot be redirected: no symlink, no magic link,
 * no mount on the way. Surprise: checking only the file system type is not enough, an overmounted
 * file of another procfs has it too; RESOLVE_NO_XDEV is what catches that. Needs Linux 5.6. */
#pragma once

#include "base/err.h"

/* The proc file system mounted on /proc, checked to be its root. */
int procfs_open(int *out) MUST_CHECK;
/* Open `path` (relative) below; -1 and errno (EXDEV: something is mounted over it). */
int procfs_open_below(int proc_fd, const char *path, int flags);
/* One write of the whole text; errors name "/proc/PATH". */
int procfs_write(int proc_fd, const char *path, const char *text) MUST_CHECK;
