/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as JSON against the list of writes it becomes, and against the refusals. */
#include <check.h>

#include "cgroup/cgroup.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static const struct {
	const char *json, *writes;
} good[] = {
	{ "{}", "" },
	{ "{\"cpu\":{\"shares\":1024}}", "cpu.weight=100;" },
	{ "{\"cpu\":{\"shares\":2}}", "cpu.weight=1;" },
	{ "{\"cpu\":{\"shares\":0}}", "" },
	{ "{\"cpu\":{\"shares\":512}}", "cpu.weight=59;" },
	{ "{\"cpu\":{\"shares\":262144}}", "cpu.weight=10000;" },
	{ "{\"cpu\":{\"shares\":999999999}}", "cpu.weight=10000;" },
	{ "{\"cpu\":{\"shares\":1024,\"idle\":1}}", "cpu.idle=1;" },
	{ "{\"cpu\":{\"shares\":1024,\"idle\":0}}", "cpu.idle=0?;cpu.weight=100;" },
	{ "{\"cpu\":{\"quota\":50000}}", "cpu.max=50000 100000;" },
	{ "{\"cpu\":{\"quota\":-1}}", "cpu.max=max 100000;" },
	{ "{\"cpu\":{\"period\":20000}}", "cpu.max=max 20000;" },
	{ "{\"cpu\":{\"quota\":1000,\"period\":20000,\"burst\":500}}",
	  "cpu.max.burst=500;cpu.max=1000 20000;" },
	{ "{\"cpu\":{\"realtimeRuntime\":0,\"realtimePeriod\":0}}", "" },
	{ "{\"cpu\":{\"cpus\":\"0-3\",\"mems\":\"0\",\"quota\":5000}}",
	  "cpuset.cpus=0-3;cpuset.mems=0;cpu.max=5000 100000;" },
	{ "{\"memory\":{\"limit\":1000,\"swap\":3000}}", "memory.swap.max=2000;memory.max=1000;" },
	{ "{\"memory\":{\"limit\":1000,\"swap\":1000}}", "memory.swap.max=0?;memory.max=1000;" },
	{ "{\"memory\":{\"limit\":-1}}", "memory.swap.max=max?;memory.max=max;" },
	{ "{\"memory\":{\"limit\":-1,\"swap\":500}}", "memory.swap.max=500;memory.max=max;" },
	{ "{\"memory\":{\"swap\":-1}}", "memory.swap.max=max?;" },
	{ "{\"memory\":{\"swap\":0,\"limit\":0,\"reservation\":0}}", "" },
	{ "{\"memory\":{\"limit\":5,\"reservation\":4}}", "memory.max=5;memory.low=4;" },
	{ "{\"memory\":{\"reservation\":-1,\"swappiness\":60,\"disableOOMKiller\":true}}",
	  "memory.low=max;" },
	{ "{\"pids\":{\"limit\":0}}", "pids.max=1;" },
	{ "{\"pids\":{\"limit\":-1}}", "pids.max=max;" },
	{ "{\"pids\":{\"limit\":7}}", "pids.max=7;" },
	{ "{\"blockIO\":{\"weight\":10}}", "io.bfq.weight=10|io.weight=default 1;" },
	{ "{\"blockIO\":{\"weight\":1000}}", "io.bfq.weight=1000|io.weight=default 10000;" },
	{ "{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":505}]}}",
	  "io.bfq.weight=8:0 505|io.weight=8:0 5000;" },
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":9}],"
	  "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":1,\"rate\":0}]}}",
	  "io.max=8:0 rbps=9;io.max=8:1 wiops=max;" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4}]}",
	  "hugetlb.2MB.max=4;hugetlb.2MB.rsvd.max=4?;" },
	{ "{\"rdma\":{\"mlx5_0\":{\"hcaHandles\":3,\"hcaObjects\":9}}}",
	  "rdma.max=mlx5_0 hca_handle=3 hca_object=9;" },
	{ "{\"network\":{\"classID\":0,\"priorities\":[]}}", "" },
	{ "{\"pids\":{\"limit\":7},\"unified\":{\"memory.high\":\"1\",\"io.max\":\"8:0 "
	  "rbps=1\\n8:1 rbps=2\\n\"}}",
	  "pids.max=7;memory.high=1;io.max=8:0 rbps=1;io.max=8:1 rbps=2;" },
};

static int translate(const char *json, struct cgroup_resources *out)
{
	struct oci_diag diag;
	const struct oci_resources *r =
		oci_decode(a, oci_resources_type(), json, strlen(json), 0, &diag);
	ck_assert_msg(r != NULL, "%s: %s", json, r ? "" : diag.text);
	return cgroup_resources_make(a, r, out);
}

START_TEST(translates)
{
	struct cgroup_resources res;
	struct str s;

	ck_assert_msg(translate(good[_i].json, &res) == 0, "%s: %s", good[_i].json,
		      err_get()->text);
	str_init(&s, a, 0);
	for (size_t i = 0; i < res.writes.n; i++) {
		const struct cgroup_write *w = &res.writes.v[i];
		str_addf(&s, "%s=%s", w->file, w->value);
		if (w->alt_file)
			str_addf(&s, "|%s=%s", w->alt_file, w->alt_value);
		str_add(&s, w->missing_ok ? "?;" : ";");
		ck_assert_ptr_nonnull(after_prefix(w->key, "/linux/resources/"));
	}
	ck_assert_str_eq(s.v, good[_i].writes);
}
END_TEST

static const struct {
	const char *json, *text;
} bad[] = {
	{ "{\"cpu\":{\"idle\":2}}", "/linux/resources/cpu/idle: must be 0 or 1" },
	{ "{\"cpu\":{\"cpus\":\"0\\n1\"}}",
	  "/linux/resources/cpu/cpus: must not contain control characters" },
	{ "{\"memory\":{\"swap\":5}}", "unable to set swap limit without memory limit" },
	{ "{\"memory\":{\"swap\":5,\"limit\":6}}", "memory+swap limit should be >= memory limit" },
	{ "{\"memory\":{\"limit\":-2}}",
	  "/linux/resources/memory/limit: invalid memory value: -2" },
	{ "{\"blockIO\":{\"weight\":9}}", "must be between 10 and 1000, not 9" },
	{ "{\"blockIO\":{\"weight\":1001}}", "must be between 10 and 1000" },
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":-1,\"minor\":0,\"rate\":1}]}}",
	  "is not a device number" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"../memory.max\",\"limit\":1}]}",
	  "is not a page size" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB/x\",\"limit\":1}]}", "is not a page size" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"\",\"limit\":1}]}", "is not a page size" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2TB\",\"limit\":1}]}", "is not a page size" },
	{ "{\"unified\":{\"../memory.max\":\"1\"}}", "must be a file name without any slash" },
	{ "{\"unified\":{\"memory\":\"1\"}}", "must be a file name without any slash" },
	{ "{\"unified\":{\"cgroup.procs\":\"1\"}}", "\"cgroup.procs\" is not a limit" },
	{ "{\"rdma\":{\"a b\":{\"hcaHandles\":3}}}", "is not a device name" },
	{ "{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}",
	  "/linux/resources/devices/0/access: must be made of r, w and m" },
	{ "{\"devices\":[{\"allow\":true,\"type\":\"p\"}]}",
	  "/linux/resources/devices/0/type: must be a, b or c" },
	{ "{\"devices\":[{\"allow\":true,\"major\":-2}]}",
	  "/linux/resources/devices/0: device numbers" },
};

START_TEST(refuses)
{
	struct cgroup_resources res;
	ck_assert_msg(translate(bad[_i].json, &res) < 0, "%s", bad[_i].json);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	ck_assert_msg(strstr(err_get()->text, bad[_i].text) != NULL, "%s", err_get()->text);
}
END_TEST

static const struct {
	const char *json, *text;
} v1only[] = {
	{ "{\"cpu\":{\"realtimeRuntime\":5}}",
	  "/linux/resources/cpu/realtimeRuntime: cgroup v2 has no limits of realtime scheduling" },
	{ "{\"cpu\":{\"realtimePeriod\":6}}",
	  "/linux/resources/cpu/realtimePeriod: cgroup v2 has no limits of realtime scheduling" },
	{ "{\"network\":{\"classID\":5}}",
	  "/linux/resources/network/classID: cgroup v2 has no network classes" },
	{ "{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":3}]}}",
	  "/linux/resources/network/priorities: cgroup v2 has no network priorities" },
};

START_TEST(refuses_what_only_v1_has)
{
	struct cgroup_resources res;
	ck_assert_msg(translate(v1only[_i].json, &res) < 0, "%s", v1only[_i].json);
	ck_assert_int_eq(err_get()->kind, ERR_UNSUPPORTED);
	ck_assert_str_eq(err_get()->text, v1only[_i].text);
}
END_TEST

START_TEST(names_the_controllers)
{
	struct cgroup_resources res;
	ck_assert_int_eq(
		translate("{\"cpu\":{\"cpus\":\"0\",\"quota\":5,\"idle\":0},\"memory\":{\"limit\":-"
			  "1},"
			  "\"unified\":{\"cgroup.max.depth\":\"1\",\"memory.high\":\"1\"}}",
			  &res),
		0);
	ck_assert_uint_eq(res.controllers.n, 3);
	ck_assert_str_eq(res.controllers.v[0], "cpuset");
	ck_assert_str_eq(res.controllers.v[1], "memory");
	ck_assert_str_eq(res.controllers.v[2], "cpu");
}
END_TEST

START_TEST(notes_what_has_no_effect)
{
	struct cgroup_resources res;
	ck_assert_int_eq(
		translate("{\"memory\":{\"kernel\":5,\"checkBeforeUpdate\":true,\"limit\":9}}",
			  &res),
		0);
	ck_assert_uint_eq(res.notes.n, 1);
	ck_assert_int_eq(res.check_limit, 9);
}
END_TEST

TCase *tcase_cgroup_resources(void);
TCase *tcase_cgroup_resources(void)
{
	TCase *t = tcase_create("cgroup_resources");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, translates, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(t, refuses, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(t, refuses_what_only_v1_has, 0, ARRAY_SIZE(v1only));
	tcase_add_test(t, names_the_controllers);
	tcase_add_test(t, notes_what_has_no_effect);
	return t;
}
