/* SPDX-License-Identifier: Apache-2.0 */
/* Words and numbers, signals in all the spellings engines use. */
#include <check.h>
#include <signal.h>

#include "base/names.h"

static const struct name colours[] = { { "red", 1 }, { "crimson", 1 }, { "blue", 2 }, { NULL, 0 } };

START_TEST(tables_work_both_ways)
{
	uint64_t v = 99;

	ck_assert(name_find(colours, "crimson", &v));
	ck_assert_uint_eq(v, 1);
	ck_assert(!name_find(colours, "Blue", &v));
	ck_assert_uint_eq(v, 1);
	ck_assert_str_eq(name_of(colours, 1), "red");
	ck_assert_ptr_null(name_of(colours, 3));
}
END_TEST

static const struct {
	const char *text;
	int signo;
} spellings[] = {
	{ "15", SIGTERM },   { "TERM", SIGTERM }, { "SIGTERM", SIGTERM }, { "sigterm", SIGTERM },
	{ "kill", SIGKILL }, { "0", 0 },          { "IOT", SIGABRT },     { "SIGCLD", SIGCHLD },
	{ "64", 64 },        { "65", -1 },        { "-1", -1 },           { "", -1 },
	{ "SIG", -1 },       { "TERMX", -1 },     { "9x", -1 },           { "RTMIN-1", -1 },
	{ "RTMIN+", -1 },    { "RTMIN+99", -1 },  { "RTMAX+1", -1 },
};

START_TEST(signals_parse)
{
	ck_assert_int_eq(signal_parse(spellings[_i].text), spellings[_i].signo);
}
END_TEST

START_TEST(realtime_signals_parse)
{
	ck_assert_int_eq(signal_parse("RTMIN"), SIGRTMIN);
	ck_assert_int_eq(signal_parse("SIGRTMIN+3"), SIGRTMIN + 3);
	ck_assert_int_eq(signal_parse("rtmax-1"), SIGRTMAX - 1);
}
END_TEST

START_TEST(signals_print)
{
	ck_assert_str_eq(signal_name(SIGSYS), "SIGSYS");
	ck_assert_str_eq(signal_name(SIGABRT), "SIGABRT");
	ck_assert_str_eq(signal_name(40), "signal 40");
}
END_TEST

TCase *tcase_base_names(void)
{
	TCase *t = tcase_create("names");

	tcase_add_test(t, tables_work_both_ways);
	tcase_add_loop_test(t, signals_parse, 0, ARRAY_SIZE(spellings));
	tcase_add_test(t, realtime_signals_parse);
	tcase_add_test(t, signals_print);
	return t;
}
