/* SPDX-License-Identifier: Apache-2.0 */
/* The security planner: capability sets, labels, seccomp rules, and how it prints. */
#include <check.h>
#include <linux/seccomp.h>

#include "security/security.h"
#include "sys/probe.h"

static struct arena *a;
static struct oci_config config;
static struct oci_linux lin;
static struct oci_process proc;
static struct host host;
static struct security_plan plan;

static void setup(void)
{
	a = arena_new();
	lin = (struct oci_linux){ 0 };
	proc = (struct oci_process){ 0 };
	host = (struct host){ .last_cap = 40 };
	config = (struct oci_config){ .linux_ = &lin };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static void *decode(const struct oci_type *t, const char *json)
{
	struct oci_diag diag;
	void *p = oci_decode(a, t, json, strlen(json), 0, &diag);
	ck_assert_msg(p != NULL, "%s", diag.text);
	return p;
}

static void use_process(const char *json)
{
	proc = *(struct oci_process *)decode(oci_process_type(), json);
}

static void use_seccomp(const char *json)
{
	lin.seccomp = decode(oci_seccomp_type(), json);
}

static void must_plan(void)
{
	int r = security_plan_make(a, &config, &proc, &host, &plan);
	ck_assert_msg(r == 0, "%s", err_get()->text);
}

static uint64_t bits(const char *word)
{
	uint64_t nr = 0;
	ck_assert(name_find(security_cap_names, word, &nr));
	return UINT64_C(1) << nr;
}

static void one_warning(const char *text)
{
	ck_assert_uint_eq(plan.warnings.n, 1);
	ck_assert_str_eq(plan.warnings.v[0], text);
}

START_TEST(cap_numbers)
{
	ck_assert_uint_eq(bits("CAP_CHOWN"), 1);
	ck_assert_uint_eq(bits("CAP_SYS_ADMIN"), UINT64_C(1) << 21);
	ck_assert_uint_eq(bits("CAP_CHECKPOINT_RESTORE"), UINT64_C(1) << 40);
	for (size_t i = 0; security_cap_names[i].word; i++)
		ck_assert_uint_eq(security_cap_names[i].value, i);
}
END_TEST

START_TEST(caps_absent_means_none)
{
	must_plan();
	ck_assert_uint_eq(plan.bounding | plan.permitted | plan.effective | plan.inheritable |
				  plan.ambient,
			  0);
	ck_assert_uint_eq(plan.warnings.n, 0);
	ck_assert(!plan.no_new_privs && !plan.has_seccomp && !plan.seccomp_early);
}
END_TEST

START_TEST(caps_all_sets)
{
	use_process("{\"cwd\":\"/\",\"noNewPrivileges\":true,\"capabilities\":{"
		    "\"bounding\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"permitted\":[\"CAP_KILL\",\"CAP_"
		    "CHOWN\"],"
		    "\"effective\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_KILL\"],"
		    "\"ambient\":[\"CAP_KILL\"]}}");
	must_plan();
	ck_assert_uint_eq(plan.bounding, bits("CAP_KILL") | bits("CAP_CHOWN"));
	ck_assert_uint_eq(plan.permitted, plan.bounding);
	ck_assert_uint_eq(plan.effective, bits("CAP_KILL"));
	ck_assert_uint_eq(plan.inheritable, bits("CAP_KILL"));
	ck_assert_uint_eq(plan.ambient, bits("CAP_KILL"));
	ck_assert(plan.no_new_privs);
	ck_assert_uint_eq(plan.warnings.n, 0);
}
END_TEST

START_TEST(caps_unknown_warn_once)
{
	host.last_cap = 38;
	use_process("{\"cwd\":\"/\",\"capabilities\":{"
		    "\"bounding\":[\"CAP_UNKNOWN\",\"CAP_KILL\",\"cap_chown\",\"CAP_BPF\"],"
		    "\"permitted\":[\"CAP_UNKNOWN\",\"CAP_KILL\"]}}");
	must_plan();
	ck_assert_uint_eq(plan.bounding, bits("CAP_KILL"));
	ck_assert_uint_eq(plan.permitted, bits("CAP_KILL"));
	one_warning(
		"ignoring unknown or unavailable capabilities: [CAP_UNKNOWN cap_chown CAP_BPF]");
}
END_TEST

static const struct {
	const char *caps, *warning;
} out_of_set[] = {
	{ "\"ambient\":[\"CAP_KILL\"],\"bounding\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_KILL\"]",
	  "can't raise ambient capability CAP_KILL: it is not both permitted and inheritable" },
	{ "\"ambient\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]",
	  "can't raise ambient capability CAP_KILL: it is not both permitted and inheritable" },
	{ "\"effective\":[\"CAP_KILL\"]",
	  "can't make effective capability CAP_KILL: it is not permitted" },
	{ "\"inheritable\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]",
	  "can't make inheritable capability CAP_KILL: it is not in the bounding set" },
};

START_TEST(caps_out_of_set_warn)
{
	char json[300];
	snprintf(json, sizeof(json), "{\"cwd\":\"/\",\"capabilities\":{%s}}", out_of_set[_i].caps);
	use_process(json);
	must_plan();
	one_warning(out_of_set[_i].warning);
	ck_assert_uint_eq(plan.effective | plan.ambient, 0);
}
END_TEST

START_TEST(labels_need_their_lsm)
{
	proc.apparmor_profile = "p";
	ck_assert_int_lt(security_plan_make(a, &config, &proc, &host, &plan), 0);
	ck_assert_str_eq(err_get()->text, "/process/apparmorProfile: apparmor: config provided but "
					  "apparmor not supported");
	host.apparmor = true;
	must_plan();
	ck_assert_str_eq(plan.apparmor, "p");
	proc = (struct oci_process){ .selinux_label = "a:b:c:d", .apparmor_profile = "" };
	ck_assert_int_lt(security_plan_make(a, &config, &proc, &host, &plan), 0);
	ck_assert_str_eq(err_get()->text, "/process/selinuxLabel: selinux label is specified "
					  "in config, but selinux is disabled or not supported");
	host.selinux = true;
	must_plan();
	ck_assert_str_eq(plan.selinux, "a:b:c:d");
	ck_assert_ptr_null(plan.apparmor);
}
END_TEST

/* ---- seccomp ---- */

#define RULE(action_, more_) \
	"\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_" action_ "\"" more_ "}]"

static const struct {
	const char *json, *text;
} refused[] = {
	{ "\"defaultAction\":\"SCMP_ACT_NOTIFY\"",
	  "/linux/seccomp/defaultAction: SCMP_ACT_NOTIFY cannot be used as default action" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1",
	  "/linux/seccomp/defaultErrnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take it, not "
	  "SCMP_ACT_ALLOW" },
	{ "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096",
	  "/linux/seccomp/defaultErrnoRet: 4096 is above 4095" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE("KILL", ",\"errnoRet\":1"),
	  "/linux/seccomp/syscalls/0/errnoRet: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take it, not "
	  "SCMP_ACT_KILL" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE(
		  "KILL", ",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"),
	  "/linux/seccomp/syscalls/0/args/0/index: a system call has arguments 0 to 5, not 6" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/s\",\"syscalls\":[{\"action\":"
	  "\"SCMP_ACT_NOTIFY\",\"names\":[\"read\",\"write\"]}]",
	  "/linux/seccomp/syscalls/0/names/1: SCMP_ACT_NOTIFY cannot be used for the write "
	  "syscall" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE("NOTIFY", ""),
	  "/linux/seccomp/listenerPath: must be set when SCMP_ACT_NOTIFY is used" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"s\"," RULE("NOTIFY", ""),
	  "/linux/seccomp/listenerPath: \"s\" is not an absolute path" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"m\"",
	  "/linux/seccomp/listenerMetadata: needs listenerPath" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_VAX\"]",
	  "/linux/seccomp/architectures/0: unknown architecture \"SCMP_ARCH_VAX\"" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"FAST\"]",
	  "/linux/seccomp/flags/0: unknown flag \"FAST\"" },
	{ "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_"
	  "RECV\"]",
	  "/linux/seccomp/flags/0: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with "
	  "SCMP_ACT_NOTIFY" },
};

START_TEST(seccomp_refuses)
{
	char json[600];
	snprintf(json, sizeof(json), "{%s}", refused[_i].json);
	use_seccomp(json);
	ck_assert_int_lt(security_plan_make(a, &config, &proc, &host, &plan), 0);
	ck_assert_str_eq(err_get()->text, refused[_i].text);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
}
END_TEST

START_TEST(seccomp_place)
{
	use_seccomp("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	must_plan();
	ck_assert(plan.has_seccomp && plan.seccomp_early && plan.seccomp_default_flags);
	proc.no_new_privileges = true;
	must_plan();
	ck_assert(plan.has_seccomp && !plan.seccomp_early && !plan.seccomp_listener);
}
END_TEST

START_TEST(seccomp_listener_is_early)
{
	proc.no_new_privileges = true;
	use_seccomp("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/"
		    "s\",\"listenerMetadata\":"
		    "\"m\",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]," RULE("NOTIFY",
											 "") "}");
	must_plan();
	ck_assert(plan.seccomp_early && plan.seccomp_listener && !plan.seccomp_default_flags);
	ck_assert_str_eq(plan.listener_path, "/s");
	ck_assert_str_eq(plan.listener_metadata, "m");
	ck_assert_uint_eq(plan.seccomp_flags, SECCOMP_FILTER_FLAG_NEW_LISTENER |
						      SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}
END_TEST

START_TEST(seccomp_listener_from_annotation)
{
	struct oci_pair pair = { "run.oci.seccomp.receiver", "/r" };
	config.annotations = (struct oci_map){ &pair, 1, true };
	use_seccomp("{\"defaultAction\":\"SCMP_ACT_ALLOW\"," RULE("NOTIFY", "") "}");
	must_plan();
	ck_assert(plan.seccomp_listener);
	ck_assert_str_eq(plan.listener_path, "/r");
}
END_TEST

START_TEST(listener_path_without_notify_is_ignored)
{
	use_seccomp("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"s\"}");
	must_plan();
	ck_assert(!plan.seccomp_listener);
	ck_assert_ptr_null(plan.listener_path);
}
END_TEST

START_TEST(prints)
{
	struct str s;
	str_init(&s, a, 0);
	use_process("{\"cwd\":\"/\",\"noNewPrivileges\":true,\"capabilities\":{"
		    "\"bounding\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"permitted\":[\"CAP_KILL\",\"CAP_"
		    "CHOWN\"],"
		    "\"effective\":[\"CAP_KILL\",\"CAP_X\"]}}");
	use_seccomp("{\"defaultAction\":\"SCMP_ACT_ERRNO\"," RULE("ALLOW", "") "}");
	must_plan();
	security_plan_print(&plan, &s);
	ck_assert_str_eq(
		s.v, "security no new privileges\n"
		     "         caps bounding,permitted: CAP_CHOWN CAP_KILL\n"
		     "         caps effective: CAP_KILL\n"
		     "         caps inheritable,ambient: (none)\n"
		     "         seccomp default SCMP_ACT_ERRNO, 1 names in 1 rules, loaded right "
		     "before execve\n"
		     "         warning: ignoring unknown or unavailable capabilities: [CAP_X]\n");
}
END_TEST

START_TEST(features)
{
	struct security_features f;
	security_features(a, 38, &f);
	ck_assert_uint_eq(f.capabilities.n, 39);
	ck_assert_str_eq(f.capabilities.v[38], "CAP_PERFMON");
	ck_assert_uint_eq(f.actions.n, 9);
	ck_assert_uint_eq(f.operators.n, 7);
	ck_assert_uint_eq(f.known_flags.n, 4);
	ck_assert_uint_ge(f.archs.n, 15);
	ck_assert_str_eq(f.archs.v[1], "SCMP_ARCH_X86_64");
	ck_assert_ptr_nonnull(strchr(f.libseccomp, '.'));
}
END_TEST

TCase *tcase_security_plan(void)
{
	TCase *tc = tcase_create("plan");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, cap_numbers);
	tcase_add_test(tc, caps_absent_means_none);
	tcase_add_test(tc, caps_all_sets);
	tcase_add_test(tc, caps_unknown_warn_once);
	tcase_add_loop_test(tc, caps_out_of_set_warn, 0, (int)ARRAY_SIZE(out_of_set));
	tcase_add_test(tc, labels_need_their_lsm);
	tcase_add_loop_test(tc, seccomp_refuses, 0, (int)ARRAY_SIZE(refused));
	tcase_add_test(tc, seccomp_place);
	tcase_add_test(tc, seccomp_listener_is_early);
	tcase_add_test(tc, seccomp_listener_from_annotation);
	tcase_add_test(tc, listener_path_without_notify_is_ignored);
	tcase_add_test(tc, prints);
	tcase_add_test(tc, features);
	return tc;
}
