/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of recorded ps output that belong to a set of pids. */
#include <check.h>

#include "runtime/ps_table.h"

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

static const pid_t pids[] = { 7, 42, 4711 };
static const struct ps_question asked = { .pids = pids, .n = 3 };

static const struct {
	const char *in, *out;
} cases[] = {
	{ "UID   PID  PPID CMD\nroot    1     0 init 42\nroot   42     1 sleep 100\nx 4711 42 a\n",
	  "UID   PID  PPID CMD\nroot   42     1 sleep 100\nx 4711 42 a\n" },
	{ "  PID\n    7\n   70\n    77\n", "  PID\n    7\n" },
	{ "PID TTY\n7 ?\n42 pts/0", "PID TTY\n7 ?\n42 pts/0\n" },
	{ "USER PPID PID\na 7 1\nb 1 7\n", "USER PPID PID\nb 1 7\n" },
	{ "UID PID\nroot\n\nroot 7x\nroot 99999999999999999999\nroot 42\n", "UID PID\nroot 42\n" },
	{ "PID\n", "PID\n" },
};

START_TEST(rows_of_the_container)
{
	struct str s;
	str_init(&s, a, 0);
	ck_assert_int_eq(ps_table_filter(&asked, cases[_i].in, &s), 0);
	ck_assert_str_eq(s.v, cases[_i].out);
}
END_TEST

START_TEST(nobody_is_asked_for)
{
	struct ps_question none = { 0 };
	struct str s;
	str_init(&s, a, 0);
	ck_assert_int_eq(ps_table_filter(&none, "PID\n0\n1\n", &s), 0);
	ck_assert_str_eq(s.v, "PID\n");
}
END_TEST

START_TEST(no_pid_column)
{
	static const char *const bad[] = { "", "CMD\n7\n", "PPID SPID\n7 7\n" };
	struct str s;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		str_init(&s, a, 0);
		ck_assert_int_lt(ps_table_filter(&asked, bad[i], &s), 0);
		ck_assert_ptr_nonnull(strstr(err_get()->text, "couldn't find PID field"));
		ck_assert_str_eq(s.v, "");
	}
}
END_TEST

TCase *tcase_runtime_ps_table(void);
TCase *tcase_runtime_ps_table(void)
{
	TCase *t = tcase_create("runtime_ps_table");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, rows_of_the_container, 0, ARRAY_SIZE(cases));
	tcase_add_test(t, nobody_is_asked_for);
	tcase_add_test(t, no_pid_column);
	return t;
}
