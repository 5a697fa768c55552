/* SPDX-License-Identifier: Apache-2.0 */
/* Private to ns: reading and writing id maps of processes. */
#pragma once

#include "ns/ns.h"

#ifndef NEWUIDMAP_PATH
#define NEWUIDMAP_PATH "/usr/bin/newuidmap"
#endif
#ifndef NEWGIDMAP_PATH
#define NEWGIDMAP_PATH "/usr/bin/newgidmap"
#endif

/* The first inside id of a uid_map text. */
bool ns_maps_first(const char *text, uint32_t *inside);
/* The index of the first line that the text of our own uid_map has no place for; n = none. */
size_t ns_maps_not_offered(const char *own, const struct ns_map *m, size_t n);
/* Write /proc/PID/uid_map or gid_map (`file`) ourselves, in one go. */
int ns_maps_write(struct arena *a, pid_t pid, const char *file, const struct ns_map *m,
		  size_t n) MUST_CHECK;
/* NULL-terminated arguments of newuidmap and newgidmap. Pure. */
const char **ns_maps_argv(struct arena *a, const char *program, pid_t pid, const struct ns_map *m,
			  size_t n);

/* subid.c, pure. The name of a uid in the text of /etc/passwd, NULL when it has none. */
const char *ns_user_name(struct arena *a, const char *passwd, uint32_t uid);
/* The ranges that /etc/subuid or /etc/subgid gives to a user, by name (may be NULL) or number; bad
 * lines are skipped, as newuidmap does. */
struct ns_range {
	uint32_t first, count;
};
struct ns_ranges {
	struct ns_range *v;
	size_t n, cap;
};
void ns_subids(struct arena *a, const char *text, const char *name, uint32_t uid,
	       struct ns_ranges *out);
/* `own` as 0, the ranges after it; ids that come twice are taken once. */
void ns_map_ranges(struct arena *a, uint32_t own, const struct ns_ranges *r, struct ns_id_map *out);
