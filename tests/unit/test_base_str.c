/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings and the escapes of foreign text. */
#include <check.h>

#include "base/str.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(it_grows)
{
	struct str s;

	str_init(&s, a, 0);
	ck_assert_str_eq(s.v, "");
	for (int i = 0; i < 1000; i++)
		str_addf(&s, "%d,", i % 10);
	ck_assert_uint_eq(s.n, 2000);
	ck_assert_uint_eq(strlen(s.v), 2000);
	ck_assert_str_eq(s.v + 1998, "9,");
	ck_assert(!s.truncated);
}
END_TEST

START_TEST(it_stops_at_the_ceiling)
{
	struct str s;

	str_init(&s, a, 5);
	str_add(&s, "abc");
	str_add(&s, "defgh");
	ck_assert_str_eq(s.v, "abcde");
	ck_assert(s.truncated);
	str_addc(&s, 'x');
	ck_assert_str_eq(s.v, "abcde");
}
END_TEST

START_TEST(long_formats_work)
{
	char big[1000];
	struct str s;

	memset(big, 'b', sizeof(big));
	big[999] = '\0';
	str_init(&s, a, 0);
	str_addf(&s, "<%s>", big);
	ck_assert_uint_eq(s.n, 1001);
	ck_assert_int_eq(s.v[1000], '>');
}
END_TEST

static const struct {
	const char *in, *quoted, *json;
} cases[] = {
	{ "plain", "plain", "\"plain\"" },
	{ "a\"b", "a\\x22b", "\"a\\\"b\"" },
	{ "a\\b", "a\\b", "\"a\\\\b\"" },
	{ "l\nm\t\r", "l\\x0am\\x09\\x0d", "\"l\\nm\\t\\r\"" },
	{ "\x1b[0m\x7f", "\\x1b[0m\\x7f", "\"\\u001b[0m\\u007f\"" },
	{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
	  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "\xc3", "\\xc3", "\"\xef\xbf\xbd\"" },
	{ "\xc0\xaf", "\\xc0\\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" }, /* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80",
	  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" }, /* surrogate */
	{ "\xc2\x9b", "\\xc2\\x9b", "\"\\u009b\"" },    /* C1 control */
};

START_TEST(foreign_text_is_escaped)
{
	struct str s, j;

	str_init(&s, a, 0);
	str_init(&j, a, 0);
	str_add_quoted(&s, cases[_i].in);
	str_add_json(&j, cases[_i].in);
	ck_assert_str_eq(s.v, cases[_i].quoted);
	ck_assert_str_eq(j.v, cases[_i].json);
}
END_TEST

TCase *tcase_base_str(void)
{
	TCase *t = tcase_create("str");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, it_grows);
	tcase_add_test(t, it_stops_at_the_ceiling);
	tcase_add_test(t, long_formats_work);
	tcase_add_loop_test(t, foreign_text_is_escaped, 0, ARRAY_SIZE(cases));
	return t;
}
