/* SPDX-License-Identifier: Apache-2.0 */
/* The recipe for namespaces: every combination of absent, new and joined for all eight kinds, by
 * root and by an ordinary user, against the rules that the kernel imposes. */
#include <check.h>
#include <sched.h>

#include "ns/ns.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

enum { ABSENT, NEW, JOINED, STATES };
static const enum oci_ns_type types[] = {
	OCI_NS_USER, OCI_NS_PID,    OCI_NS_NETWORK, OCI_NS_IPC,
	OCI_NS_UTS,  OCI_NS_CGROUP, OCI_NS_TIME,    OCI_NS_MOUNT
};
static const unsigned flags[] = { CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET,  CLONE_NEWIPC,
				  CLONE_NEWUTS,  CLONE_NEWCGROUP, CLONE_NEWTIME, CLONE_NEWNS };
#define KINDS ARRAY_SIZE(types)

static struct arena *a;
static struct oci_namespace list[KINDS];
static struct oci_id_mapping ids[2];
static struct oci_linux lin;
static struct oci_config config;
static struct host host;
static struct ns_plan plan;

static void setup(void)
{
	a = arena_new();
	ids[0] = (struct oci_id_mapping){ .container_id = 0, .host_id = 100000, .size = 65536 };
	lin = (struct oci_linux){ .namespaces = { .v = list },
				  .uid_mappings = { .v = ids, .n = 1 },
				  .gid_mappings = { .v = ids, .n = 1 } };
	config = (struct oci_config){ .linux_ = &lin };
	host = (struct host){ .clone3 = true };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static void ask(enum oci_ns_type type, const char *path)
{
	list[lin.namespaces.n++] = (struct oci_namespace){ .type = type, .path = path };
}

static void make(void)
{
	ck_assert_msg(ns_plan_make(a, &config, &host, &plan) == 0, "%s", err_get()->text);
}

static const char *refusal(void)
{
	ck_assert_int_lt(ns_plan_make(a, &config, &host, &plan), 0);
	return err_get()->text;
}

static unsigned flag_of(enum oci_ns_type type)
{
	for (size_t i = 0; i < KINDS; i++)
		if (types[i] == type)
			return flags[i];
	return 0;
}

/* ck_assert reports every success too; for hundreds of thousands of them that takes seconds. */
#define MUST(x_)                                                              \
	do {                                                                  \
		if (!(x_))                                                    \
			ck_abort_msg("%s, combination %u", #x_, combination); \
	} while (0)
static unsigned combination;

/* Every new namespace is made exactly once, by somebody who may. */
static void check_makers(const int state[KINDS])
{
	unsigned made =
		plan.clone_flags | plan.unshare_flags | (plan.unshare_user ? CLONE_NEWUSER : 0);
	MUST((plan.clone_flags & plan.unshare_flags) == 0);
	MUST((plan.unshare_flags & CLONE_NEWUSER) == 0);
	MUST(!(plan.unshare_user && (plan.clone_flags & CLONE_NEWUSER)));
	for (size_t i = 0; i < KINDS; i++) {
		bool is_new = state[i] == NEW;
		MUST(plan.new_[types[i]] == is_new);
		MUST(plan.joined[types[i]] == (state[i] == JOINED));
		if (types[i] == OCI_NS_CGROUP)
			MUST(plan.cgroupns == is_new && !(made & CLONE_NEWCGROUP));
		else
			MUST(!!(made & flags[i]) == is_new);
	}
}

/* What is new belongs to the container's user namespace; what is joined may be the host's. */
static void check_owners(const int state[KINDS])
{
	bool early = false;
	for (size_t i = 0; i < plan.joins.n; i++) {
		const struct ns_join *j = &plan.joins.v[i];
		MUST(j->early == (host.euid == 0 && j->type != OCI_NS_USER));
		MUST(j->type != OCI_NS_USER || i == 0);
		MUST(j->type != OCI_NS_MOUNT || i == plan.joins.n - 1);
		MUST(j->path == list[j->index].path);
		MUST(j->type == list[j->index].type);
		early |= j->early;
	}
	if (state[0] == JOINED || plan.unshare_user)
		MUST(plan.clone_flags == 0);
	MUST(plan.unshare_user == (state[0] == NEW && early));
	MUST(plan.userns == (state[0] != ABSENT));
	MUST(plan.need_maps == (state[0] == NEW));
}

/* A second clone exactly when a namespace takes effect for children only. */
static void check_forks(const int state[KINDS])
{
	bool pid_later = state[1] == NEW && !(plan.clone_flags & CLONE_NEWPID);
	MUST(plan.forks == (state[6] == NEW || state[1] == JOINED || pid_later));
	MUST(!(plan.forks && (plan.clone_flags & CLONE_NEWPID)));
	MUST((plan.clone_flags & CLONE_NEWTIME) == 0);
	MUST(plan.timens == (state[6] == NEW));
	/* The plain case must stay cheap: one clone makes everything. */
	if (plan.joins.n == 0 && state[6] != NEW)
		MUST(!plan.forks && plan.unshare_flags == 0 && !plan.unshare_user);
}

static void check_combination(unsigned n)
{
	int state[KINDS];
	size_t joins = 0;
	combination = n;
	lin.namespaces.n = 0;
	for (size_t i = 0; i < KINDS; i++, n /= STATES) {
		state[i] = (int)(n % STATES);
		joins += state[i] == JOINED;
		if (state[i] != ABSENT)
			ask(types[i], state[i] == JOINED ? "/proc/1/ns/x" : NULL);
	}
	int r = ns_plan_make(a, &config, &host, &plan);
	if (host.euid != 0 && state[0] == ABSENT) {
		MUST(r < 0 && strstr(err_get()->text, "/linux/namespaces: uid 1000 is not root"));
		return;
	}
	MUST(r == 0);
	MUST(plan.joins.n == joins);
	check_makers(state);
	check_owners(state);
	check_forks(state);
}

START_TEST(all_combinations)
{
	host.euid = host.egid = _i == 1 ? 1000 : 0;
	host.in_userns = _i == 2;
	host.rootless = _i != 0;
	unsigned all = 1;
	for (size_t i = 0; i < KINDS; i++)
		all *= STATES;
	for (unsigned n = 0; n < all; n++)
		check_combination(n);
}
END_TEST

START_TEST(usual_container)
{
	static const enum oci_ns_type usual[] = { OCI_NS_PID, OCI_NS_NETWORK, OCI_NS_IPC,
						  OCI_NS_UTS, OCI_NS_MOUNT,   OCI_NS_CGROUP };
	unsigned want = 0;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		ask(usual[i], "");
		want |= usual[i] == OCI_NS_CGROUP ? 0 : flag_of(usual[i]);
	}
	make();
	ck_assert_uint_eq(plan.clone_flags, want);
	ck_assert(plan.cgroupns && !plan.forks && !plan.userns && plan.joins.n == 0);
}
END_TEST

START_TEST(no_linux_section)
{
	config.linux_ = NULL;
	make();
	ck_assert(plan.clone_flags == 0 && plan.unshare_flags == 0 && !plan.forks && !plan.userns);
}
END_TEST

START_TEST(duplicate_is_refused)
{
	ask(OCI_NS_PID, NULL);
	ask(OCI_NS_PID, "/proc/1/ns/pid");
	ck_assert_str_eq(refusal(), "/linux/namespaces/1: a second \"pid\" namespace");
}
END_TEST

START_TEST(root_writes_maps_itself)
{
	ask(OCI_NS_USER, NULL);
	make();
	ck_assert(plan.need_maps && !plan.use_newidmap && !plan.deny_setgroups &&
		  !plan.stay_dumpable);
	ck_assert_uint_eq(plan.nuids, 1);
	ck_assert_uint_eq(plan.uids[0].outside, 100000);
	ck_assert(plan.root_uid == 0 && plan.root_gid == 0);
}
END_TEST

START_TEST(own_id_needs_no_helper)
{
	host = (struct host){ .euid = 1000, .egid = 1001, .rootless = true };
	struct oci_id_mapping u = { .container_id = 0, .host_id = 1000, .size = 1 };
	struct oci_id_mapping g = { .container_id = 0, .host_id = 1001, .size = 1 };
	lin.uid_mappings.v = &u;
	lin.gid_mappings.v = &g;
	ask(OCI_NS_USER, NULL);
	make();
	ck_assert(!plan.use_newidmap && plan.deny_setgroups && plan.stay_dumpable);
	g.host_id = 1000; /* somebody else's group */
	make();
	ck_assert(!plan.newuidmap && plan.newgidmap && plan.use_newidmap && !plan.deny_setgroups);
	u.size = 2;
	make();
	ck_assert(plan.newuidmap && plan.newgidmap);
}
END_TEST

START_TEST(root_is_the_first_id_when_0_is_not_mapped)
{
	ids[0] = (struct oci_id_mapping){ .container_id = 7, .host_id = 1000, .size = 3 };
	ask(OCI_NS_USER, NULL);
	make();
	ck_assert(plan.root_uid == 7 && plan.root_gid == 7);
}
END_TEST

START_TEST(joined_user_namespace_has_its_maps)
{
	ids[0] = (struct oci_id_mapping){ .container_id = 0,
					  .host_id = 0,
					  .size = 0 }; /* not looked at */
	ask(OCI_NS_USER, "/proc/1/ns/user");
	make();
	ck_assert(plan.userns && !plan.need_maps && plan.nuids == 0);
}
END_TEST

START_TEST(new_user_namespace_needs_maps)
{
	ask(OCI_NS_USER, NULL);
	lin.gid_mappings.n = 0;
	ck_assert_str_eq(refusal(),
			 "/linux/gidMappings: a new user namespace needs at least one mapping "
			 "(`spec --rootless` writes those that suit you)");
	lin.uid_mappings.n = 0;
	ck_assert_str_eq(refusal(),
			 "/linux/uidMappings: a new user namespace needs at least one mapping "
			 "(`spec --rootless` writes those that suit you)");
}
END_TEST

START_TEST(time_offsets_text)
{
	struct oci_time_offset m = { .secs = -5, .nanosecs = 7 }, b = { .secs = 86400 };
	struct oci_time_offsets t = { .monotonic = &m, .boottime = &b };
	lin.time_offsets = &t;
	ask(OCI_NS_TIME, NULL);
	make();
	ck_assert_str_eq(plan.time_offsets, "monotonic -5 7\nboottime 86400 0\n");
	t = (struct oci_time_offsets){ 0 };
	make();
	ck_assert_ptr_null(plan.time_offsets);
}
END_TEST

START_TEST(keeping_groups)
{
	struct oci_pair p = { "run.oci.keep_original_groups", "1" };
	config.annotations.v = &p;
	config.annotations.n = 1;
	make();
	ck_assert(plan.keep_groups);
	p.value = "0";
	make();
	ck_assert(!plan.keep_groups);
}
END_TEST

static __typeof__(lin.net_devices.v[0]) devices[2];

static void device(size_t i, const char *from, const char *to)
{
	devices[i].key = from;
	devices[i].value.name = to;
	lin.net_devices.v = (void *)devices;
	lin.net_devices.n = i + 1;
}

START_TEST(net_devices_names)
{
	static const char *const good[] = { "eth0", "a", "fifteen-letters", "eth%d", NULL, "" };
	static const char *const bad[] = { ".",     "..",   "a/b", "a:b", "a b", "sixteen--letters",
					   "eth%s", "%d%d", "%" };
	ask(OCI_NS_NETWORK, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		device(0, "h0", good[i]);
		make();
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		device(0, "h0", bad[i]);
		ck_assert_ptr_nonnull(strstr(refusal(), "/linux/netDevices/h0/name: "));
	}
	device(0, "not good", "eth0");
	ck_assert_ptr_nonnull(strstr(refusal(), "/linux/netDevices: \"not good\""));
}
END_TEST

START_TEST(net_devices_need)
{
	device(0, "h0", "eth0");
	ck_assert_ptr_nonnull(strstr(refusal(), "needs a network namespace"));
	ask(OCI_NS_NETWORK, "/run/netns/a");
	make();
	device(1, "h1", "eth0");
	ck_assert_str_eq(refusal(),
			 "/linux/netDevices/h1/name: \"eth0\" is also the name for \"h0\"");
	device(1, "h1", "eth1");
	host.rootless = true;
	ck_assert_ptr_nonnull(strstr(refusal(), "only root of the host"));
	ck_assert_int_eq(err_get()->kind, ERR_UNSUPPORTED);
}
END_TEST

START_TEST(printed)
{
	struct str s;
	str_init(&s, a, 0);
	ask(OCI_NS_USER, NULL);
	ask(OCI_NS_PID, NULL);
	ask(OCI_NS_NETWORK, "/run/netns/a");
	make();
	ns_plan_print(&plan, &s);
	ck_assert_str_eq(s.v,
			 "ns       new user pid   forks 1\n"
			 "         join     network \"/run/netns/a\" before the user namespace\n"
			 "         map      uid 0:100000:65536\n"
			 "         map      gid 0:100000:65536\n"
			 "         root     0:0\n");
}
END_TEST

TCase *tcase_ns_plan(void);
TCase *tcase_ns_plan(void)
{
	TCase *tc = tcase_create("ns_plan");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, all_combinations, 0, 3);
	tcase_add_test(tc, usual_container);
	tcase_add_test(tc, no_linux_section);
	tcase_add_test(tc, duplicate_is_refused);
	tcase_add_test(tc, root_writes_maps_itself);
	tcase_add_test(tc, own_id_needs_no_helper);
	tcase_add_test(tc, root_is_the_first_id_when_0_is_not_mapped);
	tcase_add_test(tc, joined_user_namespace_has_its_maps);
	tcase_add_test(tc, new_user_namespace_needs_maps);
	tcase_add_test(tc, time_offsets_text);
	tcase_add_test(tc, keeping_groups);
	tcase_add_test(tc, net_devices_names);
	tcase_add_test(tc, net_devices_need);
	tcase_add_test(tc, printed);
	return tc;
}
