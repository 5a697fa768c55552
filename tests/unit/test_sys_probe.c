/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of the host from the texts that carry them, and the probe itself on this host. */
#include <check.h>

#include "sys/probe.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(own_cgroup)
{
	ck_assert_str_eq(host_own_cgroup(a, "0::/user.slice/x.scope\n"), "/user.slice/x.scope");
	ck_assert_str_eq(host_own_cgroup(a, "12:cpu:/a\n1:name=systemd:/b\n0::/c d\n"), "/c d");
	ck_assert_str_eq(host_own_cgroup(a, "12:cpu:/a\n"), "/");
	ck_assert_str_eq(host_own_cgroup(a, "10::/x\n"), "/");
	ck_assert_str_eq(host_own_cgroup(a, ""), "/");
	ck_assert_str_eq(host_own_cgroup(a, "0::/no newline"), "/no newline");
}
END_TEST

START_TEST(cgroup_mount)
{
	ck_assert_str_eq(host_mount_of(a, "", "cgroup2"), "");
	ck_assert_str_eq(host_mount_of(a, "22 1 0:5 / /proc rw - proc proc rw\n", "cgroup2"), "");
	ck_assert_str_eq(
		host_mount_of(a,
			      "22 1 0:5 / /proc rw - proc proc rw\n"
			      "30 22 0:26 / /srv/my\\040cg rw,nosuid shared:4 - cgroup2 x rw\n",
			      "cgroup2"),
		"/srv/my cg");
	ck_assert_str_eq(host_mount_of(a, "30 22 0:26 / /cg rw - cgroup2 x rw", "cgroup2"), "/cg");
	/* the words in another place of the line are not a mount of it */
	ck_assert_str_eq(host_mount_of(a, "30 22 0:26 / /cg rw - cgroup cgroup2 rw\n", "cgroup2"),
			 "");
	ck_assert_str_eq(host_mount_of(a, "30 22 0:26 / /r rw - tmpfs resctrl rw\n", "resctrl"),
			 "");
	ck_assert_str_eq(host_mount_of(a, "30 22 0:26 / /r rw - resctrl resctrl rw\n", "resctrl"),
			 "/r");
}
END_TEST

START_TEST(this_host)
{
	struct host h;
	ck_assert_msg(host_probe(a, &h) == 0, "%s", err_get()->text);
	ck_assert_uint_eq(h.euid, geteuid());
	ck_assert(h.rootless || h.euid == 0);
	ck_assert_ptr_nonnull(h.cgroup_root);
	ck_assert_int_eq(h.own_cgroup[0], '/');
	ck_assert_int_ge(h.last_cap, 37); /* CAP_AUDIT_READ, 3.16 */
	ck_assert_int_lt(h.last_cap, 64);
}
END_TEST

TCase *tcase_sys_probe(void);
TCase *tcase_sys_probe(void)
{
	TCase *tc = tcase_create("sys_probe");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, own_cgroup);
	tcase_add_test(tc, cgroup_mount);
	tcase_add_test(tc, this_host);
	return tc;
}
