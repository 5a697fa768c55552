/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduling system calls, called directly.
 * Surprise: set_mempolicy reads one bit less than the count it is given, hence nbits + 1. */
#include <errno.h>
#include <sys/syscall.h>

#include "sys/sched.h"

enum { IOPRIO_WHO_PGRP_ = 2, LONG_BITS = 8 * sizeof(unsigned long) };

struct attr_v0 { /* struct sched_attr up to SCHED_ATTR_SIZE_VER0; newer libcs define that name */
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

int sched_set_params(pid_t pid, const struct sched_params *p)
{
	struct attr_v0 attr = {
		.size = sizeof(attr),
		.policy = p->policy,
		.flags = p->flags,
		.nice = p->nice,
		.priority = p->priority,
		.runtime = p->runtime,
		.deadline = p->deadline,
		.period = p->period,
	};
	return (int)syscall(SYS_sched_setattr, pid, &attr, 0);
}

int sched_set_ioprio_group(int ioprio)
{
	return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP_, 0, ioprio);
}

int sched_set_mempolicy(int mode_and_flags, const struct sched_mask *nodes)
{
	if (!nodes->bits)
		return (int)syscall(SYS_set_mempolicy, mode_and_flags, NULL, 0);
	return (int)syscall(SYS_set_mempolicy, mode_and_flags, nodes->bits,
			    (unsigned long)nodes->nbits + 1);
}

int sched_set_affinity(pid_t pid, const struct sched_mask *cpus)
{
	size_t words = (cpus->nbits + LONG_BITS - 1) / LONG_BITS;
	return (int)syscall(SYS_sched_setaffinity, pid, words * sizeof(unsigned long), cpus->bits);
}

int sched_reset_affinity(pid_t pid)
{
	static unsigned long all[SCHED_MASK_BITS / LONG_BITS];
	memset(all, 0xff, sizeof(all));
	return (int)syscall(SYS_sched_setaffinity, pid, sizeof(all), all);
}
