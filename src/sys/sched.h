/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling calls that the C library lacks or cuts short: sched_setattr, ioprio_set,
 * set_mempolicy, affinity masks larger than 1024 CPUs. Thin: -1 and errno, no policy. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

struct sched_params { /* struct sched_attr of the kernel, first version; size is filled in by us */
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

#define SCHED_MASK_BITS 65536 /* the kernel's own masks are at most 8192 CPUs and 1024 nodes */
struct sched_mask {
	unsigned long *bits; /* NULL = empty */
	unsigned nbits;      /* highest bit set + 1 */
};

int sched_set_params(pid_t pid, const struct sched_params *p) MUST_CHECK;
int sched_set_ioprio_group(int ioprio) MUST_CHECK; /* our process group */
int sched_set_mempolicy(int mode_and_flags, const struct sched_mask *nodes) MUST_CHECK;
int sched_set_affinity(pid_t pid, const struct sched_mask *cpus) MUST_CHECK;
int sched_reset_affinity(pid_t pid) MUST_CHECK; /* every CPU that the cpuset allows */
