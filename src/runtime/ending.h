/* SPDX-License-Identifier: Apache-2.0 */
/* Private to runtime/: how processes that are not our children began and ended. */
#pragma once

#include "base/err.h"
#include "store/store.h"

enum { ENDING_UNKNOWN = 1 };
/* Wait until the container's init has ended. 0 and the status, as from waitpid; ENDING_UNKNOWN when
 * nobody can tell it. `rec` must have a pid. */
int ending_wait(struct arena *a, const struct oci_record *rec, int *status) MUST_CHECK;
/* After init's last words ended with a closed connection: by execve (0), or by its death before
 * that (negative)? `pidfd` (-1 = none) was opened while init lived. */
int ending_check_exec(struct arena *a, const struct oci_record *rec, int pidfd) MUST_CHECK;
