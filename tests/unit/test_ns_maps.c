/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps: what the kernel would answer with a bare EINVAL is refused with the place named. */
#include <check.h>

#include "ns/maps.h"

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
	struct oci_id_mapping v[3];
	size_t n;
	const char *error; /* NULL = good */
} cases[] = {
	{ { { 0, 1000, 1, { 0 } } }, 1, NULL },
	{ { { 0, 0, UINT32_MAX, { 0 } } }, 1, NULL },
	{ { { 0, 1000, 1, { 0 } }, { 1, 100000, 65536, { 0 } } }, 2, NULL },
	{ { { 10, 20, 10, { 0 } }, { 0, 10, 10, { 0 } }, { 20, 0, 10, { 0 } } }, 3, NULL },
	{ { { UINT32_MAX - 1, 5, 1, { 0 } } }, 1, NULL },
	{ { { 0, 1000, 0, { 0 } } }, 1, "/m/0/size: must not be 0" },
	{ { { 1, 0, UINT32_MAX, { 0 } } },
	  1,
	  "/m/0: container ids 1 + 4294967295 go past the last id, 4294967294" },
	{ { { UINT32_MAX, 0, 1, { 0 } } },
	  1,
	  "/m/0: container ids 4294967295 + 1 go past the last id, 4294967294" },
	{ { { 0, 1, 1, { 0 } }, { 1, UINT32_MAX - 9, 10, { 0 } } },
	  2,
	  "/m/1: host ids 4294967286 + 10 go past the last id, 4294967294" },
	{ { { 0, 1000, 10, { 0 } }, { 9, 2000, 10, { 0 } } },
	  2,
	  "/m/1: container ids overlap those of /m/0" },
	{ { { 0, 1000, 10, { 0 } }, { 20, 2000, 1, { 0 } }, { 30, 1009, 1, { 0 } } },
	  3,
	  "/m/2: host ids overlap those of /m/0" },
	{ { { 5, 1000, 1, { 0 } }, { 0, 2000, 65536, { 0 } } },
	  2,
	  "/m/1: container ids overlap those of /m/0" },
};

START_TEST(checked)
{
	struct ns_map *m = NULL;
	int r = ns_maps_make(a, "/m", cases[_i].v, cases[_i].n, &m);
	if (!cases[_i].error) {
		ck_assert_msg(r == 0, "%s", err_get()->text);
		ck_assert_uint_eq(m[cases[_i].n - 1].size, cases[_i].v[cases[_i].n - 1].size);
		return;
	}
	ck_assert_int_lt(r, 0);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	ck_assert_str_eq(err_get()->text, cases[_i].error);
	ck_assert_ptr_null(m);
}
END_TEST

static int make_many(size_t n, uint32_t first)
{
	struct oci_id_mapping *v = arena_calloc(a, n, sizeof(*v));
	struct ns_map *m;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct oci_id_mapping){ .container_id = (uint32_t)i,
						.host_id = first + (uint32_t)i,
						.size = 1 };
	return ns_maps_make(a, "/m", v, n, &m);
}

START_TEST(too_many)
{
	ck_assert_int_eq(make_many(NS_MAX_MAPS, 1), 0);
	ck_assert_int_lt(make_many(NS_MAX_MAPS + 1, 1), 0);
	ck_assert_str_eq(err_get()->text, "/m: 341 mappings, the kernel takes 340");
	ck_assert_int_lt(make_many(NS_MAX_MAPS, 4000000000u), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "bytes, the kernel takes less than 4096"));
}
END_TEST

START_TEST(lookup_and_text)
{
	const struct ns_map m[] = { { 0, 1000, 1 }, { 10, 100000, 5 } };
	static const struct {
		uint32_t id;
		bool there;
	} ids[] = {
		{ 0, true },  { 1, false },  { 9, false },          { 10, true },
		{ 14, true }, { 15, false }, { UINT32_MAX, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ck_assert_int_eq(ns_maps_has(m, 2, ids[i].id), ids[i].there);
	ck_assert_str_eq(ns_maps_text(a, m, 2), "0 1000 1\n10 100000 5\n");
	ck_assert_str_eq(ns_maps_text(a, m, 0), "");
}
END_TEST

START_TEST(helper_arguments)
{
	const struct ns_map m[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };
	static const char *const want[] = { "newuidmap", "42", "0",      "1000",
					    "1",         "1",  "100000", "65536" };
	const char **argv = ns_maps_argv(a, "/usr/bin/newuidmap", 42, m, 2);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		ck_assert_str_eq(argv[i], want[i]);
	ck_assert_ptr_null(argv[ARRAY_SIZE(want)]);
}
END_TEST

START_TEST(first_line)
{
	uint32_t id = 99;
	ck_assert(ns_maps_first("         0     100000      65536\n", &id));
	ck_assert_uint_eq(id, 0);
	ck_assert(ns_maps_first("      5000       1000          1\n         6  7 8\n", &id));
	ck_assert_uint_eq(id, 5000);
	ck_assert(!ns_maps_first("", &id));
	ck_assert(!ns_maps_first("x 1 2\n", &id));
	ck_assert_uint_eq(id, 5000);
}
END_TEST

START_TEST(not_offered)
{
	static const char own[] = "         0       1000          1\n"
				  "         1     100000      65536\n"
				  "     65537     200000        100";
	const struct ns_map m[] = { { 0, 0, 1 }, { 1, 1, 65536 }, { 65537, 65540, 97 } };
	const struct ns_map across[] = { { 0, 1, 5 }, { 5, 0, 2 } };
	const struct ns_map past[] = { { 0, 65537, 101 } };
	ck_assert_uint_eq(ns_maps_not_offered(own, m, 3), 3);
	ck_assert_uint_eq(ns_maps_not_offered(own, across, 2), 1);
	ck_assert_uint_eq(ns_maps_not_offered(own, past, 1), 0);
	ck_assert_uint_eq(ns_maps_not_offered("", m, 1), 0);
}
END_TEST

TCase *tcase_ns_maps(void);
TCase *tcase_ns_maps(void)
{
	TCase *tc = tcase_create("ns_maps");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, checked, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(tc, too_many);
	tcase_add_test(tc, lookup_and_text);
	tcase_add_test(tc, helper_arguments);
	tcase_add_test(tc, first_line);
	tcase_add_test(tc, not_offered);
	return tc;
}
