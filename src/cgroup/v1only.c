/* SPDX-License-Identifier: Apache-2.0 */
/* What of linux.resources only cgroup v1 had (pure). A limit that somebody asked for and nobody
 * keeps is refused; what v2 does in another way is noted; 0 is "not set", as engines write it.
 * Surprise: swappiness and disableOOMKiller pass in silence, for engines of today send them. */
#include "cgroup/driver.h"

#define KEY(rest_) "/linux/resources/" rest_

static int refuse(const char *key, const char *what)
{
	return err_msg(ERR_UNSUPPORTED, "%s: cgroup v2 has no %s", key, what);
}

static void note_memory(struct arena *a, const struct oci_memory *m, struct cgroup_resources *out)
{
	if (m->kernel.set && m->kernel.v > 0)
		vec_push(a, &out->notes,
			 KEY("memory/kernel") " has no effect: cgroup v2 counts kernel "
					      "memory in the memory limit");
	if (m->kernel_tcp.set && m->kernel_tcp.v > 0)
		vec_push(a, &out->notes, KEY("memory/kernelTCP") " has no effect in cgroup v2");
}

int cgroup_v1only(struct arena *a, const struct oci_resources *r, struct cgroup_resources *out)
{
	if (r->cpu && r->cpu->realtime_runtime.set && r->cpu->realtime_runtime.v)
		return refuse(KEY("cpu/realtimeRuntime"), "limits of realtime scheduling");
	if (r->cpu && r->cpu->realtime_period.set && r->cpu->realtime_period.v)
		return refuse(KEY("cpu/realtimePeriod"), "limits of realtime scheduling");
	if (r->network && r->network->class_id.set && r->network->class_id.v)
		return refuse(KEY("network/classID"), "network classes");
	if (r->network && r->network->priorities.n)
		return refuse(KEY("network/priorities"), "network priorities");
	if (r->memory)
		note_memory(a, r->memory, out);
	return 0;
}
