/* SPDX-License-Identifier: Apache-2.0 */
/* Private to ns: reading and writing id maps of processes. */
#pragma once

#include "ns/ns.h"

/* The first inside id of a uid_map text. */
bool ns_maps_first(const char *text, uint32_t *inside);
/* Write /proc/PID/uid_map or gid_map (`file`) ourselves, in one go. */
int ns_maps_write(struct arena *a, pid_t pid, const char *file, const struct ns_map *m,
		  size_t n) MUST_CHECK;
/* NULL-terminated arguments of newuidmap and newgidmap. Pure. */
const char **ns_maps_argv(struct arena *a, const char *program, pid_t pid, const struct ns_map *m,
			  size_t n);
