/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt -> plan: names, lines, and which of them are refused. */
#include <check.h>

#include "resctrl/resctrl.h"
#include "sys/probe.h"

static struct arena *a;
static struct host host;
static struct oci_intel_rdt rdt;
static struct oci_linux lin;
static struct oci_config config;
static struct resctrl_plan plan;

static void setup(void)
{
	a = arena_new();
	host = (struct host){ .resctrl_root = "/r" };
	rdt = (struct oci_intel_rdt){ 0 };
	lin = (struct oci_linux){ .intel_rdt = &rdt };
	config = (struct oci_config){ .linux_ = &lin };
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static int make(const char *id)
{
	return resctrl_plan_make(a, &config, &host, id, &plan);
}

static void set_schemata(const char **v, size_t n)
{
	rdt.schemata = (struct oci_strs){ .v = v, .n = n, .present = true };
}

static void refused(const char *id, const char *text)
{
	ck_assert_int_lt(make(id), 0);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	ck_assert_msg(after_prefix(err_get()->text, text), "got \"%s\"", err_get()->text);
	err_clear();
}

START_TEST(not_asked)
{
	lin.intel_rdt = NULL;
	host.resctrl_root = NULL;
	ck_assert_int_eq(make("web"), 0);
	ck_assert(!plan.wanted);
	ck_assert_ptr_null(plan.group);
}
END_TEST

START_TEST(own_group)
{
	ck_assert_int_eq(make("web"), 0);
	ck_assert(plan.wanted && plan.own && !plan.must_exist);
	ck_assert_str_eq(plan.group, "/r/web");
	ck_assert_ptr_null(plan.schema);
	ck_assert_ptr_null(plan.monitor);
}
END_TEST

START_TEST(shared_group)
{
	rdt.clos_id = "gold";
	rdt.enable_monitoring = true;
	ck_assert_int_eq(make("web"), 0);
	ck_assert(!plan.own && plan.must_exist);
	ck_assert_str_eq(plan.group, "/r/gold");
	ck_assert_str_eq(plan.monitor, "/r/gold/mon_groups/web");
	rdt.mem_bw_schema = "MB:0=10";
	ck_assert_int_eq(make("web"), 0);
	ck_assert(!plan.must_exist);
	rdt.clos_id = "/";
	ck_assert_int_eq(make("web"), 0);
	ck_assert_str_eq(plan.group, "/r");
}
END_TEST

START_TEST(lines)
{
	const char *more[] = { "L2:0=1", "L3:1=f" };
	rdt.l3_cache_schema = "L3:0=f\nMB:0=50\n";
	ck_assert_int_eq(make("web"), 0);
	ck_assert_str_eq(plan.schema, "L3:0=f\nMB:0=50\n");
	/* the spec: then the line of memBwSchema counts, not the one in l3CacheSchema */
	rdt.mem_bw_schema = "MB:0=20";
	set_schemata(more, 2);
	ck_assert_int_eq(make("web"), 0);
	ck_assert_str_eq(plan.schema, "L3:0=f\nMB:0=20\n");
	ck_assert_str_eq(plan.schemata, "L2:0=1\nL3:1=f\n");
}
END_TEST

START_TEST(bad_lines)
{
	const char *two[] = { "L3:0=f", "L3:0=f\nL3:1=f" };
	rdt.mem_bw_schema = "L3:0=1";
	refused("web", "/linux/intelRdt/memBwSchema: ");
	rdt.mem_bw_schema = "MB:0=1\nMB:1=1";
	refused("web", "/linux/intelRdt/memBwSchema: ");
	rdt.mem_bw_schema = NULL;
	rdt.l3_cache_schema = "\n\n";
	refused("web", "/linux/intelRdt/l3CacheSchema: ");
	rdt.l3_cache_schema = NULL;
	set_schemata(two, 2);
	refused("web", "/linux/intelRdt/schemata/1: ");
	two[0] = "nonsense";
	refused("web", "/linux/intelRdt/schemata/0: ");
}
END_TEST

static const char *const bad_names[] = { "a/b", "/a", "..", ".", "info", "mon_data", "a\nb" };

START_TEST(bad_name)
{
	rdt.clos_id = bad_names[_i];
	refused("web", "/linux/intelRdt/closID: ");
}
END_TEST

START_TEST(id_of_the_kernel)
{
	refused("mon_groups", "/linux/intelRdt/closID: is required");
	rdt.clos_id = "gold";
	ck_assert_int_eq(make("mon_groups"), 0);
	rdt.enable_monitoring = true;
	refused("info", "/linux/intelRdt/enableMonitoring: ");
}
END_TEST

START_TEST(no_resctrl)
{
	host.resctrl_root = "";
	ck_assert_int_lt(make("web"), 0);
	ck_assert_int_eq(err_get()->kind, ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(after_prefix(err_get()->text, "/linux/intelRdt: no resctrl"));
	ck_assert_str_ne(err_get()->hint, "");
	err_clear();
}
END_TEST

START_TEST(printed)
{
	struct str s;
	rdt.l3_cache_schema = "L3:0=f";
	rdt.enable_monitoring = true;
	ck_assert_int_eq(make("web"), 0);
	str_init(&s, a, 0);
	resctrl_plan_print(&plan, &s);
	ck_assert_str_eq(s.v, "resctrl  \"/r/web\" new, removed with the container\n"
			      "         schema \"L3:0=f\"\n"
			      "         monitor \"/r/web/mon_groups/web\"\n");
}
END_TEST

static const struct {
	const char *have, *line;
	bool same;
} schemas[] = {
	{ "    L3:0=00ff;1=00c0\n    MB:0= 100;1=  70\n", "L3:0=ff;1=c0", true },
	{ "    L3:0=00ff;1=00c0\n    MB:0= 100;1=  70\n", "MB:1=70", true },
	{ "L3:0=FF\n", "L3:0=ff", true },
	{ "L3:0=000\n", "L3:00=0", true },
	{ "L3:0=ff\n", "L3:0=f", false },
	{ "L3:0=ff\n", "L3:1=ff", false },
	{ "L3:0=ff\n", "L2:0=ff", false },
	{ "XL3:0=ff\n", "L3:0=ff", false },
	{ "L3:0=ff\n", "L3", false },
	{ "", "L3:0=ff", false },
};

START_TEST(same_schema)
{
	ck_assert_msg(resctrl_schema_matches(schemas[_i].have, schemas[_i].line) ==
			      schemas[_i].same,
		      "\"%s\" in \"%s\"", schemas[_i].line, schemas[_i].have);
}
END_TEST

TCase *tcase_resctrl_plan(void)
{
	TCase *tc = tcase_create("plan");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, not_asked);
	tcase_add_test(tc, own_group);
	tcase_add_test(tc, shared_group);
	tcase_add_test(tc, lines);
	tcase_add_test(tc, bad_lines);
	tcase_add_loop_test(tc, bad_name, 0, ARRAY_SIZE(bad_names));
	tcase_add_test(tc, id_of_the_kernel);
	tcase_add_test(tc, no_resctrl);
	tcase_add_test(tc, printed);
	tcase_add_loop_test(tc, same_schema, 0, ARRAY_SIZE(schemas));
	return tc;
}
