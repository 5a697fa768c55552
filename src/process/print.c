/* SPDX-License-Identifier: Apache-2.0 */
/* The process part of `ocirun explain` and of the golden plans: one idea a line.
 * Surprise: names of environment variables are shown, values never: they may be secrets. */
#include "process/parts.h"

static const char indent[] = "         ";

static void print_program(const struct process_plan *p, struct str *s)
{
	str_add(s, "process ");
	for (size_t i = 0; i < p->nargs; i++) {
		str_add(s, " \"");
		str_add_quoted(s, p->argv[i]);
		str_add(s, "\"");
	}
	str_addf(s, " as %u:%u", p->uid, p->gid);
	for (size_t i = 0; i < p->ngids; i++)
		str_addf(s, "%s%u", i ? "," : " +", p->gids[i]);
	str_addf(s, " umask %04o\n%scwd \"", p->umask, indent);
	str_add_quoted(s, p->cwd);
	str_add(s, "\"");
	if (p->terminal)
		str_add(s, "   terminal");
	if (p->terminal && p->has_box)
		str_addf(s, " %ux%u", p->cols, p->rows);
	if (p->keep_fds)
		str_addf(s, "   keep fds 3-%u", 2 + p->keep_fds);
	str_addc(s, '\n');
}

static void print_env(const struct process_plan *p, struct str *s)
{
	struct str name;
	str_init(&name, s->arena, 0);
	str_addf(s, "%senv", indent);
	for (size_t i = 0; i < p->nenv; i++) {
		name.n = 0;
		str_addn(&name, p->env[i], strcspn(p->env[i], "="));
		str_addc(s, ' ');
		str_add_quoted(s, name.v);
	}
	str_add(s, p->home_missing ? " HOME (from passwd)\n" : "\n");
}

static void print_list(const char *what, const struct sched_mask *m, struct str *s)
{
	const unsigned bits = 8 * sizeof(unsigned long);
	const char *sep = " ";
	str_addf(s, "%s%s", indent, what);
	for (unsigned i = 0; i < m->nbits; i++) {
		unsigned last = i;
		while (last < m->nbits && (m->bits[last / bits] >> (last % bits) & 1))
			last++;
		if (last == i)
			continue;
		str_addf(s, last - i == 1 ? "%s%u" : "%s%u-%u", sep, i, last - 1);
		sep = ",";
		i = last;
	}
	str_addc(s, '\n');
}

static void print_sched(const struct process_plan *p, struct str *s)
{
	if (p->has_scheduler)
		str_addf(s, "%sscheduler %s nice %d priority %u flags 0x%llx\n", indent,
			 name_of(process_sched_policies, p->scheduler.policy), p->scheduler.nice,
			 p->scheduler.priority, (unsigned long long)p->scheduler.flags);
	if (p->has_ioprio)
		str_addf(s, "%sioprio class %d priority %d\n", indent, p->ioprio >> 13,
			 p->ioprio & 7);
	if (p->has_personality)
		str_addf(s, "%spersonality %s\n", indent, p->personality ? "LINUX32" : "LINUX");
	if (p->has_mempolicy)
		str_addf(s, "%smempolicy %s flags 0x%x\n", indent,
			 name_of(process_mempolicy_modes, (uint64_t)p->mempolicy & 7),
			 p->mempolicy & ~7);
	if (p->nodes.nbits)
		print_list("nodes", &p->nodes, s);
	if (p->has_affinity_initial)
		print_list("cpus at first", &p->affinity_initial, s);
	if (p->has_affinity_final)
		print_list("cpus", &p->affinity_final, s);
}

static void print_limit(struct str *s, uint64_t v)
{
	if (v == RLIM64_INFINITY)
		str_add(s, " unlimited");
	else
		str_addf(s, " %llu", (unsigned long long)v);
}

void process_plan_print(const struct process_plan *p, struct str *s)
{
	print_program(p, s);
	print_env(p, s);
	for (size_t i = 0; i < p->rlimits.n; i++) {
		str_addf(s, "%s%s", indent, p->rlimits.v[i].name);
		print_limit(s, p->rlimits.v[i].value.rlim_cur);
		print_limit(s, p->rlimits.v[i].value.rlim_max);
		str_addc(s, '\n');
	}
	if (p->has_oom)
		str_addf(s, "%soom score %d\n", indent, p->oom_score_adj);
	print_sched(p, s);
	for (size_t i = 0; i < p->sysctls.n; i++) {
		str_addf(s, "%ssysctl %s = ", indent, p->sysctls.v[i].path + strlen("sys/"));
		str_add_quoted(s, p->sysctls.v[i].value);
		str_addc(s, '\n');
	}
}
