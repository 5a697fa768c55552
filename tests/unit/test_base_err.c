/* SPDX-License-Identifier: Apache-2.0 */
/* The error slot: what is recorded, how contexts stack, and that adopted errors cannot harm. */
#include <check.h>

#include "base/err.h"

START_TEST(sys_takes_errno_in_lower_case)
{
	errno = ENOENT;
	ck_assert_int_eq(err_sys("open \"%s\"", "x"), -ENOENT);
	ck_assert_str_eq(err_get()->text, "open \"x\": no such file or directory");
	ck_assert_int_eq(err_get()->kind, ERR_SYS);
	ck_assert_int_eq(err_get()->no, ENOENT);
	ck_assert_uint_eq(err_get()->len, strlen(err_get()->text));
}
END_TEST

START_TEST(own_errors_have_no_errno)
{
	ck_assert_int_eq(err_msg(ERR_CONFIG, "/process/cwd: must be absolute"), -EINVAL);
	ck_assert_int_eq(err_get()->no, 0);
	ck_assert_int_eq(err_sysno(EPERM, "mount"), -EPERM);
	ck_assert_str_eq(err_get()->text, "mount: operation not permitted");
}
END_TEST

static int fails(void)
{
	return err_sysno(EACCES, "inner");
}

static int passes_on(void)
{
	TRY_AS(fails(), "outer %d", 1);
	return 7;
}

START_TEST(contexts_stack)
{
	ck_assert_int_eq(passes_on(), -EACCES);
	ck_assert_str_eq(err_get()->text, "outer 1: inner: permission denied");
	ck_assert_int_eq(err_wrap("top"), -EACCES);
	ck_assert_str_eq(err_get()->text, "top: outer 1: inner: permission denied");
}
END_TEST

START_TEST(wrap_without_an_error_is_a_bug)
{
	err_clear();
	ck_assert_int_lt(err_wrap("here"), 0);
	ck_assert_int_eq(err_get()->kind, ERR_BUG);
}
END_TEST

START_TEST(the_slot_may_be_an_argument)
{
	ck_assert_int_lt(err_msg(ERR_USAGE, "one"), 0);
	ck_assert_int_lt(err_msg(ERR_STATE, "two, after %s", err_get()->text), 0);
	ck_assert_str_eq(err_get()->text, "two, after one");
}
END_TEST

START_TEST(long_texts_are_cut)
{
	char big[3000];

	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	ck_assert_int_lt(err_msg(ERR_USAGE, "%s", big), 0);
	ck_assert_uint_eq(strlen(err_get()->text), sizeof(err_get()->text) - 1);
	ck_assert_int_lt(err_wrap("%s", big), 0);
	ck_assert_uint_eq(err_get()->len, sizeof(err_get()->text) - 1);
}
END_TEST

START_TEST(adopting_checks_bounds)
{
	struct err e;

	memset(&e, 0xff, sizeof(e));
	ck_assert_int_eq(err_set(&e), -EINVAL);
	ck_assert_int_eq(err_get()->kind, ERR_BUG);
	ck_assert_uint_lt(strlen(err_get()->text), sizeof(e.text));
	e = (struct err){ .kind = ERR_SYS, .no = EPERM, .len = 60000, .text = "a\x1b[2Jb" };
	ck_assert_int_eq(err_set(&e), -EPERM);
	ck_assert_str_eq(err_get()->text, "a?[2Jb");
	ck_assert_uint_eq(err_get()->len, 6);
}
END_TEST

START_TEST(dropping_empties_the_slot)
{
	err_dropped(err_msg(ERR_USAGE, "never mind"));
	ck_assert_int_eq(err_get()->kind, ERR_NONE);
	ck_assert_str_eq(err_get()->text, "");
}
END_TEST

TCase *tcase_base_err(void)
{
	TCase *t = tcase_create("err");

	tcase_add_test(t, sys_takes_errno_in_lower_case);
	tcase_add_test(t, own_errors_have_no_errno);
	tcase_add_test(t, contexts_stack);
	tcase_add_test(t, wrap_without_an_error_is_a_bug);
	tcase_add_test(t, the_slot_may_be_an_argument);
	tcase_add_test(t, long_texts_are_cut);
	tcase_add_test(t, adopting_checks_bounds);
	tcase_add_test(t, dropping_empties_the_slot);
	return t;
}
