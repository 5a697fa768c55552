/* SPDX-License-Identifier: Apache-2.0 */
/* Units of systemd: their names, their places, and the properties that limits become. */
#include <check.h>

#include "cgroup/driver.h"
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
	host = (struct host){ .cgroup_root = "/sys/fs/cgroup",
			      .own_cgroup = "/user.slice/shell",
			      .systemd_running = true };
	lin = (struct oci_linux){ 0 };
	config = (struct oci_config){ .linux_ = &lin };
	opts = (struct cgroup_opts){ .id = "web", .manager = CGROUP_SYSTEMD };
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

/* ---- names and places ---- */

static const struct {
	const char *asked, *unit, *path;
} names[] = {
	{ "machine.slice:libpod:x", "libpod-x.scope", "/machine.slice/libpod-x.scope" },
	{ NULL, "ocirun-web.scope", "/system.slice/ocirun-web.scope" },
	{ "::", "ocirun-web.scope", "/system.slice/ocirun-web.scope" },
	{ ":docker:abc", "docker-abc.scope", "/system.slice/docker-abc.scope" },
	{ "kubepods-besteffort-pod1.slice:crio:x", "crio-x.scope",
	  "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/"
	  "crio-x.scope" },
	{ "-.slice:a:b", "a-b.scope", "/a-b.scope" },
	{ "a.slice:p:b+c", "p-b\\x2bc.scope", "/a.slice/p-b\\x2bc.scope" },
	{ "system.slice:x:pod-one.slice", "pod-one.slice", "/pod.slice/pod-one.slice" },
};

START_TEST(name)
{
	lin.cgroups_path = names[_i].asked;
	ck_assert_msg(make() == 0, "%s", err_get()->text);
	ck_assert_str_eq(plan.unit.name, names[_i].unit);
	ck_assert_str_eq(plan.path, arena_printf(a, "/sys/fs/cgroup%s", names[_i].path));
	ck_assert(plan.needed && !plan.unit.user_bus);
}
END_TEST

static const char *const bad_names[] = {
	"/a/b",           "a.slice:b",     "a.slice:b:c:d", "a:b:c",          "a.slice/b.slice:x:y",
	"..slice/:x:y",   "-a.slice:x:y",  "a-.slice:x:y",  "a--b.slice:x:y", "a.slice:x/y:z",
	"a.slice:x:../z", "a.slice:x:y\n", "a b.slice:x:y",
};

START_TEST(bad_name)
{
	lin.cgroups_path = bad_names[_i];
	ck_assert_int_lt(make(), 0);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	ck_assert_msg(strstr(err_get()->text, "/linux/cgroupsPath: ") != NULL, "%s",
		      err_get()->text);
}
END_TEST

START_TEST(user_manager)
{
	host.euid = host.owner_uid = 1000;
	lin.cgroups_path = "user.slice:libpod:x";
	ck_assert(make() == 0 && plan.unit.user_bus);
	ck_assert_str_eq(plan.path, "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/"
				    "user.slice/libpod-x.scope");
	host.own_cgroup = "/outer/user@1000.service/app.slice/shell";
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(plan.path, "/sys/fs/cgroup/outer/user@1000.service/"
				    "user.slice/libpod-x.scope");
	/* root of a user namespace is the user outside */
	host.euid = 0;
	host.in_userns = true;
	ck_assert(make() == 0 && plan.unit.user_bus);
	ck_assert_int_eq(host_outer_uid("0 1000 1\n1 100000 65536\n", 0), 1000);
	ck_assert_int_eq(host_outer_uid("0 1000 1\n1 100000 65536\n", 3), 100002);
	ck_assert(host_outer_uid("1 100000 65536\n", 0) == (uid_t)-1);
}
END_TEST

static const char *own_words(const char *want)
{
	struct str s;
	str_init(&s, a, 0);
	for (size_t i = 0; i < plan.unit.props.n; i++) {
		const struct cgroup_prop *p = &plan.unit.props.v[i];
		if (!streq(p->name, want))
			continue;
		str_addf(&s, "%s%s", s.n ? "; " : "", p->sig);
		for (size_t k = 0; k < p->words.n; k++)
			str_addf(&s, " %s", p->words.v[k]);
	}
	return s.v;
}

START_TEST(own_properties)
{
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(own_words("Description"), "s ocirun container web");
	ck_assert_str_eq(own_words("Slice"), "s system.slice");
	ck_assert_str_eq(own_words("Delegate"), "b true");
	ck_assert_str_eq(own_words("DefaultDependencies"), "b false");
	ck_assert_str_eq(own_words("?DevicePolicy"), "s strict");
	host.euid = 1000;
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(own_words("?DevicePolicy"), "");
	host.euid = 0;
	lin.cgroups_path = "::pod.slice";
	ck_assert_int_eq(make(), 0);
	ck_assert(plan.unit.is_slice);
	ck_assert_str_eq(own_words("Delegate"), "");
}
END_TEST

START_TEST(subgroup)
{
	struct oci_pair note = { "run.oci.systemd.subgroup", "inner" };
	config.annotations.v = &note;
	config.annotations.n = 1;
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(plan.path, "/sys/fs/cgroup/system.slice/ocirun-web.scope/inner");
	note.value = "../x";
	ck_assert_int_lt(make(), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "/annotations/run.oci.systemd.subgroup"));
	note.value = "";
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(plan.path, "/sys/fs/cgroup/system.slice/ocirun-web.scope");
}
END_TEST

/* ---- limits ---- */

static const struct {
	const char *file, *value, *prop, *words;
} limits[] = {
	{ "memory.max", "1000", "?MemoryMax", "t 1000" },
	{ "memory.max", "max", "?MemoryMax", "t 18446744073709551615" },
	{ "memory.high", "2G", "?MemoryHigh", "t 2147483648" },
	{ "memory.high", "2X", "?MemoryHigh", "" },
	{ "memory.swap.max", "0", "?MemorySwapMax", "t 0" },
	{ "pids.max", "max", "?TasksMax", "t 18446744073709551615" },
	{ "cpu.weight", "59", "?CPUWeight", "t 59" },
	{ "cpu.idle", "1", "?CPUWeight", "t 0" },
	{ "cpu.idle", "0", "?CPUWeight", "t 100" },
	{ "cpu.max", "50000 100000", "?CPUQuotaPerSecUSec", "t 500000" },
	{ "cpu.max", "33333 100000", "?CPUQuotaPerSecUSec", "t 340000" },
	{ "cpu.max", "max 50000", "?CPUQuotaPerSecUSec", "t 18446744073709551615" },
	{ "cpu.max", "max 50000", "?CPUQuotaPeriodUSec", "t 50000" },
	{ "cpu.max", "5 0", "?CPUQuotaPerSecUSec", "" },
	{ "cpuset.cpus", "0-2,9", "?AllowedCPUs", "ay 2 7 2" },
	{ "cpuset.cpus", "0", "?AllowedCPUs", "ay 1 1" },
	{ "cpuset.cpus", "99999", "?AllowedCPUs", "" },
	{ "cpuset.cpus", "3-", "?AllowedCPUs", "" },
	{ "cpuset.mems", "1", "?AllowedMemoryNodes", "ay 1 2" },
	{ "io.weight", "default 500", "?IOWeight", "t 500" },
	{ "io.weight", "8:0 500", "?IOWeight", "" },
};

START_TEST(limit)
{
	struct oci_pair pair = { limits[_i].file, limits[_i].value };
	struct oci_resources res = { 0 };
	res.unified.v = &pair;
	res.unified.n = 1;
	lin.resources = &res;
	ck_assert_msg(make() == 0, "%s", err_get()->text);
	ck_assert_str_eq(own_words(limits[_i].prop), limits[_i].words);
}
END_TEST

START_TEST(block_io_weight)
{
	struct oci_block_io io = { .weight = { .set = true, .v = 10 } };
	struct oci_resources res = { .block_io = &io };
	lin.resources = &res;
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(own_words("?IOWeight"), "t 1");
}
END_TEST

START_TEST(devices)
{
	struct oci_device_rule rules[] = {
		{ .allow = OCI_BOOL_TRUE, .type = "c", .major = { .set = true, .v = 7 } },
		{ .allow = OCI_BOOL_FALSE, .access = "rwm" },
		{ .allow = OCI_BOOL_TRUE,
		  .type = "b",
		  .major = { .set = true, .v = 8 },
		  .minor = { .set = true, .v = 1 },
		  .access = "rw" },
	};
	struct oci_resources res = { 0 };
	res.devices.v = rules;
	res.devices.n = 3;
	lin.resources = &res;
	ck_assert_int_eq(make(), 0);
	const char *words = own_words("?DeviceAllow");
	ck_assert_ptr_nonnull(strstr(words, "a(ss) 0; a(ss) 12 /dev/block/8:1 rw char-* m"));
	ck_assert_ptr_null(strstr(words, "char-7 "));
	rules[1].allow = OCI_BOOL_TRUE;
	ck_assert_int_eq(make(), 0);
	ck_assert_str_eq(own_words("?DevicePolicy"), "s auto");
	ck_assert_str_eq(own_words("?DeviceAllow"), "a(ss) 0");
}
END_TEST

/* ---- annotations ---- */

static const struct {
	const char *key, *value, *prop, *words; /* words NULL: refused */
} notes[] = {
	{ "KillSignal", "15", "KillSignal", "i 15" },
	{ "TimeoutStopUSec", "uint64 7000000", "TimeoutStopUSec", "t 7000000" },
	{ "TimeoutStopSec", "uint64 7", "TimeoutStopUSec", "t 7000000" },
	{ "TimeoutStopSec", "1.5", "TimeoutStopUSec", "t 1500000" },
	{ "CPUQuotaPerSecUSec", "uint64 9", "CPUQuotaPerSecUSec", "t 9" },
	{ "CollectMode", "'inactive-or-failed'", "CollectMode", "s inactive-or-failed" },
	{ "DefaultDependencies", "true", "DefaultDependencies", "b false; b true" },
	{ "After", "['crio.service', \"b\\\"c\"]", "After", "as 2 crio.service b\"c" },
	{ "After", "@as []", "After", "as 0" },
	{ "Pairs", "[('a', uint32 0x10), ('b', 2)]", "Pairs", "a(su) 2 a 16 b 2" },
	{ "Bytes", "b'ab'", "Bytes", "ay 3 97 98 0" },
	{ "Bytes", "[byte 1, 2]", "Bytes", "ay 2 1 2" },
	{ "Negative", "int64 -5", "Negative", "x -5" },
	{ "After", "[]", NULL, NULL },
	{ "After", "['a', 1]", NULL, NULL },
	{ "After", "['a'", NULL, NULL },
	{ "KillSignal", "15 16", NULL, NULL },
	{ "KillSignal", "byte 256", NULL, NULL },
	{ "KillSignal", "uint32 -1", NULL, NULL },
	{ "KillSignal", "TERM", NULL, NULL },
	{ "KillSignal", "", NULL, NULL },
	{ "KillSignal", "'x", NULL, NULL },
	{ "KillSignal", "{'a': 1}", NULL, NULL },
	{ "TimeoutStopSec", "'x'", NULL, NULL },
	{ "PIDs", "[uint32 1]", NULL, NULL },
	{ "Slice", "'a.slice'", NULL, NULL },
	{ "X", "1", NULL, NULL },
	{ "Kill_Signal", "1", NULL, NULL },
	{ "Deep", "[[[[[[[[1]]]]]]]]", NULL, NULL },
};

START_TEST(note)
{
	const char *key = arena_printf(a, "org.systemd.property.%s", notes[_i].key);
	struct oci_pair pair = { key, notes[_i].value };
	config.annotations.v = &pair;
	config.annotations.n = 1;
	int r = make();
	if (!notes[_i].words) {
		ck_assert_msg(r < 0, "%s", notes[_i].value);
		ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
		ck_assert_msg(strstr(err_get()->text, key) != NULL, "%s", err_get()->text);
		return;
	}
	ck_assert_msg(r == 0, "%s", err_get()->text);
	ck_assert_str_eq(own_words(notes[_i].prop), notes[_i].words);
}
END_TEST

TCase *tcase_cgroup_systemd(void);
TCase *tcase_cgroup_systemd(void)
{
	TCase *t = tcase_create("cgroup_systemd");
	tcase_add_checked_fixture(t, setup, teardown);
	if (!cgroup_systemd_built())
		return t; /* then the planner refuses: test_cgroup_plan.c */
	tcase_add_loop_test(t, name, 0, ARRAY_SIZE(names));
	tcase_add_loop_test(t, bad_name, 0, ARRAY_SIZE(bad_names));
	tcase_add_test(t, user_manager);
	tcase_add_test(t, own_properties);
	tcase_add_test(t, subgroup);
	tcase_add_loop_test(t, limit, 0, ARRAY_SIZE(limits));
	tcase_add_test(t, block_io_weight);
	tcase_add_test(t, devices);
	tcase_add_loop_test(t, note, 0, ARRAY_SIZE(notes));
	return t;
}
