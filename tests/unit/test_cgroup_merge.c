/* SPDX-License-Identifier: Apache-2.0 */
/* update as a pure function: stored resources and asked ones as JSON, against what is written now
 * and what is kept. */
#include <check.h>

#include "cgroup/driver.h"

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

static const struct oci_resources *decode(const char *json)
{
	struct oci_diag diag;
	const struct oci_resources *r =
		oci_decode(a, oci_resources_type(), json, strlen(json), 0, &diag);
	ck_assert_msg(r != NULL, "%s: %s", json, r ? "" : diag.text);
	return r;
}

static int change(const char *stored, const char *asked, struct cgroup_change *ch)
{
	const struct cgroup_plan base = { .manager = CGROUP_FS, .root = "/r", .path = "/r/x" };
	return cgroup_change_make(a, &base, stored ? decode(stored) : NULL, decode(asked), ch);
}

static const struct {
	const char *stored, *asked, *writes, *kept;
} good[] = {
	{ NULL, "{}", "", "{}" },
	{ NULL, "{\"pids\":{\"limit\":0}}", "pids.max=1;", "{\"pids\":{\"limit\":0}}" },
	/* absent keeps */
	{ "{\"pids\":{\"limit\":5},\"cpu\":{\"shares\":2,\"cpus\":\"0\"}}",
	  "{\"cpu\":{\"cpus\":\"1\",\"shares\":0}}", "cpuset.cpus=1;",
	  "{\"cpu\":{\"shares\":2,\"cpus\":\"1\"},\"pids\":{\"limit\":5}}" },
	/* a lone period or quota is written with the stored other */
	{ "{\"cpu\":{\"quota\":5000,\"period\":20000}}", "{\"cpu\":{\"period\":30000}}",
	  "cpu.max=5000 30000;", "{\"cpu\":{\"quota\":5000,\"period\":30000}}" },
	{ "{\"cpu\":{\"quota\":5000,\"period\":20000}}", "{\"cpu\":{\"quota\":-1}}",
	  "cpu.max=max 20000;", "{\"cpu\":{\"quota\":-1,\"period\":20000}}" },
	{ NULL, "{\"cpu\":{\"quota\":7000}}", "cpu.max=7000 100000;",
	  "{\"cpu\":{\"quota\":7000}}" },
	{ "{\"cpu\":{\"quota\":5000}}", "{\"cpu\":{\"burst\":0,\"quota\":0}}", "cpu.max.burst=0;",
	  "{\"cpu\":{\"quota\":5000,\"burst\":0}}" },
	/* idle */
	{ "{\"cpu\":{\"shares\":512}}", "{\"cpu\":{\"idle\":1}}", "cpu.idle=1;",
	  "{\"cpu\":{\"idle\":1}}" },
	{ "{\"cpu\":{\"shares\":512,\"idle\":1}}", "{\"cpu\":{\"idle\":0}}",
	  "cpu.idle=0;cpu.weight=59;", "{\"cpu\":{\"shares\":512,\"idle\":0}}" },
	{ "{\"cpu\":{\"idle\":1}}", "{\"cpu\":{\"idle\":0,\"shares\":1024}}",
	  "cpu.idle=0;cpu.weight=100;", "{\"cpu\":{\"shares\":1024,\"idle\":0}}" },
	/* memory and swap */
	{ "{\"memory\":{\"limit\":100,\"swap\":150}}", "{\"memory\":{\"limit\":200}}",
	  "memory.max=200;", "{\"memory\":{\"limit\":200,\"swap\":250}}" },
	{ "{\"memory\":{\"limit\":100,\"swap\":150}}", "{\"memory\":{\"limit\":-1}}",
	  "memory.swap.max=max;memory.max=max;", "{\"memory\":{\"limit\":-1,\"swap\":-1}}" },
	{ "{\"memory\":{\"limit\":100}}", "{\"memory\":{\"swap\":170}}",
	  "memory.swap.max=70;memory.max=100;", "{\"memory\":{\"limit\":100,\"swap\":170}}" },
	{ "{\"memory\":{\"limit\":-1,\"swap\":50}}", "{\"memory\":{\"limit\":200}}",
	  "memory.max=200;", "{\"memory\":{\"limit\":200,\"swap\":250}}" },
	{ NULL, "{\"memory\":{\"swap\":-1}}", "memory.swap.max=max;",
	  "{\"memory\":{\"swap\":-1}}" },
	{ "{\"memory\":{\"limit\":100,\"swap\":150}}", "{\"memory\":{\"swap\":100,\"limit\":100}}",
	  "memory.swap.max=0;memory.max=100;", "{\"memory\":{\"limit\":100,\"swap\":100}}" },
	/* lists */
	{ "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":9},"
	  "{\"major\":8,\"minor\":16,\"rate\":5}]}}",
	  "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":0},"
	  "{\"major\":8,\"minor\":16,\"rate\":6},{\"major\":1,\"minor\":1,\"rate\":7}]}}",
	  "io.max=8:0 rbps=max;io.max=8:16 rbps=6;io.max=1:1 rbps=7;",
	  "{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":16,\"rate\":6},"
	  "{\"major\":1,\"minor\":1,\"rate\":7}]}}" },
	{ "{\"blockIO\":{\"weight\":100,\"weightDevice\":[{\"major\":8,\"minor\":0,"
	  "\"weight\":20}]}}",
	  "{\"blockIO\":{\"weight\":0,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":0}]}}",
	  "io.bfq.weight=8:0 default;", "{\"blockIO\":{\"weight\":100,\"weightDevice\":[]}}" },
	{ "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}]}",
	  "{\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":2},{\"pageSize\":\"2MB\","
	  "\"limit\":3}]}",
	  "hugetlb.1GB.max=2;hugetlb.1GB.rsvd.max=2;hugetlb.2MB.max=3;hugetlb.2MB.rsvd.max=3;",
	  "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":3},{\"pageSize\":\"1GB\","
	  "\"limit\":2}]}" },
	/* unified: joined by file; a limit by its proper name overrules a stored file */
	{ "{\"unified\":{\"memory.high\":\"1\",\"pids.max\":\"9\",\"io.max\":\"8:0 rbps=1\"}}",
	  "{\"unified\":{\"memory.high\":\"2\"},\"pids\":{\"limit\":3}}",
	  "pids.max=3;memory.high=2;",
	  "{\"unified\":{\"memory.high\":\"2\",\"io.max\":\"8:0 rbps=1\"},"
	  "\"pids\":{\"limit\":3}}" },
	{ NULL, "{\"unified\":{\"pids.max\":\"4\"},\"pids\":{\"limit\":3}}",
	  "pids.max=3;pids.max=4;", "{\"unified\":{\"pids.max\":\"4\"},\"pids\":{\"limit\":3}}" },
};

static const char *written(const struct cgroup_change *ch)
{
	struct str s;
	str_init(&s, a, 0);
	for (size_t i = 0; i < ch->writes.writes.n; i++)
		str_addf(&s, "%s=%s;", ch->writes.writes.v[i].file, ch->writes.writes.v[i].value);
	return s.v;
}

START_TEST(lays_over)
{
	struct cgroup_change ch;
	size_t len;
	ck_assert_msg(change(good[_i].stored, good[_i].asked, &ch) == 0, "%s: %s", good[_i].asked,
		      err_get()->text);
	ck_assert_str_eq(written(&ch), good[_i].writes);
	ck_assert_msg(oci_equal(oci_resources_type(), &ch.kept, decode(good[_i].kept)),
		      "%s: kept %s", good[_i].asked,
		      oci_encode(a, oci_resources_type(), &ch.kept, NULL, &len));
}
END_TEST

static const struct {
	const char *stored, *asked, *text;
} bad[] = {
	{ NULL, "{\"memory\":{\"swap\":5}}", "unable to set swap limit without memory limit" },
	{ "{\"memory\":{\"limit\":100}}", "{\"memory\":{\"swap\":5}}",
	  "memory+swap limit should be >= memory limit" },
	{ NULL, "{\"memory\":{\"limit\":-2}}", "invalid memory value" },
	{ "{\"cpu\":{\"idle\":1}}", "{\"cpu\":{\"shares\":100}}", "an idle cgroup has no weight" },
	{ NULL, "{\"cpu\":{\"idle\":2}}", "must be 0 or 1" },
	{ NULL, "{\"cpu\":{\"realtimeRuntime\":5}}", "no limits of realtime" },
	{ NULL, "{\"cpu\":{\"realtimePeriod\":5}}", "realtimePeriod: cgroup v2 has no limits" },
	{ NULL, "{\"network\":{\"classID\":5}}", "network/classID: cgroup v2 has no network" },
	{ NULL, "{\"network\":{\"priorities\":[{\"name\":\"l\",\"priority\":1}]}}",
	  "network/priorities" },
	{ NULL, "{\"devices\":[{\"allow\":true,\"access\":\"x\"}]}", "must be made of r, w and m" },
};

START_TEST(refuses)
{
	struct cgroup_change ch;
	ck_assert_int_lt(change(bad[_i].stored, bad[_i].asked, &ch), 0);
	ck_assert_msg(strstr(err_get()->text, bad[_i].text) != NULL, "%s", err_get()->text);
}
END_TEST

START_TEST(device_rules_are_replaced)
{
	const char *stored = "{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}";
	struct cgroup_change ch;

	ck_assert_int_eq(change(stored, "{\"devices\":[],\"pids\":{\"limit\":1}}", &ch), 0);
	ck_assert(!ch.new_rules);
	ck_assert_uint_eq(ch.kept.devices.n, 1);
	ck_assert_int_eq(change(stored, stored, &ch), 0);
	ck_assert(!ch.new_rules);
	ck_assert_int_eq(change(stored,
				"{\"devices\":[{\"allow\":false},{\"allow\":true,\"type\":\"c\","
				"\"major\":10,\"minor\":229,\"access\":\"rw\"}]}",
				&ch),
			 0);
	ck_assert(ch.new_rules);
	ck_assert_uint_eq(ch.kept.devices.n, 2);
	ck_assert_int_eq(change(stored, "{\"devices\":[{\"allow\":true}]}", &ch), 0);
	ck_assert(ch.new_rules && !ch.old.all_devices);
}
END_TEST

START_TEST(checks_before)
{
	struct cgroup_change ch;
	const char *asked = "{\"memory\":{\"limit\":50,\"swap\":70,\"checkBeforeUpdate\":true}}";
	ck_assert_int_eq(change(NULL, asked, &ch), 0);
	ck_assert_int_eq(ch.writes.check_limit, 50);
	ck_assert_int_eq(ch.writes.check_swap, 70);
	ck_assert_int_eq(change("{\"memory\":{\"limit\":9,\"checkBeforeUpdate\":true}}",
				"{\"memory\":{\"limit\":8}}", &ch),
			 0);
	ck_assert_int_eq(ch.writes.check_limit, 0);
}
END_TEST

static const struct {
	const char *file, *value, *text, *before;
} undo[] = {
	{ "memory.max", "5", "max\n", "max" },
	{ "cpu.max", "5 6", "max 100000\n", "max 100000" },
	{ "cpuset.cpus", "1", "\n", "\n" },
	{ "cpuset.cpus", "1", "0-3,5\n", "0-3,5" },
	{ "io.max", "8:0 rbps=1", "8:16 rbps=2 wbps=max riops=max wiops=max\n",
	  "8:0 rbps=max wbps=max riops=max wiops=max" },
	{ "io.max", "8:1 rbps=1", "8:16 rbps=2\n8:1 rbps=3 wbps=4\n", "8:1 rbps=3 wbps=4" },
	{ "io.weight", "default 5", "default 100\n8:0 7\n", "default 100" },
	{ "io.weight", "8:0 5", "default 100\n", "8:0 default" },
	{ "io.bfq.weight", "5", "default 100\n", "default 100" },
	{ "rdma.max", "m hca_handle=1", "", "m hca_handle=max hca_object=max" },
};

START_TEST(undoes)
{
	ck_assert_str_eq(cgroup_value_before(a, undo[_i].file, undo[_i].value, undo[_i].text),
			 undo[_i].before);
}
END_TEST

TCase *tcase_cgroup_merge(void);
TCase *tcase_cgroup_merge(void)
{
	TCase *t = tcase_create("cgroup_merge");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, lays_over, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(t, refuses, 0, ARRAY_SIZE(bad));
	tcase_add_test(t, device_rules_are_replaced);
	tcase_add_test(t, checks_before);
	tcase_add_loop_test(t, undoes, 0, ARRAY_SIZE(undo));
	return t;
}
