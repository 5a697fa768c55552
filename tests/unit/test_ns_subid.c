/* SPDX-License-Identifier: Apache-2.0 */
/* Subordinate ids: which lines count, and the map that is made of them. */
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
	const char *passwd;
	uint32_t uid;
	const char *name; /* NULL = nobody */
} users[] = {
	{ "root:x:0:0:root:/root:/bin/sh\nann:x:1000:100::/home/ann:/bin/sh\n", 1000, "ann" },
	{ "ann:x:1000:100::/:\nbob:x:1000:100::/:", 1000, "ann" },
	{ "ann:x:100:1000::/:\n", 1000, NULL },
	{ "ann:x:1000\n", 1000, "ann" },
	{ "ann:x\n\n:\n", 0, NULL },
	{ "+::::::\nann:x: 1000:1:::\nann:x:01000x:1:::\n", 1000, NULL },
	{ "big:x:4294967295:0:::\n", UINT32_MAX, NULL },
	{ "", 0, NULL },
};

START_TEST(user_names)
{
	const char *name = ns_user_name(a, users[_i].passwd, users[_i].uid);
	if (users[_i].name)
		ck_assert_str_eq(name, users[_i].name);
	else
		ck_assert_ptr_null(name);
}
END_TEST

/* The file, the caller's id, and the map for ann, uid 1000, as the kernel would show it. */
static const struct {
	const char *subids;
	uint32_t own;
	const char *map;
} maps[] = {
	{ "", 1000, "0 1000 1\n" },
	{ "ann:100000:65536\n", 1000, "0 1000 1\n1 100000 65536\n" },
	/* no newline at the end; another's line; by number; several */
	{ "bob:1:9\nann:100000:10\n1000:200000:5", 100, "0 100 1\n1 100000 10\n11 200000 5\n" },
	/* names are whole names, numbers whole numbers */
	{ "an:1:1\nanna:2:1\n100:3:1\n10000:4:1\n", 1000, "0 1000 1\n" },
	/* lines that newuidmap would skip too */
	{ "# ann:1:1\nann\nann:\nann:5\nann:5:\nann:x:1\nann:5:-1\nann:5:0\n:5:5\n\nann:7:2\n",
	  1000, "0 1000 1\n1 7 2\n" },
	/* past the last id */
	{ "ann:4294967290:5\nann:4294967290:6\nann:99999999999:1\n", 1000,
	  "0 1000 1\n1 4294967290 5\n" },
	/* the caller's own id is in the middle of a range, and a range comes twice */
	{ "ann:998:5\nann:998:5\n", 1000, "0 1000 1\n1 998 2\n3 1001 2\n" },
	/* a wide range over two that are taken: three pieces of it are new */
	{ "ann:10:5\nann:20:5\nann:8:20\n", 1000,
	  "0 1000 1\n1 10 5\n6 20 5\n11 8 2\n13 15 5\n18 25 3\n" },
	/* nearly all ids there are */
	{ "ann:0:4294967294\n", 1000, "0 1000 1\n1 0 1000\n1001 1001 4294966293\n" },
};

START_TEST(map_of_file)
{
	struct ns_ranges r = { 0 };
	struct ns_id_map m;
	struct ns_map *checked;
	ns_subids(a, maps[_i].subids, "ann", 1000, &r);
	ns_map_ranges(a, maps[_i].own, &r, &m);
	ck_assert_msg(ns_maps_make(a, "/m", m.v, m.n, &checked) == 0, "%s", err_get()->text);
	ck_assert_str_eq(ns_maps_text(a, checked, m.n), maps[_i].map);
}
END_TEST

START_TEST(without_a_name)
{
	struct ns_ranges r = { 0 };
	ns_subids(a, ":1:1\nann:2:1\n1000:3:1\n", NULL, 1000, &r);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.v[0].first, 3);
}
END_TEST

/* However many lines there are, the kernel takes the map. */
START_TEST(many_ranges)
{
	struct ns_ranges r = { 0 };
	struct ns_id_map m;
	struct ns_map *checked;
	for (uint32_t i = 0; i < 400; i++)
		vec_push(a, &r, ((struct ns_range){ 4000000000u + 2 * i, 1 }));
	ns_map_ranges(a, 1000, &r, &m);
	ck_assert_uint_ge(m.n, 100);
	ck_assert_msg(ns_maps_make(a, "/m", m.v, m.n, &checked) == 0, "%s", err_get()->text);
}
END_TEST

TCase *tcase_ns_subid(void);
TCase *tcase_ns_subid(void)
{
	TCase *tc = tcase_create("ns_subid");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, user_names, 0, (int)ARRAY_SIZE(users));
	tcase_add_loop_test(tc, map_of_file, 0, (int)ARRAY_SIZE(maps));
	tcase_add_test(tc, without_a_name);
	tcase_add_test(tc, many_ranges);
	return tc;
}
