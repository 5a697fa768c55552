/* SPDX-License-Identifier: Apache-2.0 */
/* The orders in the step table that security rests on; each row says why. */
#include <check.h>

#include "init/init.h"

static int at(const struct step *steps, const char *name)
{
	for (int i = 0; steps[i].name; i++)
		if (streq(steps[i].name, name))
			return i;
	ck_abort_msg("no step is called \"%s\"", name);
	return -1;
}

static const struct order {
	const char *first, *then, *why;
} orders[] = {
	{ "guard", "join early", "nobody inside may trace us while we hold the host's handles" },
	{ "placed in cgroup", "cgroup namespace", "the namespace's root is where we are then" },
	{ "map ids", "be root inside", "there is no root before the map" },
	{ "user namespace", "other namespaces", "they must belong to it" },
	{ "final process", "mounts", "proc shows the pid namespace of who mounts it" },
	{ "cgroup namespace", "mounts", "the cgroup mount shows its root" },
	{ "devices", "terminal", "/dev/console lies over /dev" },
	{ "names and sysctls", "pivot", "the host's /proc goes away" },
	{ "cgroup namespace", "namespaces to lend", "it is the last one to be made" },
	{ "namespaces to lend", "pivot", "the host's /proc goes away" },
	{ "runtime hooks", "createContainer hooks", "the order of the spec" },
	{ "createContainer hooks", "mask and read-only", "hooks may still mount" },
	{ "mask and read-only", "pivot", "the host's /dev/null goes away" },
	{ "make cwd", "finish root", "the root becomes read-only" },
	{ "no new privileges", "seccomp, early", "a filter without CAP_SYS_ADMIN needs it" },
	{ "labels for exec", "identity", "writing them may need privilege" },
	{ "limits", "identity", "raising a hard limit needs privilege" },
	{ "seccomp, early", "bounding set", "loading needs CAP_SYS_ADMIN" },
	{ "bounding set", "identity", "dropping needs CAP_SETPCAP" },
	{ "identity", "capabilities", "the uid change clears them" },
	{ "capabilities", "working directory", "the user's own rights decide" },
	{ "find program", "ready", "create fails, not start" },
	{ "ready", "wait for start", "the record exists when start looks" },
	{ "startContainer hooks", "close fds", "hooks run before handles close" },
	{ "close fds", "seccomp, late", "the filter need not allow it" },
	{ "seccomp, late", "execve", "nothing else is left to filter" },
};

START_TEST(test_order)
{
	const struct order *o = &orders[_i];
	ck_assert_msg(at(create_steps, o->first) < at(create_steps, o->then),
		      "\"%s\" must come before \"%s\": %s", o->first, o->then, o->why);
}
END_TEST

static const struct order exec_orders[] = {
	{ "guard", "first namespaces", "nobody inside may trace us" },
	{ "shed handles", "first namespaces", "nor find handles of the host" },
	{ "placed in cgroup", "last namespaces", "the cgroup namespace hides the path" },
	{ "first namespaces", "final process", "a pid namespace is for children" },
	{ "final process", "last namespaces", "the labels are opened in the host's /proc" },
	{ "last namespaces", "be root inside", "the user namespace may be among them" },
	{ "last namespaces", "terminal", "it is of the container's devpts" },
	{ "new session", "terminal", "the leader gets it" },
	{ "labels for exec", "identity", "writing them may need privilege" },
	{ "limits", "identity", "raising a hard limit needs privilege" },
	{ "no new privileges", "seccomp, early", "a filter without CAP_SYS_ADMIN needs it" },
	{ "seccomp, early", "bounding set", "loading needs CAP_SYS_ADMIN" },
	{ "bounding set", "identity", "dropping needs CAP_SETPCAP" },
	{ "identity", "capabilities", "the uid change clears them" },
	{ "capabilities", "working directory", "the user's own rights decide" },
	{ "find program", "ready", "no pid file without a program" },
	{ "close fds", "seccomp, late", "the filter need not allow it" },
	{ "seccomp, late", "execve", "nothing else is left to filter" },
};

START_TEST(test_exec_order)
{
	const struct order *o = &exec_orders[_i];
	ck_assert_msg(at(exec_steps, o->first) < at(exec_steps, o->then),
		      "\"%s\" must come before \"%s\": %s", o->first, o->then, o->why);
}
END_TEST

START_TEST(test_table)
{
	size_t n = 0;
	while (create_steps[n].name) {
		ck_assert_ptr_nonnull(create_steps[n].run);
		ck_assert_str_eq(create_step_name(n), create_steps[n].name);
		n++;
	}
	ck_assert_uint_le(n, RECORDER_STEPS);
	ck_assert_ptr_null(create_step_name(n));
	ck_assert_str_eq(create_steps[create_step_exec()].name, "execve");
	ck_assert_uint_eq(create_step_exec(), n - 1);
	ck_assert_str_eq(exec_steps[exec_step_exec()].name, "execve");
	ck_assert_ptr_null(exec_steps[exec_step_exec() + 1].name);
	ck_assert_uint_lt(exec_step_exec(), RECORDER_STEPS);
}
END_TEST

TCase *tcase_init_steps(void)
{
	TCase *tc = tcase_create("steps");
	tcase_add_loop_test(tc, test_order, 0, ARRAY_SIZE(orders));
	tcase_add_loop_test(tc, test_exec_order, 0, ARRAY_SIZE(exec_orders));
	tcase_add_test(tc, test_table);
	return tc;
}
