/* SPDX-License-Identifier: Apache-2.0 */
/* Finding HOME in passwd text, however it is broken. */
#include <check.h>

#include "process/parts.h"

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
	const char *text;
	uint32_t uid;
	const char *home;
} cases[] = {
	{ "root:x:0:0:root:/root:/bin/sh\nweb:x:101:101::/srv:/bin/false\n", 101, "/srv" },
	{ "root:x:0:0:root:/root:/bin/sh\nweb:x:101:101::/srv:/bin/false\n", 0, "/root" },
	{ "root:x:0:0:root:/root:/bin/sh", 0, "/root" },
	{ "root:x:0:0:root:/root", 0, "/root" },
	{ "root:x:0:0:root:/root:/bin/sh\n", 1, NULL },
	{ "a:x:1:1::/first:\nb:x:1:1::/second:\n", 1, "/first" },
	{ "a:x:1:1:::\n", 1, NULL },
	{ "a:x:10:1::/ten:\nb:x:1:1::/one:\n", 1, "/one" },
	{ "a:x:01:1::/wrong:\n", 1, NULL },
	{ "a:x:1\nb:x:2:2::/two:\n", 2, "/two" },
	{ "a:x:1\n", 1, NULL },
	{ "\n\n:::::\n# comment\n+::::::\nb:x:2:2::/two:\n", 2, "/two" },
	{ "big:x:4294967294:1::/big:\n", 4294967294u, "/big" },
	{ "a:x:4294967297:1::/wrapped:\n", 1, NULL },
	{ "a:x:1:1:five:/six:sh:more:fields\nb:x:2:2::/two:\n", 2, "/two" },
	{ "", 0, NULL },
};

START_TEST(passwd)
{
	const char *home = process_passwd_home(a, cases[_i].text, cases[_i].uid);
	if (cases[_i].home)
		ck_assert_str_eq(home, cases[_i].home);
	else
		ck_assert_ptr_null(home);
}
END_TEST

START_TEST(config_home_is_kept)
{
	const char *env[] = { "HOME=/x", NULL }, **got = NULL;
	struct process_plan p = { .env = env, .nenv = 1 };
	ck_assert_int_eq(process_home(a, &p, &got), 0);
	ck_assert_ptr_eq(got, env);
}
END_TEST

START_TEST(missing_home_is_added)
{
	const char *env[] = { "A=1", NULL }, **got = NULL;
	struct process_plan p = { .env = env, .nenv = 1, .uid = 4000000001u, .home_missing = true };
	ck_assert_int_eq(process_home(a, &p, &got), 0);
	ck_assert_str_eq(got[0], "A=1");
	ck_assert_str_eq(got[1], "HOME=/"); /* nobody has that uid here */
	ck_assert_ptr_null(got[2]);
	ck_assert_ptr_null(env[1]);
}
END_TEST

TCase *tcase_process_home(void);
TCase *tcase_process_home(void)
{
	TCase *t = tcase_create("process home");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, passwd, 0, ARRAY_SIZE(cases));
	tcase_add_test(t, config_home_is_kept);
	tcase_add_test(t, missing_home_is_added);
	return t;
}
