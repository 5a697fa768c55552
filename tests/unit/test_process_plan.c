/* SPDX-License-Identifier: Apache-2.0 */
/* The process planner: argv, ids, limits, environment, and how it prints. */
#include <check.h>

#include "process/process.h"

static struct arena *a;
static struct oci_process proc;
static struct oci_user user;
static struct oci_linux lin;
static struct oci_config config;
static struct process_opts opts;
static struct process_plan plan;

static const char *args[] = { "/bin/true", "x" };

static void setup(void)
{
	a = arena_new();
	user = (struct oci_user){ 0 };
	lin = (struct oci_linux){ 0 };
	opts = (struct process_opts){ 0 };
	proc = (struct oci_process){ .user = &user, .cwd = "/", .args = { args, 2, true } };
	config = (struct oci_config){ .process = &proc, .linux_ = &lin };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static void must_plan(void)
{
	int r = process_plan_make(a, &config, NULL, &opts, &plan);
	ck_assert_msg(r == 0, "%s", err_get()->text);
}

static void must_refuse(const char *text)
{
	ck_assert_int_lt(process_plan_make(a, &config, NULL, &opts, &plan), 0);
	ck_assert_str_eq(err_get()->text, text);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
}

START_TEST(basics)
{
	must_plan();
	ck_assert_uint_eq(plan.nargs, 2);
	ck_assert_str_eq(plan.argv[0], "/bin/true");
	ck_assert_ptr_null(plan.argv[2]);
	ck_assert_uint_eq(plan.umask, 0022);
	ck_assert(!plan.terminal && !plan.has_oom && !plan.has_box && plan.home_missing);
	ck_assert_ptr_null(plan.env[0]);
}
END_TEST

START_TEST(refuses_missing_parts)
{
	proc.args.n = 0;
	must_refuse("/process/args: must not be empty");
	proc.args.n = 2;
	proc.cwd = "tmp";
	must_refuse("/process/cwd: Cwd must be an absolute path, found \"tmp\"");
	config.process = NULL;
	must_refuse("/process: process property must not be empty");
}
END_TEST

START_TEST(env_last_wins)
{
	const char *env[] = { "A=1", "PATH=/bin", "AB=2", "A=3\nx", "HOME=/h", "A=" };
	proc.env = (struct oci_strs){ env, 6, true };
	must_plan();
	ck_assert_uint_eq(plan.nenv, 4);
	ck_assert_str_eq(plan.env[0], "A=");
	ck_assert_str_eq(plan.env[1], "PATH=/bin");
	ck_assert_str_eq(plan.env[2], "AB=2");
	ck_assert_str_eq(plan.env[3], "HOME=/h");
	ck_assert_ptr_null(plan.env[4]);
	ck_assert(!plan.home_missing);
}
END_TEST

START_TEST(env_empty_home_is_missing)
{
	const char *env[] = { "A=1", "HOME=", "B=2" };
	proc.env = (struct oci_strs){ env, 3, true };
	must_plan();
	ck_assert(plan.home_missing);
	ck_assert_uint_eq(plan.nenv, 2);
	ck_assert_str_eq(plan.env[1], "B=2");
	ck_assert_ptr_null(plan.env[2]);
}
END_TEST

START_TEST(env_bad_entries)
{
	const char *env[] = { "A=1", "secret" };
	proc.env = (struct oci_strs){ env, 2, true };
	must_refuse("/process/env/1: invalid environment variable: missing \"=\"");
	env[1] = "=x";
	must_refuse("/process/env/1: invalid environment variable: empty name");
}
END_TEST

START_TEST(env_promises)
{
	const char *env[] = { "LISTEN_PID=77", "NOTIFY_SOCKET=/x" };
	proc.env = (struct oci_strs){ env, 2, true };
	must_plan();
	ck_assert_uint_eq(plan.nenv, 2);
	opts = (struct process_opts){ .listen_fds = 2,
				      .preserve_fds = 3,
				      .listen_fdnames = "a:b",
				      .notify_socket_inside = "/run/notify/notify.sock" };
	must_plan();
	ck_assert_uint_eq(plan.keep_fds, 5);
	ck_assert_uint_eq(plan.nenv, 4);
	ck_assert_str_eq(plan.env[0], "LISTEN_PID=1");
	ck_assert_str_eq(plan.env[1], "NOTIFY_SOCKET=/run/notify/notify.sock");
	ck_assert_str_eq(plan.env[2], "LISTEN_FDS=2");
	ck_assert_str_eq(plan.env[3], "LISTEN_FDNAMES=a:b");
}
END_TEST

START_TEST(env_many_entries)
{
	enum { N = 50000 };
	const char **env = arena_calloc(a, N, sizeof(*env));
	for (size_t i = 0; i < N; i++)
		env[i] = arena_printf(a, "V%zu=%zu", i % (N / 2), i);
	proc.env = (struct oci_strs){ env, N, true };
	must_plan();
	ck_assert_uint_eq(plan.nenv, N / 2);
	ck_assert_str_eq(plan.env[0], "V0=25000");
	ck_assert_str_eq(plan.env[N / 2 - 1], "V24999=49999");
}
END_TEST

START_TEST(rlimits)
{
	struct oci_rlimit r[] = {
		{ .type = "RLIMIT_NOFILE", .soft = 10, .hard = 20 },
		{ .type = "RLIMIT_CORE", .soft = UINT64_MAX, .hard = UINT64_MAX }
	};
	proc.rlimits.v = r;
	proc.rlimits.n = 2;
	must_plan();
	ck_assert_uint_eq(plan.rlimits.n, 2);
	ck_assert_int_eq(plan.rlimits.v[0].resource, RLIMIT_NOFILE);
	ck_assert_uint_eq(plan.rlimits.v[0].value.rlim_cur, 10);
	ck_assert_uint_eq(plan.rlimits.v[0].value.rlim_max, 20);
	ck_assert_uint_eq(plan.rlimits.v[1].value.rlim_max, RLIM64_INFINITY);
	r[1].type = "RLIMIT_NOFILE";
	must_refuse("/process/rlimits/1: duplicate \"RLIMIT_NOFILE\" (also 0)");
	r[1].type = "RLIMIT_FOO";
	must_refuse("/process/rlimits/1/type: unknown rlimit \"RLIMIT_FOO\"");
	r[1].type = "NPROC";
	must_refuse("/process/rlimits/1/type: unknown rlimit \"NPROC\"");
	r[0].soft = 21;
	must_refuse("/process/rlimits/0/soft: must not be above hard");
}
END_TEST

START_TEST(ids_must_be_mapped)
{
	struct oci_namespace ns = { .type = OCI_NS_USER };
	struct oci_id_mapping map[] = { { .container_id = 0, .host_id = 100000, .size = 1 },
					{ .container_id = 10, .host_id = 200000, .size = 5 } };
	uint32_t gids[] = { 10, 15 };
	lin.namespaces.v = &ns;
	lin.namespaces.n = 1;
	lin.uid_mappings.v = lin.gid_mappings.v = map;
	lin.uid_mappings.n = lin.gid_mappings.n = 2;
	user.uid = 14;
	must_plan();
	user.uid = 15;
	must_refuse("/process/user/uid: cannot set uid to unmapped user in user namespace: 15");
	user.uid = 0;
	user.gid = 9;
	must_refuse("/process/user/gid: cannot set gid to unmapped user in user namespace: 9");
	user.gid = 0;
	user.additional_gids = (struct oci_u32s){ gids, 2, true };
	must_refuse("/process/user/additionalGids/1: gid 15 is not mapped in the user namespace");
	ns.path = "/proc/1/ns/user"; /* joined: the config's mappings say nothing about it */
	must_plan();
	lin.namespaces.n = 0;
	user.uid = UINT32_MAX;
	must_refuse(
		"/process/user/uid: cannot set uid to unmapped user in user namespace: 4294967295");
}
END_TEST

START_TEST(oom_box_umask)
{
	struct oci_box box = { .height = 24, .width = 80 };
	proc.oom_score_adj = (struct oci_i64){ -1000, true };
	proc.console_size = &box;
	proc.terminal = true;
	user.umask = (struct oci_u32){ 077, true };
	must_plan();
	ck_assert(plan.has_oom && plan.oom_score_adj == -1000);
	ck_assert(plan.has_box && plan.rows == 24 && plan.cols == 80 && plan.terminal);
	ck_assert_uint_eq(plan.umask, 077);
	proc.oom_score_adj.v = 1001;
	must_refuse("/process/oomScoreAdj: must be -1000 to 1000, found 1001");
	box.width = 65536;
	must_refuse("/process/consoleSize: height and width must be at most 65535");
	user.umask.v = 01000;
	must_refuse("/process/user/umask: must be at most 511 (0777), found 512");
}
END_TEST

START_TEST(exec_uses_its_own_process)
{
	const char *other[] = { "ps" };
	struct oci_process p = { .cwd = "/tmp", .args = { other, 1, true } };
	struct oci_pair kv = { "kernel.nothing", "1" };
	lin.sysctl = (struct oci_map){ &kv, 1, true };
	opts.joins = true; /* sysctls are create's */
	ck_assert_int_eq(process_plan_make(a, &config, &p, &opts, &plan), 0);
	ck_assert_str_eq(plan.argv[0], "ps");
	ck_assert_uint_eq(plan.sysctls.n, 0);
}
END_TEST

START_TEST(prints)
{
	const char *env[] = { "PATH=/bin", "PASSWORD=hunter2" };
	uint32_t gids[] = { 5, 6 };
	struct oci_rlimit r = { .type = "RLIMIT_NOFILE", .soft = 10, .hard = UINT64_MAX };
	struct oci_memory_policy mp = { .mode = "MPOL_BIND", .nodes = "0-2,5" };
	struct str s;
	proc.env = (struct oci_strs){ env, 2, true };
	proc.rlimits.v = &r;
	proc.rlimits.n = 1;
	user = (struct oci_user){ .uid = 101, .gid = 102, .additional_gids = { gids, 2, true } };
	lin.memory_policy = &mp;
	opts.preserve_fds = 2;
	must_plan();
	str_init(&s, a, 0);
	process_plan_print(&plan, &s);
	ck_assert_str_eq(s.v, "process  \"/bin/true\" \"x\" as 101:102 +5,6 umask 0022\n"
			      "         cwd \"/\"   keep fds 3-4\n"
			      "         env PATH PASSWORD HOME (from passwd)\n"
			      "         RLIMIT_NOFILE 10 unlimited\n"
			      "         mempolicy MPOL_BIND flags 0x0\n"
			      "         nodes 0-2,5\n");
}
END_TEST

TCase *tcase_process_plan(void);
TCase *tcase_process_plan(void)
{
	TCase *t = tcase_create("process plan");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, basics);
	tcase_add_test(t, refuses_missing_parts);
	tcase_add_test(t, env_last_wins);
	tcase_add_test(t, env_empty_home_is_missing);
	tcase_add_test(t, env_bad_entries);
	tcase_add_test(t, env_promises);
	tcase_add_test(t, env_many_entries);
	tcase_add_test(t, rlimits);
	tcase_add_test(t, ids_must_be_mapped);
	tcase_add_test(t, oom_box_umask);
	tcase_add_test(t, exec_uses_its_own_process);
	tcase_add_test(t, prints);
	return t;
}
