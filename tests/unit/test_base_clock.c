/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, against the C library's. */
#include <check.h>
#include <time.h>

#include "base/clock.h"

static void same(int64_t seconds)
{
	char want[CLOCK_TEXT_MAX], got[CLOCK_TEXT_MAX];
	time_t t = seconds;
	struct tm tm;
	gmtime_r(&t, &tm);
	strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm);
	clock_format_utc(seconds, got);
	ck_assert_str_eq(got, want);
}

START_TEST(dates)
{
	for (int64_t day = 0; day < 366 * 500; day++)
		same(day * 86400 + day % 86400);
	same(0);
	same(951782399);  /* the last second of 2000-02-28 */
	same(951868799);  /* of the 29th */
	same(4107542399); /* 2100 has none */
	same(INT64_C(253402300799)); /* 9999-12-31T23:59:59 */
}
END_TEST

START_TEST(now)
{
	char text[CLOCK_TEXT_MAX];
	clock_rfc3339_nano(text);
	ck_assert_uint_eq(strlen(text), 30);
	ck_assert_int_eq(text[29], 'Z');
	ck_assert_int_eq(text[19], '.');
}
END_TEST

TCase *tcase_base_clock(void)
{
	TCase *tc = tcase_create("clock");
	tcase_add_test(tc, dates);
	tcase_add_test(tc, now);
	return tc;
}
