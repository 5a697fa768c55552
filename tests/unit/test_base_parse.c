/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers: what is accepted, and that everything else is refused. */
#include <check.h>

#include "base/parse.h"

static const char *const not_numbers[] = { "",     " 1",  "1 ",  "+1", "-1",
					   "0x10", "1e3", "1.0", "x",  "1\n" };

START_TEST(u64_is_strict)
{
	uint64_t v = 5;

	ck_assert_int_lt(parse_u64("count", not_numbers[_i], UINT64_MAX, &v), 0);
	ck_assert_uint_eq(v, 5);
	ck_assert_int_eq(err_get()->kind, ERR_USAGE);
}
END_TEST

START_TEST(u64_has_limits)
{
	uint64_t v = 0;

	ck_assert_int_eq(parse_u64("count", "18446744073709551615", UINT64_MAX, &v), 0);
	ck_assert_uint_eq(v, UINT64_MAX);
	ck_assert_int_lt(parse_u64("count", "18446744073709551616", UINT64_MAX, &v), 0);
	ck_assert_int_eq(parse_u64("count", "10", 10, &v), 0);
	ck_assert_int_lt(parse_u64("count", "11", 10, &v), 0);
	ck_assert_str_eq(err_get()->text, "invalid count \"11\": larger than 10");
}
END_TEST

START_TEST(i64_has_limits)
{
	int64_t v = 0;

	ck_assert_int_eq(parse_i64("score", "-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	ck_assert(v == INT64_MIN);
	ck_assert_int_eq(parse_i64("score", "9223372036854775807", INT64_MIN, INT64_MAX, &v), 0);
	ck_assert(v == INT64_MAX);
	ck_assert_int_lt(parse_i64("score", "9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	ck_assert_int_lt(parse_i64("score", "-9223372036854775809", INT64_MIN, INT64_MAX, &v), 0);
	ck_assert_int_lt(parse_i64("score", "-1001", -1000, 1000, &v), 0);
	ck_assert_int_lt(parse_i64("score", "-", -1000, 1000, &v), 0);
	ck_assert_int_lt(parse_i64("score", "--1", -1000, 1000, &v), 0);
}
END_TEST

START_TEST(ids_refuse_minus_one)
{
	uint32_t id = 0;

	ck_assert_int_eq(parse_id("user", "4294967294", &id), 0);
	ck_assert_uint_eq(id, 4294967294u);
	ck_assert_int_lt(parse_id("user", "4294967295", &id), 0);
}
END_TEST

START_TEST(users)
{
	uint32_t uid = 9, gid = 9;
	bool has = true;

	ck_assert_int_eq(parse_user("5", &uid, &gid, &has), 0);
	ck_assert(uid == 5 && gid == 9 && !has);
	ck_assert_int_eq(parse_user("6:7", &uid, &gid, &has), 0);
	ck_assert(uid == 6 && gid == 7 && has);
	ck_assert_int_lt(parse_user("6:", &uid, &gid, &has), 0);
	ck_assert_int_lt(parse_user(":7", &uid, &gid, &has), 0);
	ck_assert_int_lt(parse_user("1:2:3", &uid, &gid, &has), 0);
	ck_assert_int_lt(parse_user("0000000000000000000001:2", &uid, &gid, &has), 0);
	ck_assert(uid == 6 && gid == 7);
}
END_TEST

static const struct {
	const char *text;
	int64_t value; /* -2 = refused */
} sizes[] = {
	{ "10", 10 },
	{ "10b", 10 },
	{ "512k", 524288 },
	{ "1M", 1048576 },
	{ "2g", 2147483648 },
	{ "1KiB", 1024 },
	{ "3kb", 3072 },
	{ "-1", -1 },
	{ "-2", -2 },
	{ "", -2 },
	{ "k", -2 },
	{ "1kk", -2 },
	{ "1.5g", -2 },
	{ "9999999999999p", -2 },
	{ "1ib", -2 },
	{ "1 k", -2 },
	{ "9223372036854775807", INT64_MAX },
	{ "9223372036854775808", -2 },
};

START_TEST(sizes_parse)
{
	int64_t v = -2;
	int r = parse_size("size", sizes[_i].text, &v);

	ck_assert_int_eq(r < 0, sizes[_i].value == -2);
	ck_assert(v == sizes[_i].value);
}
END_TEST

static const struct {
	const char *text;
	int64_t ns; /* -1 = refused */
} durations[] = {
	{ "5s", 5000000000 },
	{ "100ms", 100000000 },
	{ "1m30s", 90000000000 },
	{ "1.5h", 5400000000000 },
	{ "0", 0 },
	{ "+2us", 2000 },
	{ "3\xc2\xb5s", 3000 },
	{ "1.25ms", 1250000 },
	{ ".5s", 500000000 },
	{ "1.s", 1000000000 },
	{ "7ns", 7 },
	{ "1.9ns", 1 },
	{ "", -1 },
	{ "5", -1 },
	{ "s", -1 },
	{ ".s", -1 },
	{ "-1s", -1 },
	{ "1x", -1 },
	{ "1s ", -1 },
	{ "9999999999h", -1 },
	{ "1.2.3s", -1 },
};

START_TEST(durations_parse)
{
	int64_t v = -1;
	int r = parse_duration("delay", durations[_i].text, &v);

	ck_assert_int_eq(r < 0, durations[_i].ns < 0);
	ck_assert(v == durations[_i].ns);
}
END_TEST

START_TEST(bools_parse)
{
	bool b = false;

	ck_assert(parse_bool("True", &b) && b);
	ck_assert(parse_bool("f", &b) && !b);
	ck_assert(!parse_bool("yes", &b));
	ck_assert(!parse_bool("", &b));
	ck_assert(!parse_bool("tRUE", &b));
}
END_TEST

TCase *tcase_base_parse(void)
{
	TCase *t = tcase_create("parse");

	tcase_add_loop_test(t, u64_is_strict, 0, ARRAY_SIZE(not_numbers));
	tcase_add_test(t, u64_has_limits);
	tcase_add_test(t, i64_has_limits);
	tcase_add_test(t, ids_refuse_minus_one);
	tcase_add_test(t, users);
	tcase_add_loop_test(t, sizes_parse, 0, ARRAY_SIZE(sizes));
	tcase_add_loop_test(t, durations_parse, 0, ARRAY_SIZE(durations));
	tcase_add_test(t, bools_parse);
	return t;
}
