/* SPDX-License-Identifier: Apache-2.0 */
/* exec's recipe: what is entered by whom, for root and for an ordinary user. */
#include <check.h>
#include <sched.h>

#include "ns/ns.h"

static struct oci_namespace spaces[] = {
	{ .type = OCI_NS_PID },	 { .type = OCI_NS_MOUNT }, { .type = OCI_NS_USER },
	{ .type = OCI_NS_NETWORK, .path = "/proc/1/ns/net" },
};
static struct oci_id_mapping maps[] = { { .container_id = 5, .host_id = 1000, .size = 1 } };

static void plan(uid_t euid, bool own_userns, size_t n, struct ns_plan *p, struct ns_target *t)
{
	struct oci_linux l = { .namespaces = { spaces, n },
			       .uid_mappings = { maps, 1 },
			       .gid_mappings = { maps, 1 } };
	struct oci_config c = { .linux_ = &l };
	struct host h = { .euid = euid };
	ns_target_plan(&c, &h, own_userns, p, t);
}

START_TEST(test_root)
{
	struct ns_plan p;
	struct ns_target t;
	plan(0, false, 4, &p, &t);
	ck_assert_uint_eq(t.parent, CLONE_NEWPID);
	ck_assert_uint_eq(t.first, 0);
	ck_assert_uint_eq(t.last, CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET);
	ck_assert(!p.forks && p.userns && !t.chroots);
	ck_assert_uint_eq(p.root_uid, 5);
	ck_assert_uint_eq(p.root_gid, 5);
}
END_TEST

START_TEST(test_user)
{
	struct ns_plan p;
	struct ns_target t;
	plan(1000, false, 4, &p, &t);
	ck_assert_uint_eq(t.parent, 0);
	ck_assert_uint_eq(t.first, CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWNET);
	ck_assert_uint_eq(t.last, CLONE_NEWNS);
	ck_assert(p.forks);
}
END_TEST

START_TEST(test_own_userns)
{
	struct ns_plan p;
	struct ns_target t;
	plan(0, true, 4, &p, &t);
	ck_assert_uint_eq(t.last, CLONE_NEWNS | CLONE_NEWNET);
	ck_assert(!p.userns);
}
END_TEST

START_TEST(test_no_mount_namespace)
{
	struct ns_plan p;
	struct ns_target t;
	plan(0, false, 1, &p, &t);
	ck_assert(t.chroots);
	spaces[1].path = "/proc/1/ns/mnt";
	plan(0, false, 2, &p, &t);
	spaces[1].path = NULL;
	ck_assert(t.chroots);
	ck_assert_uint_eq(t.last, CLONE_NEWNS);
}
END_TEST

START_TEST(test_none)
{
	struct ns_plan p;
	struct ns_target t;
	plan(1000, false, 0, &p, &t);
	ck_assert_uint_eq(t.parent | t.first | t.last, 0);
	ck_assert(!p.forks && !p.userns);
}
END_TEST

TCase *tcase_ns_target(void)
{
	TCase *tc = tcase_create("target");
	tcase_add_test(tc, test_root);
	tcase_add_test(tc, test_user);
	tcase_add_test(tc, test_own_userns);
	tcase_add_test(tc, test_no_mount_namespace);
	tcase_add_test(tc, test_none);
	return tc;
}
