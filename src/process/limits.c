/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and scheduling. rlimits and the OOM score are the parent's (raising them needs the
 * privilege it still has), the rest the child sets on itself.
 * Surprise: the affinity is always reset: a mask inherited from the caller would stick although the
 * cpuset of the cgroup allows more. */
#include <sys/personality.h>

#include "base/cleanup.h"
#include "process/process.h"
#include "sys/procfs.h"

int process_rlimits(const struct process_plan *p, pid_t pid)
{
	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct process_rlimit *r = &p->rlimits.v[i];
		if (prlimit64(pid, r->resource, &r->value, NULL) == 0)
			continue;
		int no = errno;
		int err = err_sys("/process/rlimits/%zu: set %s to soft %llu, hard %llu", r->index,
				  r->name, (unsigned long long)r->value.rlim_cur,
				  (unsigned long long)r->value.rlim_max);
		if (no == EPERM)
			err_hint("only CAP_SYS_RESOURCE may raise a hard limit: choose one that is "
				 "not above ours");
		return err;
	}
	return 0;
}

int process_oom_score(const struct process_plan *p, pid_t pid)
{
	if (!p->has_oom)
		return 0;
	_cleanup_close_ int proc_fd = -1;
	char path[64], text[16];
	snprintf(path, sizeof(path), "%d/oom_score_adj", (int)pid);
	snprintf(text, sizeof(text), "%d", p->oom_score_adj);
	TRY(procfs_open(&proc_fd));
	int r = procfs_write(proc_fd, path, text);
	bool refused = r == -EACCES || r == -EPERM;
	if (refused &&
	    p->rootless) { /* as every runtime: engines set it without asking who we are */
		err_dropped(r);
		return 0;
	}
	if (r == -ENOENT || r == -ESRCH) {
		err_dropped(r);
		return err_msg(ERR_SYS, "/process/oomScoreAdj: process %d is gone", (int)pid);
	}
	if (r < 0) {
		r = err_wrap("/process/oomScoreAdj: set %d", p->oom_score_adj);
		if (refused)
			err_hint("only CAP_SYS_RESOURCE may lower the score below its present "
				 "minimum");
	}
	return r;
}

int process_affinity_initial(const struct process_plan *p, pid_t pid)
{
	if (p->has_affinity_initial && sched_set_affinity(pid, &p->affinity_initial) < 0)
		return err_sys("/process/execCPUAffinity/initial: set the CPUs of process %d",
			       (int)pid);
	return 0;
}

static int set_scheduler(const struct process_plan *p)
{
	if (!p->has_scheduler || sched_set_params(0, &p->scheduler) == 0)
		return 0;
	const char *policy = name_of(process_sched_policies, p->scheduler.policy);
	if (errno == EPERM && p->cpuset)
		return err_sys("/process/scheduler: process scheduler can't be used together with "
			       "AllowedCPUs: set %s",
			       policy);
	return err_sys("/process/scheduler: set %s", policy);
}

static int set_affinity(const struct process_plan *p)
{
	if (p->joins && p->has_affinity_final) {
		if (sched_set_affinity(0, &p->affinity_final) < 0)
			return err_sys("/process/execCPUAffinity/final: set the CPUs");
		return 0;
	}
	if (p->joins && p->has_affinity_initial)
		return 0; /* what was asked for, and the cgroup has narrowed it by now */
	if (sched_reset_affinity(0) < 0)
		err_dropped(err_sys("reset the CPU affinity"));
	return 0;
}

int process_limits(const struct process_plan *p)
{
	TRY(set_affinity(p)); /* before the scheduler: SCHED_DEADLINE forbids changing it */
	TRY(set_scheduler(p));
	if (p->has_ioprio && sched_set_ioprio_group(p->ioprio) < 0)
		return err_sys("/process/ioPriority: set class %d, priority %d", p->ioprio >> 13,
			       p->ioprio & 7);
	if (p->has_personality && personality(p->personality) < 0)
		return err_sys("/linux/personality: set 0x%lx", p->personality);
	if (p->has_mempolicy && sched_set_mempolicy(p->mempolicy, &p->nodes) < 0)
		return err_sys("/linux/memoryPolicy: set %s",
			       name_of(process_mempolicy_modes, (uint64_t)p->mempolicy & 7));
	return 0;
}
