/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler, io priority, personality, memory policy and CPU affinity: words to numbers, and the
 * combinations the kernel would refuse with a bare EINVAL, refused here with the JSON path. */
#include <ctype.h>

#include "process/parts.h"

const struct name process_sched_policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },       { "SCHED_BATCH", 3 },
	{ "SCHED_ISO", 4 },   { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 }, { NULL, 0 },
};
enum { POLICY_FIFO = 1, POLICY_RR = 2, POLICY_DEADLINE = 6 };

const struct name process_sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { NULL, 0 },
};

const struct name process_mempolicy_modes[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },
	{ NULL, 0 },
};
enum { MODE_DEFAULT = 0, MODE_PREFERRED = 1, MODE_LOCAL = 4 };

const struct name process_mempolicy_flags[] = {
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ NULL, 0 },
};

enum {
	MAX_NODES = 1024,
	LONG_BITS = 8 * sizeof(unsigned long),
	PER_LINUX32_ = 8,
	IOPRIO_SHIFT = 13
};

static int word(const char *pointer, const struct name *table, const char *text, uint64_t *out)
{
	if (text && name_find(table, text, out))
		return 0;
	return err_msg(ERR_CONFIG, "%s: unknown word \"%s\"", pointer, text ? text : "");
}

static int flag_words(const char *pointer, const struct name *table, const struct oci_strs *words,
		      uint64_t *out)
{
	uint64_t all = 0, bit = 0;
	for (size_t i = 0; i < words->n; i++) {
		if (!name_find(table, words->v[i], &bit))
			return err_msg(ERR_CONFIG, "%s/%zu: unknown flag \"%s\"", pointer, i,
				       words->v[i]);
		all |= bit;
	}
	*out = all;
	return 0;
}

static int plan_scheduler(const struct oci_scheduler *s, struct process_plan *out)
{
	uint64_t policy = 0, flags = 0;
	TRY(word("/process/scheduler/policy", process_sched_policies, s->policy, &policy));
	TRY(flag_words("/process/scheduler/flags", process_sched_flags, &s->flags, &flags));
	if (s->nice.v < -20 || s->nice.v > 19)
		return err_msg(ERR_CONFIG, "/process/scheduler/nice: must be -20 to 19, found %d",
			       s->nice.v);
	bool realtime = policy == POLICY_FIFO || policy == POLICY_RR;
	if (s->priority.v && !realtime)
		return err_msg(ERR_CONFIG,
			       "/process/scheduler/priority: is only for SCHED_FIFO and SCHED_RR, "
			       "policy is %s",
			       s->policy);
	if (realtime && (s->priority.v < 1 || s->priority.v > 99))
		return err_msg(ERR_CONFIG,
			       "/process/scheduler/priority: must be 1 to 99 with %s, found %d",
			       s->policy, s->priority.v);
	if ((s->runtime.v || s->deadline.v || s->period.v) && policy != POLICY_DEADLINE)
		return err_msg(ERR_CONFIG,
			       "/process/scheduler: runtime, deadline and period are only for "
			       "SCHED_DEADLINE, policy is %s",
			       s->policy);
	out->has_scheduler = true;
	out->scheduler = (struct sched_params){
		.policy = (uint32_t)policy,
		.flags = flags,
		.nice = s->nice.v,
		.priority = (uint32_t)s->priority.v,
		.runtime = s->runtime.v,
		.deadline = s->deadline.v,
		.period = s->period.v,
	};
	return 0;
}

static int plan_ioprio(const struct oci_io_priority *io, struct process_plan *out)
{
	if (io->priority < 0 || io->priority > 7)
		return err_msg(ERR_CONFIG, "/process/ioPriority/priority: must be 0 to 7, found %d",
			       io->priority);
	if (!io->class)
		return err_msg(ERR_CONFIG, "/process/ioPriority/class: is required");
	int class = io->class == OCI_IOPRIO_RT ? 1 : io->class == OCI_IOPRIO_BE ? 2 : 3;
	out->has_ioprio = true;
	out->ioprio = class << IOPRIO_SHIFT | io->priority;
	return 0;
}

static int plan_personality(struct arena *a, const struct oci_personality *per,
			    struct process_plan *out)
{
	if (!per->domain)
		return err_msg(ERR_CONFIG, "/linux/personality/domain: is required");
	if (per->flags.n)
		vec_push(a, &out->warnings,
			 "/linux/personality/flags: no flags are defined, ignored");
	out->has_personality = true;
	out->personality = per->domain == OCI_PER_LINUX32 ? PER_LINUX32_ : 0;
	return 0;
}

/* A number at *p, moving it on; false when there is none or it is not below max. */
static bool take_number(const char **p, unsigned max, unsigned *out)
{
	unsigned n = 0;
	const char *start = *p;
	for (; isdigit((unsigned char)**p); ++*p) {
		n = n * 10 + (unsigned)(**p - '0');
		if (n >= max)
			return false;
	}
	*out = n;
	return *p != start;
}

/* "0-3,7": the list format of cpusets. */
static int parse_list(struct arena *a, const char *pointer, const char *text, unsigned max,
		      struct sched_mask *out)
{
	struct sched_mask m = { .bits = arena_calloc(a, max / LONG_BITS, sizeof(*m.bits)) };
	const char *p = text;
	for (;;) {
		unsigned first = 0, last = 0;
		bool good = take_number(&p, max, &first);
		last = first;
		if (good && *p == '-') {
			p++;
			good = take_number(&p, max, &last) && last >= first;
		}
		if (!good || (*p && *p != ','))
			return err_msg(ERR_CONFIG,
				       "%s: expected a list like \"0-3,7\" with numbers below %u, "
				       "found \"%s\"",
				       pointer, max, text);
		for (unsigned i = first; i <= last; i++)
			m.bits[i / LONG_BITS] |= 1ul << (i % LONG_BITS);
		if (last + 1 > m.nbits)
			m.nbits = last + 1;
		if (!*p++)
			break;
	}
	*out = m;
	return 0;
}

static int plan_mempolicy(struct arena *a, const struct oci_memory_policy *mp,
			  struct process_plan *out)
{
	uint64_t mode = 0, flags = 0;
	TRY(word("/linux/memoryPolicy/mode", process_mempolicy_modes, mp->mode, &mode));
	TRY(flag_words("/linux/memoryPolicy/flags", process_mempolicy_flags, &mp->flags, &flags));
	bool has_nodes = mp->nodes && *mp->nodes;
	bool takes_none = mode == MODE_DEFAULT || mode == MODE_LOCAL;
	if (has_nodes && takes_none)
		return err_msg(ERR_CONFIG, "/linux/memoryPolicy/nodes: must be empty with %s",
			       mp->mode);
	if (!has_nodes && !takes_none && mode != MODE_PREFERRED)
		return err_msg(ERR_CONFIG, "/linux/memoryPolicy/nodes: is required with %s",
			       mp->mode);
	uint64_t exclusive = 1 << 15 | 1 << 14;
	if ((flags & exclusive) == exclusive)
		return err_msg(ERR_CONFIG, "/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and "
					   "MPOL_F_RELATIVE_NODES exclude each other");
	if (has_nodes)
		TRY(parse_list(a, "/linux/memoryPolicy/nodes", mp->nodes, MAX_NODES, &out->nodes));
	out->has_mempolicy = true;
	out->mempolicy = (int)(mode | flags);
	return 0;
}

static int plan_affinity(struct arena *a, const struct oci_cpu_affinity *af,
			 struct process_plan *out)
{
	out->has_affinity_initial = af->initial && *af->initial;
	out->has_affinity_final = af->final && *af->final;
	if (out->has_affinity_initial)
		TRY(parse_list(a, "/process/execCPUAffinity/initial", af->initial, SCHED_MASK_BITS,
			       &out->affinity_initial));
	if (out->has_affinity_final)
		TRY(parse_list(a, "/process/execCPUAffinity/final", af->final, SCHED_MASK_BITS,
			       &out->affinity_final));
	return 0;
}

int process_plan_sched(struct arena *a, const struct oci_config *c, const struct oci_process *proc,
		       struct process_plan *out)
{
	const struct oci_linux *l = c->linux_;
	if (proc->scheduler)
		TRY(plan_scheduler(proc->scheduler, out));
	if (proc->io_priority)
		TRY(plan_ioprio(proc->io_priority, out));
	if (proc->exec_cpu_affinity)
		TRY(plan_affinity(a, proc->exec_cpu_affinity, out));
	if (l && l->personality)
		TRY(plan_personality(a, l->personality, out));
	if (l && l->memory_policy)
		TRY(plan_mempolicy(a, l->memory_policy, out));
	out->cpuset = l && l->resources && l->resources->cpu && l->resources->cpu->cpus &&
		      *l->resources->cpu->cpus;
	return 0;
}
