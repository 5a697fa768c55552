/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder page under a hostile writer: whatever is in it, reading stays inside its bounds. */
#include <check.h>

#include "handshake/handshake.h"

static const char *step_name(size_t step)
{
	return step == 2 ? "mounts" : NULL;
}

START_TEST(it_begins_empty)
{
	struct recorder r;

	ck_assert_int_eq(recorder_open(&r, step_name), 0);
	ck_assert_int_eq(recorder_step(&r), -1);
	ck_assert_str_eq(recorder_step_name(&r), "before the first step");
	ck_assert_int_eq(recorder_error(&r), 0);
	ck_assert_uint_eq(recorder_stamp(&r, 1000), 0);
	recorder_close(&r);
	recorder_close(&r); /* twice does no harm */
}
END_TEST

START_TEST(it_knows_the_step)
{
	struct recorder r;

	ck_assert_int_eq(recorder_open(&r, step_name), 0);
	recorder_enter(&r, 2);
	ck_assert_int_eq(recorder_step(&r), 2);
	ck_assert_str_eq(recorder_step_name(&r), "mounts");
	recorder_enter(&r, 3);
	ck_assert_str_eq(recorder_step_name(&r), "an unknown step");
	recorder_enter(&r, 100000);
	ck_assert_int_eq(recorder_step(&r), RECORDER_STEPS - 1);
	recorder_close(&r);
}
END_TEST

START_TEST(garbage_is_contained)
{
	struct recorder r;
	size_t i;

	ck_assert_int_eq(recorder_open(&r, step_name), 0);
	memset((void *)r.page, 0xff, sizeof(struct err) + 8 * RECORDER_STEPS);
	ck_assert_int_eq(recorder_step(&r), -1);
	ck_assert_int_lt(recorder_error(&r), 0);
	ck_assert_uint_lt(strlen(err_get()->text), sizeof(err_get()->text));
	for (i = 0; err_get()->text[i]; i++)
		ck_assert_int_eq(err_get()->text[i], '?');
	recorder_close(&r);
}
END_TEST

TCase *tcase_handshake_recorder(void)
{
	TCase *t = tcase_create("recorder");

	tcase_add_test(t, it_begins_empty);
	tcase_add_test(t, it_knows_the_step);
	tcase_add_test(t, garbage_is_contained);
	return t;
}
