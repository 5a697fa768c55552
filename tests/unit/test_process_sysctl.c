/* SPDX-License-Identifier: Apache-2.0 */
/* The sysctl allow-list: only keys of a namespace the container has, and no way around it by
 * spelling. */
#include <check.h>

#include "process/process.h"

static struct arena *a;
static struct oci_process proc;
static struct oci_linux lin;
static struct oci_config config;
static struct process_plan plan;
static struct oci_namespace all[] = {
	{ .type = OCI_NS_IPC },
	{ .type = OCI_NS_NETWORK },
	{ .type = OCI_NS_UTS },
	{ .type = OCI_NS_USER },
};

static void setup(void)
{
	static const char *args[] = { "x" };
	a = arena_new();
	lin = (struct oci_linux){ 0 };
	lin.namespaces.v = all;
	lin.namespaces.n = ARRAY_SIZE(all);
	proc = (struct oci_process){ .cwd = "/", .args = { args, 1, true } };
	config = (struct oci_config){ .process = &proc, .linux_ = &lin };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static const char *outcome(const char *key)
{
	struct oci_pair kv = { key, "1" };
	struct process_opts o = { 0 };
	lin.sysctl = (struct oci_map){ &kv, 1, true };
	if (process_plan_make(a, &config, NULL, &o, &plan) == 0)
		return plan.sysctls.v[0].path;
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	return err_get()->text;
}

static const struct {
	const char *key, *path;
} good[] = {
	{ "net.ipv4.ip_forward", "sys/net/ipv4/ip_forward" },
	{ "net/ipv4/ip_forward", "sys/net/ipv4/ip_forward" },
	{ "net.ipv4.conf.eth0/1.forwarding", "sys/net/ipv4/conf/eth0.1/forwarding" },
	{ "net/ipv4/conf/eth0.1/forwarding", "sys/net/ipv4/conf/eth0.1/forwarding" },
	{ "kernel.shm_rmid_forced", "sys/kernel/shm_rmid_forced" },
	{ "kernel.sem", "sys/kernel/sem" },
	{ "fs.mqueue.msg_max", "sys/fs/mqueue/msg_max" },
	{ "kernel.domainname", "sys/kernel/domainname" },
	{ "user.max_user_namespaces", "sys/user/max_user_namespaces" },
};

START_TEST(good_keys)
{
	ck_assert_str_eq(outcome(good[_i].key), good[_i].path);
	ck_assert_str_eq(plan.sysctls.v[0].value, "1");
}
END_TEST

static const struct {
	const char *key, *text;
} bad[] = {
	{ "kernel.core_pattern", "/linux/sysctl/kernel.core_pattern: sysctl "
				 "\"kernel.core_pattern\" is not in a separate kernel namespace" },
	{ "kernel.semx", "/linux/sysctl/kernel.semx: sysctl \"kernel.semx\" is not in a separate "
			 "kernel namespace" },
	{ "kernel/sem/x", "/linux/sysctl/kernel~1sem~1x: sysctl \"kernel/sem/x\" is not in a "
			  "separate kernel namespace" },
	{ "vm.overcommit_memory",
	  "/linux/sysctl/vm.overcommit_memory: sysctl \"vm.overcommit_memory\" is not in a "
	  "separate kernel namespace" },
	{ "fs.mqueue",
	  "/linux/sysctl/fs.mqueue: sysctl \"fs.mqueue\" is not in a separate kernel namespace" },
	{ "net/../kernel/core_pattern",
	  "/linux/sysctl/net~1..~1kernel~1core_pattern: is not a sysctl name" },
	{ "net.//.kernel.core_pattern",
	  "/linux/sysctl/net.~1~1.kernel.core_pattern: is not a sysctl name" },
	{ "net/./x", "/linux/sysctl/net~1.~1x: is not a sysctl name" },
	{ "/net/x", "/linux/sysctl/~1net~1x: is not a sysctl name" },
	{ "net//x", "/linux/sysctl/net~1~1x: is not a sysctl name" },
	{ "net.", "/linux/sysctl/net.: is not a sysctl name" },
	{ "", "/linux/sysctl/: is not a sysctl name" },
	{ "kernel.hostname", "/linux/sysctl/kernel.hostname: sysctl \"kernel.hostname\" is not "
			     "allowed as it conflicts with the OCI \"hostname\" field" },
};

START_TEST(bad_keys)
{
	ck_assert_str_eq(outcome(bad[_i].key), bad[_i].text);
}
END_TEST

START_TEST(needs_the_namespace)
{
	lin.namespaces.n = 1; /* ipc only */
	ck_assert_str_eq(outcome("kernel.sem"), "sys/kernel/sem");
	ck_assert_str_eq(
		outcome("net.x"),
		"/linux/sysctl/net.x: sysctl \"net.x\" is not in a separate kernel namespace: "
		"add {\"type\": \"network\"} to /linux/namespaces");
}
END_TEST

START_TEST(joined_netns_is_noted)
{
	struct oci_namespace ns = { .type = OCI_NS_NETWORK, .path = "/run/netns/a" };
	outcome("net.x");
	ck_assert_ptr_null(plan.netns_path);
	lin.namespaces.v = &ns;
	lin.namespaces.n = 1;
	outcome("net.x");
	ck_assert_str_eq(plan.netns_path, "/run/netns/a");
	ns.path = "/proc/self/ns/net";
	outcome("net.x");
	ck_assert_int_lt(process_check_host(&plan), 0);
	ck_assert_ptr_nonnull(
		strstr(err_get()->text, "not allowed in the host's network namespace"));
}
END_TEST

START_TEST(domainname_must_agree)
{
	config.domainname = "1";
	ck_assert_str_eq(outcome("kernel.domainname"), "sys/kernel/domainname");
	config.domainname = "other";
	ck_assert_str_eq(outcome("kernel.domainname"),
			 "/linux/sysctl/kernel.domainname: sysctl \"kernel.domainname\" is not "
			 "allowed as it conflicts with the OCI \"domainname\" field");
}
END_TEST

TCase *tcase_process_sysctl(void);
TCase *tcase_process_sysctl(void)
{
	TCase *t = tcase_create("process sysctl");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, good_keys, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(t, bad_keys, 0, ARRAY_SIZE(bad));
	tcase_add_test(t, needs_the_namespace);
	tcase_add_test(t, joined_netns_is_noted);
	tcase_add_test(t, domainname_must_agree);
	return t;
}
