/* SPDX-License-Identifier: Apache-2.0 */
/* The resctrl file system (Intel RDT, AMD QoS, Arm MPAM): where it is, and its directories, which
 * the kernel fills and empties by itself. Few machines have one, so the tests link a stand-in
 * instead of this file (tests/tools/fake_resctrlfs.c); the program cannot be pointed elsewhere. */
#pragma once

#include <ocispec/arena.h>

#include "base/err.h"

/* The mount point, "" when it is not mounted. */
int resctrlfs_mount_point(struct arena *a, const char **out) MUST_CHECK;
int resctrlfs_mkdir(const char *path) MUST_CHECK; /* -1 and errno */
int resctrlfs_rmdir(const char *path) MUST_CHECK; /* with all that the kernel put there */
