/* SPDX-License-Identifier: Apache-2.0 */
/* Private to runtime/: the cgroup that exec's process is born in. */
#pragma once

#include "runtime/launch.h"

struct exec_cgroup {
	const char *name;                  /* --cgroup, NULL = none */
	const struct oci_resources *asked; /* --resources, NULL = none */
};

/* Fills l->cgroup; no cgroup when the container has none. With limits (l->cgroup.created) the
 * container is locked afterwards: store_unlock when the process is in it. */
int exec_cgroup_open(struct launch *l, const struct oci_record *rec,
		     const struct exec_cgroup *o) MUST_CHECK;
/* After the process has ended, or could not be made: remove what was made. Unlocks; keeps no
 * error. */
void exec_cgroup_done(struct launch *l);
