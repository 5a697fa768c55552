/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: ranges, standard streams. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* If 0, 1 or 2 is closed, put /dev/null there, so that no handle of ours becomes a std stream. */
int fd_fill_std(void) MUST_CHECK;
/* Mark every descriptor >= first close-on-exec (close_range, else a walk of /proc/self/fd). */
int fd_cloexec_from(int first) MUST_CHECK;
int fd_close_from(int first) MUST_CHECK;
/* Close what >= first was open when we were executed (all that is ours is close-on-exec). */
int fd_close_inherited(int first) MUST_CHECK;
int fd_set_cloexec(int fd, bool on) MUST_CHECK;
bool fd_is_open(int fd);
/* A duplicate that is close-on-exec and >= 3. */
int fd_dup_high(int fd, int *out) MUST_CHECK;
