/* SPDX-License-Identifier: Apache-2.0 */
/* Where the cgroup is, who owns it, and which requests are refused. */
#include <check.h>

#include "cgroup/cgroup.h"
#include "sys/probe.h"

static struct arena *a;
static struct host host;
static struct oci_linux lin;
static struct oci_config config;
static struct cgroup_opts opts;
static struct cgroup_plan plan;

static void setup(void)
{
	a = arena_new();
	host = (struct host){ .cgroup_root = "/sys/fs/cgroup", .own_cgroup = "/user.slice/shell" };
	lin = (struct oci_linux){ 0 };
	config = (struct oci_config){ .linux_ = &lin };
	opts = (struct cgroup_opts){ .id = "web", .manager = CGROUP_FS };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static int make(void)
{
	return cgroup_plan_make(a, &config, &host, &opts, &plan);
}

static const struct {
	const char *asked, *own, *path;
} paths[] = {
	{ "/a/b", "/x/y", "/sys/fs/cgroup/a/b" },
	{ "a/b", "/x/y", "/sys/fs/cgroup/x/a/b" },
	{ NULL, "/x/y", "/sys/fs/cgroup/x/web" },
	{ "", "/x", "/sys/fs/cgroup/web" },
	{ "a/", "/", "/sys/fs/cgroup/a" },
	{ NULL, "/../../other", "/sys/fs/cgroup/web" },
	{ "/machine.slice:x:y", "/", "/sys/fs/cgroup/machine.slice:x:y" },
};

START_TEST(path_rules)
{
	lin.cgroups_path = paths[_i].asked;
	host.own_cgroup = paths[_i].own;
	ck_assert_msg(make() == 0, "%s", err_get()->text);
	ck_assert_str_eq(plan.path, paths[_i].path);
	ck_assert_int_eq(plan.needed, paths[_i].asked && *paths[_i].asked);
}
END_TEST

static const char *const bad_paths[] = { "/", "..", "/a/../b", "a//b", "/a\nb", "/./." };

START_TEST(bad_path)
{
	lin.cgroups_path = bad_paths[_i];
	host.own_cgroup = "/";
	ck_assert_int_lt(make(), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "/linux/cgroupsPath: "));
}
END_TEST

START_TEST(managers)
{
	opts.manager = CGROUP_SYSTEMD; /* and no systemd on this host */
	ck_assert_int_lt(make(), 0);
	ck_assert_int_eq(err_get()->kind, ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "--cgroup-manager cgroupfs"));
	opts.manager = CGROUP_NONE;
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(plan.path, "");
}
END_TEST

START_TEST(no_cgroup_mount)
{
	host.cgroup_root = "";
	ck_assert_int_lt(make(), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "container could not join or create cgroup"));
	opts.rootless = true;
	ck_assert_int_eq(make(), 0);
	ck_assert_int_eq(plan.manager, CGROUP_NONE);
	lin.cgroups_path = "/a";
	ck_assert_int_lt(make(), 0);
}
END_TEST

START_TEST(delegation)
{
	struct oci_namespace ns = { .type = OCI_NS_CGROUP };
	const char *ro = "ro";
	struct oci_mount mount = { .type = "cgroup" };
	struct oci_user user = { .uid = 5 };
	struct oci_process process = { .user = &user };
	struct oci_id_mapping map = { .container_id = 0, .host_id = 1000, .size = 10 };

	config.process = &process;
	lin.namespaces.v = &ns;
	lin.namespaces.n = 1;
	config.mounts.v = &mount;
	config.mounts.n = 1;
	ck_assert(make() == 0 && plan.delegate && plan.owner == 5);
	lin.uid_mappings.v = &map;
	lin.uid_mappings.n = 1;
	ck_assert(make() == 0 && plan.delegate && plan.owner == 1005);
	user.uid = 10;
	ck_assert(make() == 0 && !plan.delegate);
	user.uid = 5;
	mount.options = (struct oci_strs){ .v = &ro, .n = 1 };
	ck_assert(make() == 0 && !plan.delegate);
	mount.options.n = 0;
	ns.path = "/proc/1/ns/cgroup";
	ck_assert(make() == 0 && !plan.delegate);
}
END_TEST

START_TEST(prints)
{
	struct oci_pids pids = { .limit = { .v = 9, .set = true } };
	struct oci_resources res = { .pids = &pids };
	struct str s;

	lin.cgroups_path = "/a";
	lin.resources = &res;
	ck_assert_int_eq(make(), 0);
	str_init(&s, a, 0);
	cgroup_plan_print(&plan, &s);
	ck_assert_ptr_nonnull(after_prefix(s.v, "cgroup   cgroupfs /sys/fs/cgroup/a\n         "
						"pids.max 9\n         devices 11 rules, "));
}
END_TEST

TCase *tcase_cgroup_plan(void);
TCase *tcase_cgroup_plan(void)
{
	TCase *t = tcase_create("cgroup_plan");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, path_rules, 0, ARRAY_SIZE(paths));
	tcase_add_loop_test(t, bad_path, 0, ARRAY_SIZE(bad_paths));
	tcase_add_test(t, managers);
	tcase_add_test(t, no_cgroup_mount);
	tcase_add_test(t, delegation);
	tcase_add_test(t, prints);
	return t;
}
