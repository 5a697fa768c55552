/* SPDX-License-Identifier: Apache-2.0 */
/* Removing trees by descriptors: symlinks are never followed, mounts are not entered, any depth
 * works with two descriptors and no recursion, and folders without permissions get them first. */
#pragma once

#include "base/err.h"

/* Whatever parent_fd/name is, it goes. Nothing there is fine. */
int rmtree(int parent_fd, const char *name) MUST_CHECK;
/* Everything below the directory dir_fd (readable), which stays. */
int rmtree_inside(int dir_fd) MUST_CHECK;
