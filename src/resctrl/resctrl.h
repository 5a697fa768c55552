/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of the cache and of the memory bandwidth (linux.intelRdt): one directory of the resctrl
 * file system, the class of service, and below it perhaps a monitoring group.
 * resctrl_plan_make decides (pure), the rest acts, all of it in the parent: resctrl_create before
 * the clone, resctrl_place when init exists and has run nothing of the container.
 * Surprise: a class that the config names (closID) is shared with others and stays when the
 * container goes; only one that is named after the container goes with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ocispec/runtime.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

struct host;

struct resctrl_plan {
	bool wanted;         /* linux.intelRdt is there; all else is empty without it */
	const char *root;    /* where resctrl is mounted */
	const char *group;   /* absolute directory of the class of service */
	const char *monitor; /* absolute directory of the monitoring group, NULL = none */
	bool own;            /* the group is named after the container: made new, removed with it */
	bool must_exist;     /* closID without a schema: somebody else has prepared it */
	const char *schema;  /* lines of l3CacheSchema and memBwSchema, NULL = none */
	const char *schemata; /* lines of schemata, written after those, NULL = none */
};

/* h->resctrl_root must be known (resctrlfs_mount_point) when c has linux.intelRdt. */
int resctrl_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		      const char *id, struct resctrl_plan *out) MUST_CHECK;
void resctrl_plan_print(const struct resctrl_plan *p, struct str *s);

/* What resctrl_create made, for resctrl_undo. */
struct resctrl {
	bool group, monitor;
};

/* The group, its schemata, its monitoring group. *out is right after a failure, too. */
int resctrl_create(struct arena *a, const struct resctrl_plan *p, struct resctrl *out) MUST_CHECK;
int resctrl_undo(const struct resctrl_plan *p, struct resctrl *made) MUST_CHECK;

/* ---- a container that exists: the paths are those of the plan; NULL = nothing to do ---- */

/* Put a process into the group and, with `monitor`, into the monitoring group. */
int resctrl_place(const char *group, const char *monitor, pid_t pid) MUST_CHECK;
/* Gone already is fine. only_empty: leave it when processes are in it. */
int resctrl_remove(struct arena *a, const char *path, bool only_empty) MUST_CHECK;
/* update --l3-cache-schema, --mem-bw-schema; either may be NULL. The group's other lines stay. All
 * or nothing; *before becomes the lines that were there (NULL when nothing was to do). */
int resctrl_update(struct arena *a, const char *group, const char *l3, const char *mb,
		   const char **before) MUST_CHECK;
/* Undo resctrl_update because of the recorded error, which is given back; when that fails, too, it
 * is a warning. before NULL = nothing to do. */
int resctrl_put_back(struct arena *a, const char *group, const char *before) MUST_CHECK;

/* ---- what it has used: stat.c ---- */

/* The lines of a schemata file; l3 and mb are the one line of that resource, NULL = none. */
struct resctrl_lines {
	VEC(const char *) all;
	const char *l3, *mb;
};
/* One cache of the machine. Bytes since the group was made; occupancy in bytes, now. */
struct resctrl_node {
	bool has_total, has_local, has_occupancy;
	uint64_t total_bytes, local_bytes, occupancy;
};
struct resctrl_stat {
	bool there;   /* the container has a group; all else is empty without one */
	bool l3, mb;  /* the machine can share out this resource */
	bool mbm, cmt; /* some node has numbers of bandwidth, of occupancy */
	const char *cbm_mask;
	uint64_t min_cbm_bits, l3_closids;
	uint64_t bandwidth_gran, delay_linear, min_bandwidth, mb_closids;
	struct resctrl_lines root, group;
	VEC(struct resctrl_node) nodes; /* by the cache's number */
};
/* group and monitor as in the record; the numbers are those of the monitoring group when there is
 * one, else of the class, which others may be in. */
void resctrl_stat_read(struct arena *a, const char *group, const char *monitor,
		       struct resctrl_stat *out);

/* Pure, for tests: does the text of a schemata file say what `line` asks for? Domains that the line
 * does not name, blanks and leading zeros do not count. */
bool resctrl_schema_matches(const char *file_text, const char *line);
