/* SPDX-License-Identifier: Apache-2.0 */
/* No cgroup of our own: --cgroup-manager disabled, or a rootless caller without delegation. The
 * container stays in the cgroup of whoever started us. */
#include "base/log.h"
#include "cgroup/driver.h"

static int none_create(const struct cgroup_plan *p, struct cgroup *out)
{
	if (p->res.writes.n)
		log_warn("there is no cgroup, so %s and other limits are not set",
			 p->res.writes.v[0].key);
	*out = (struct cgroup){ .dir_fd = -1, .path = "" };
	return CGROUP_SKIPPED;
}

const struct cgroup_driver cgroup_driver_none = { .name = "disabled", .create = none_create };
