/* SPDX-License-Identifier: Apache-2.0 */
/* Words of scheduler, io priority, personality, memory policy and affinity become numbers. */
#include <check.h>

#include "process/process.h"

static struct arena *a;
static struct oci_process proc;
static struct oci_linux lin;
static struct oci_config config;
static struct process_plan plan;

static void setup(void)
{
	static const char *args[] = { "x" };
	a = arena_new();
	lin = (struct oci_linux){ 0 };
	proc = (struct oci_process){ .cwd = "/", .args = { args, 1, true } };
	config = (struct oci_config){ .process = &proc, .linux_ = &lin };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

/* "" when the plan was made, else the error. */
static const char *outcome(void)
{
	struct process_opts o = { 0 };
	if (process_plan_make(a, &config, NULL, &o, &plan) == 0)
		return "";
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	return err_get()->text;
}

START_TEST(scheduler_good)
{
	const char *flags[] = { "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_UTIL_CLAMP_MAX" };
	struct oci_scheduler s = { .policy = "SCHED_BATCH",
				   .nice = { -5, true },
				   .flags = { flags, 2, true } };
	proc.scheduler = &s;
	ck_assert_str_eq(outcome(), "");
	ck_assert(plan.has_scheduler);
	ck_assert_uint_eq(plan.scheduler.policy, 3);
	ck_assert_int_eq(plan.scheduler.nice, -5);
	ck_assert_uint_eq(plan.scheduler.flags, 0x41);
	s = (struct oci_scheduler){ .policy = "SCHED_DEADLINE",
				    .runtime = { 1, true },
				    .deadline = { 2, true },
				    .period = { 3, true } };
	ck_assert_str_eq(outcome(), "");
	ck_assert_uint_eq(plan.scheduler.policy, 6);
	ck_assert_uint_eq(plan.scheduler.period, 3);
}
END_TEST

static const struct {
	struct oci_scheduler s;
	const char *text;
} bad_schedulers[] = {
	{ { .policy = "SCHED_FAST" }, "/process/scheduler/policy: unknown word \"SCHED_FAST\"" },
	{ { .policy = "SCHED_OTHER", .nice = { 20, true } },
	  "/process/scheduler/nice: must be -20 to 19, found 20" },
	{ { .policy = "SCHED_OTHER", .nice = { -21, true } },
	  "/process/scheduler/nice: must be -20 to 19, found -21" },
	{ { .policy = "SCHED_OTHER", .priority = { 1, true } },
	  "/process/scheduler/priority: is only for SCHED_FIFO and SCHED_RR, policy is "
	  "SCHED_OTHER" },
	{ { .policy = "SCHED_FIFO" },
	  "/process/scheduler/priority: must be 1 to 99 with SCHED_FIFO, found 0" },
	{ { .policy = "SCHED_RR", .priority = { 100, true } },
	  "/process/scheduler/priority: must be 1 to 99 with SCHED_RR, found 100" },
	{ { .policy = "SCHED_IDLE", .runtime = { 1, true } },
	  "/process/scheduler: runtime, deadline and period are only for SCHED_DEADLINE, policy is "
	  "SCHED_IDLE" },
};

START_TEST(scheduler_bad)
{
	struct oci_scheduler s = bad_schedulers[_i].s;
	proc.scheduler = &s;
	ck_assert_str_eq(outcome(), bad_schedulers[_i].text);
}
END_TEST

START_TEST(scheduler_bad_flag)
{
	const char *flags[] = { "SCHED_FLAG_RECLAIM", "SCHED_FLAG_X" };
	struct oci_scheduler s = { .policy = "SCHED_OTHER", .flags = { flags, 2, true } };
	proc.scheduler = &s;
	ck_assert_str_eq(outcome(), "/process/scheduler/flags/1: unknown flag \"SCHED_FLAG_X\"");
}
END_TEST

START_TEST(ioprio)
{
	struct oci_io_priority io = { .class = OCI_IOPRIO_BE, .priority = 4 };
	proc.io_priority = &io;
	ck_assert_str_eq(outcome(), "");
	ck_assert_int_eq(plan.ioprio, 2 << 13 | 4);
	io.class = OCI_IOPRIO_IDLE;
	ck_assert_str_eq(outcome(), "");
	ck_assert_int_eq(plan.ioprio, 3 << 13 | 4);
	io.priority = 8;
	ck_assert_str_eq(outcome(), "/process/ioPriority/priority: must be 0 to 7, found 8");
}
END_TEST

START_TEST(personality)
{
	const char *flags[] = { "ADDR_NO_RANDOMIZE" };
	struct oci_personality per = { .domain = OCI_PER_LINUX32 };
	lin.personality = &per;
	ck_assert_str_eq(outcome(), "");
	ck_assert(plan.has_personality && plan.personality == 8);
	ck_assert_uint_eq(plan.warnings.n, 0);
	per.domain = OCI_PER_LINUX;
	per.flags = (struct oci_strs){ flags, 1, true };
	ck_assert_str_eq(outcome(), "");
	ck_assert(plan.has_personality && plan.personality == 0);
	ck_assert_uint_eq(plan.warnings.n, 1);
}
END_TEST

START_TEST(mempolicy_good)
{
	const char *flags[] = { "MPOL_F_STATIC_NODES", "MPOL_F_NUMA_BALANCING" };
	struct oci_memory_policy mp = { .mode = "MPOL_BIND",
					.nodes = "0-1,64",
					.flags = { flags, 2, true } };
	lin.memory_policy = &mp;
	ck_assert_str_eq(outcome(), "");
	ck_assert(plan.has_mempolicy);
	ck_assert_int_eq(plan.mempolicy, 2 | 1 << 15 | 1 << 13);
	ck_assert_uint_eq(plan.nodes.nbits, 65);
	ck_assert_uint_eq(plan.nodes.bits[0], 3);
	ck_assert_uint_eq(plan.nodes.bits[1], 1);
	mp = (struct oci_memory_policy){ .mode = "MPOL_LOCAL" };
	ck_assert_str_eq(outcome(), "");
	ck_assert_ptr_null(plan.nodes.bits);
	mp = (struct oci_memory_policy){ .mode = "MPOL_PREFERRED" };
	ck_assert_str_eq(outcome(), "");
}
END_TEST

static const char *const both_flags[] = { "MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES" };

static const struct {
	struct oci_memory_policy mp;
	const char *text;
} bad_policies[] = {
	{ { .mode = "bind" }, "/linux/memoryPolicy/mode: unknown word \"bind\"" },
	{ { .mode = NULL }, "/linux/memoryPolicy/mode: unknown word \"\"" },
	{ { .mode = "MPOL_BIND" }, "/linux/memoryPolicy/nodes: is required with MPOL_BIND" },
	{ { .mode = "MPOL_DEFAULT", .nodes = "0" },
	  "/linux/memoryPolicy/nodes: must be empty with MPOL_DEFAULT" },
	{ { .mode = "MPOL_BIND", .nodes = "0", .flags = { (const char **)both_flags, 2, true } },
	  "/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each "
	  "other" },
	{ { .mode = "MPOL_BIND", .nodes = "1024" },
	  "/linux/memoryPolicy/nodes: expected a list like \"0-3,7\" with numbers below 1024, "
	  "found \"1024\"" },
};

START_TEST(mempolicy_bad)
{
	struct oci_memory_policy mp = bad_policies[_i].mp;
	lin.memory_policy = &mp;
	ck_assert_str_eq(outcome(), bad_policies[_i].text);
}
END_TEST

static const char *const bad_lists[] = { "0-", "-1",    "1-0", "0,",    ",0",        "0 1",
					 "x",  "0-1-2", "0x1", "65536", "4294967296" };

START_TEST(affinity_bad)
{
	struct oci_cpu_affinity af = { .final = bad_lists[_i] };
	proc.exec_cpu_affinity = &af;
	ck_assert_str_eq(
		outcome(),
		arena_printf(a,
			     "/process/execCPUAffinity/final: expected a list like \"0-3,7\" "
			     "with numbers below 65536, found \"%s\"",
			     bad_lists[_i]));
}
END_TEST

START_TEST(affinity_good)
{
	struct oci_cpu_affinity af = { .initial = "65535", .final = "0,2-3" };
	proc.exec_cpu_affinity = &af;
	ck_assert_str_eq(outcome(), "");
	ck_assert(plan.has_affinity_initial && plan.has_affinity_final);
	ck_assert_uint_eq(plan.affinity_initial.nbits, 65536);
	ck_assert_uint_eq(plan.affinity_final.nbits, 4);
	ck_assert_uint_eq(plan.affinity_final.bits[0], 0xd);
	af = (struct oci_cpu_affinity){ .initial = "" };
	ck_assert_str_eq(outcome(), "");
	ck_assert(!plan.has_affinity_initial && !plan.has_affinity_final);
}
END_TEST

TCase *tcase_process_sched(void);
TCase *tcase_process_sched(void)
{
	TCase *t = tcase_create("process sched");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, scheduler_good);
	tcase_add_loop_test(t, scheduler_bad, 0, ARRAY_SIZE(bad_schedulers));
	tcase_add_test(t, scheduler_bad_flag);
	tcase_add_test(t, ioprio);
	tcase_add_test(t, personality);
	tcase_add_test(t, mempolicy_good);
	tcase_add_loop_test(t, mempolicy_bad, 0, ARRAY_SIZE(bad_policies));
	tcase_add_loop_test(t, affinity_bad, 0, ARRAY_SIZE(bad_lists));
	tcase_add_test(t, affinity_good);
	return t;
}
