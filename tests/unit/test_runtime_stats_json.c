/* SPDX-License-Identifier: Apache-2.0 */
/* The object that engines parse, letter by letter: which keys stay when there is nothing to tell,
 * and where the commas go. */
#include <check.h>

#include "runtime/stats_json.h"

static struct arena *a;
static struct cgroup_stat v;
static struct resctrl_stat rdt;

static void setup(void)
{
	a = arena_new();
	v = (struct cgroup_stat){ 0 };
	rdt = (struct resctrl_stat){ 0 };
}

static void teardown(void)
{
	arena_free(a);
}

#define CPUSET                                                                              \
	"\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"            \
	"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"            \
	"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0}"

/* The members in their order; `rest` is what comes after them. */
static void is(const char *cpu, const char *memory, const char *rest)
{
	struct str s;
	str_init(&s, a, 0);
	stats_json(&v, &rdt, &s);
	ck_assert_str_eq(s.v, arena_printf(a, "{\"cpu\":{%s}," CPUSET ",\"memory\":{%s},%s}", cpu,
					   memory, rest));
}

#define NO_REST                                                                      \
	"\"pids\":{},\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},\"network_interfaces\":" \
	"null"

static const struct cgroup_psi psi = { true,
				       { "1.00", "2.00", "3.00", "4" },
				       { "0", "0", "0", "5" } };
#define PSI                                                                         \
	"\"psi\":{\"some\":{\"avg10\":1.00,\"avg60\":2.00,\"avg300\":3.00,\"total\":4}," \
	"\"full\":{\"avg10\":0,\"avg60\":0,\"avg300\":0,\"total\":5}}"

START_TEST(nothing)
{
	is("", "", NO_REST);
}
END_TEST

START_TEST(cpu)
{
	v.cpu_ns = UINT64_MAX;
	is("\"usage\":{\"total\":18446744073709551615,\"kernel\":0,\"user\":0}", "", NO_REST);
	v.cpu_psi = psi;
	v.system_ns = 2;
	v.user_ns = 1;
	is("\"usage\":{\"total\":18446744073709551615,\"kernel\":2,\"user\":1}," PSI, "", NO_REST);
	v.throttled_ns = 3;
	is("\"usage\":{\"total\":18446744073709551615,\"kernel\":2,\"user\":1},"
	   "\"throttling\":{\"periods\":0,\"throttledPeriods\":0,\"throttledTime\":3}," PSI,
	   "", NO_REST);
	v = (struct cgroup_stat){ .periods = 1, .throttled_periods = 2 };
	is("\"throttling\":{\"periods\":1,\"throttledPeriods\":2,\"throttledTime\":0}", "",
	   NO_REST);
	v = (struct cgroup_stat){ .cpu_psi = psi };
	is(PSI, "", NO_REST);
}
END_TEST

START_TEST(memory)
{
	v.memory_psi = psi;
	is("", PSI, NO_REST);
	v.has_memory = true;
	v.memory.limit = UINT64_MAX;
	is("", "\"usage\":{\"limit\":18446744073709551615,\"failcnt\":0}," PSI, NO_REST);
	v.memory_psi.there = false;
	v.cache = 1;
	v.memory = (struct cgroup_use){ .limit = 4, .usage = 2, .max = 3, .failcnt = 5 };
	v.has_swap = true;
	v.swap.limit = 6;
	struct cgroup_number anon = { "anon", 7 }, odd = { "a\"b", 0 };
	vec_push(a, &v.memory_raw, anon);
	vec_push(a, &v.memory_raw, odd);
	is("",
	   "\"cache\":1,\"usage\":{\"limit\":4,\"usage\":2,\"max\":3,\"failcnt\":5},"
	   "\"swap\":{\"limit\":6,\"failcnt\":0},\"raw\":{\"anon\":7,\"a\\\"b\":0}",
	   NO_REST);
	v = (struct cgroup_stat){ 0 };
	vec_push(a, &v.memory_raw, anon);
	is("", "\"raw\":{\"anon\":7}", NO_REST);
}
END_TEST

START_TEST(the_rest)
{
	v.pids_limit = 5;
	struct cgroup_io io = { 8, 1, 10, 20, 3, 4 }, other = { 253, 0, 0, 0, 0, 0 };
	vec_push(a, &v.io, io);
	vec_push(a, &v.io, other);
	v.io_psi = psi;
	struct cgroup_huge huge = { "2MB", 4096, 8192, 1 }, none = { "1GB", 0, 0, 0 };
	vec_push(a, &v.huge, none);
	vec_push(a, &v.huge, huge);
	is("", "",
	   "\"pids\":{\"limit\":5},\"blkio\":{\"ioServiceBytesRecursive\":["
	   "{\"major\":8,\"minor\":1,\"op\":\"Read\",\"value\":10},"
	   "{\"major\":8,\"minor\":1,\"op\":\"Write\",\"value\":20},"
	   "{\"major\":253,\"minor\":0,\"op\":\"Read\",\"value\":0},"
	   "{\"major\":253,\"minor\":0,\"op\":\"Write\",\"value\":0}],\"ioServicedRecursive\":["
	   "{\"major\":8,\"minor\":1,\"op\":\"Read\",\"value\":3},"
	   "{\"major\":8,\"minor\":1,\"op\":\"Write\",\"value\":4},"
	   "{\"major\":253,\"minor\":0,\"op\":\"Read\",\"value\":0},"
	   "{\"major\":253,\"minor\":0,\"op\":\"Write\",\"value\":0}]," PSI "},"
	   "\"hugetlb\":{\"1GB\":{\"failcnt\":0},"
	   "\"2MB\":{\"usage\":4096,\"max\":8192,\"failcnt\":1}},"
	   "\"intel_rdt\":{},\"network_interfaces\":null");
	v = (struct cgroup_stat){ .pids = 3, .pids_limit = 5, .io_psi = psi };
	is("", "",
	   "\"pids\":{\"current\":3,\"limit\":5},\"blkio\":{" PSI "},\"hugetlb\":{},"
	   "\"intel_rdt\":{},\"network_interfaces\":null");
}
END_TEST

static void rdt_is(const char *text)
{
	is("", "",
	   arena_printf(a, "\"pids\":{},\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{%s},"
			   "\"network_interfaces\":null", text));
}

/* Each member alone, so that none counts on another for its comma. */
START_TEST(cache_and_bandwidth)
{
	rdt = (struct resctrl_stat){ .l3 = true, .cbm_mask = "ff", .l3_closids = 4 };
	rdt_is("\"l3_cache_info\":{\"cbm_mask\":\"ff\",\"num_closids\":4}");
	rdt = (struct resctrl_stat){ .mb = true, .min_bandwidth = 10, .mb_closids = 8 };
	rdt_is("\"mem_bw_info\":{\"bandwidth_gran\":0,\"delay_linear\":0,\"min_bandwidth\":10,"
	       "\"num_closids\":8}");
	rdt = (struct resctrl_stat){ .group.mb = "MB:0=1", .root.mb = "MB:0=2" };
	rdt_is("\"mem_bw_schema_root\":\"MB:0=2\",\"mem_bw_schema\":\"MB:0=1\"");
	rdt = (struct resctrl_stat){ .group.l3 = "L3:0=1" };
	const char *line = "L3:0=1";
	vec_push(a, &rdt.group.all, line);
	rdt_is("\"l3_cache_schema\":\"L3:0=1\",\"schemata\":[\"L3:0=1\"]");
	rdt = (struct resctrl_stat){ .mbm = true, .cmt = true };
	struct resctrl_node some = { .has_local = true, .local_bytes = 3, .has_occupancy = true },
			    empty = { 0 };
	vec_push(a, &rdt.nodes, empty);
	vec_push(a, &rdt.nodes, some);
	rdt_is("\"mbm_stats\":[{},{\"mbm_local_bytes\":3}],"
	       "\"cmt_stats\":[{},{\"llc_occupancy\":0}]");
	rdt.mbm = false;
	rdt_is("\"cmt_stats\":[{},{\"llc_occupancy\":0}]");
}
END_TEST

TCase *tcase_runtime_stats_json(void);
TCase *tcase_runtime_stats_json(void)
{
	TCase *tc = tcase_create("runtime_stats_json");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing);
	tcase_add_test(tc, cpu);
	tcase_add_test(tc, memory);
	tcase_add_test(tc, the_rest);
	tcase_add_test(tc, cache_and_bandwidth);
	return tc;
}
