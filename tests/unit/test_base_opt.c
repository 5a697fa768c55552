/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables: every accepted spelling, and the texts of refusals that engines look for. */
#include <check.h>

#include "base/opt.h"

struct shared {
	const char *bundle;
	bool no_pivot;
};

struct opts {
	bool detach, tty;
	const char *pid_file;
	unsigned fds;
	struct oci_strs caps;
	struct shared shared;
};

static const struct opt shared_rows[] = {
	OPT_STRING('b', "bundle", struct shared, bundle, "DIR", "where"),
	OPT_FLAG(0, "no-pivot", struct shared, no_pivot, "do not pivot"),
	OPT_END,
};

static const struct opt rows[] = {
	OPT_FLAG('d', "detach", struct opts, detach, "do not wait"),
	OPT_FLAG('t', "tty", struct opts, tty, "terminal"),
	OPT_STRING('p', "pid-file", struct opts, pid_file, "FILE", "pid"),
	OPT_UINT(0, "preserve-fds", struct opts, fds, "N", "keep"),
	OPT_STRINGS('c', "cap", struct opts, caps, "CAP", "more"),
	OPT_SHARED(struct opts, shared, shared_rows),
	OPT_IGNORED_FLAG("no-subreaper"),
	OPT_IGNORED_STRING("criu"),
	OPT_END,
};

static struct arena *a;
static struct opts o;
static struct oci_strs rest;

static void setup(void)
{
	a = arena_new();
	o = (struct opts){ 0 };
}

static void teardown(void)
{
	arena_free(a);
}

#define PARSE(flags_, ...)                                                            \
	({                                                                            \
		char *const argv_[] = { __VA_ARGS__ };                                \
		opt_parse(a, rows, flags_, (int)ARRAY_SIZE(argv_), argv_, &o, &rest); \
	})

START_TEST(all_spellings)
{
	ck_assert_int_eq(
		PARSE(0, "--pid-file", "f", "-dt", "--bundle=x=y", "--preserve-fds=3", "ID"), 0);
	ck_assert(o.detach && o.tty);
	ck_assert_str_eq(o.pid_file, "f");
	ck_assert_str_eq(o.shared.bundle, "x=y");
	ck_assert_uint_eq(o.fds, 3);
	ck_assert_uint_eq(rest.n, 1);
	ck_assert_str_eq(rest.v[0], "ID");
	ck_assert_int_eq(PARSE(0, "-pid-file", "g", "-no-subreaper", "-criu", "x", "-b", "z"), 0);
	ck_assert_str_eq(o.pid_file, "g");
	ck_assert_str_eq(o.shared.bundle, "z");
	ck_assert_int_eq(PARSE(0, "-dp", "h", "-b=q"), 0);
	ck_assert_str_eq(o.pid_file, "h");
	ck_assert_str_eq(o.shared.bundle, "q");
	ck_assert_int_eq(PARSE(0, "-pj"), 0);
	ck_assert_str_eq(o.pid_file, "j");
}
END_TEST

START_TEST(flags_take_booleans)
{
	ck_assert_int_eq(PARSE(0, "--detach=true", "--no-pivot", "--detach=false"), 0);
	ck_assert(!o.detach);
	ck_assert(o.shared.no_pivot);
	ck_assert_int_lt(PARSE(0, "--detach=maybe"), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "--detach"));
}
END_TEST

START_TEST(lists_collect)
{
	ck_assert_int_eq(PARSE(0, "-c", "A", "--cap", "B", "--cap=C"), 0);
	ck_assert_uint_eq(o.caps.n, 3);
	ck_assert_str_eq(o.caps.v[2], "C");
}
END_TEST

START_TEST(positionals_may_come_first)
{
	ck_assert_int_eq(PARSE(0, "ID", "-d", "-", "--", "-t"), 0);
	ck_assert(o.detach && !o.tty);
	ck_assert_uint_eq(rest.n, 3);
	ck_assert_str_eq(rest.v[1], "-");
	ck_assert_str_eq(rest.v[2], "-t");
}
END_TEST

START_TEST(or_end_the_options)
{
	ck_assert_int_eq(PARSE(OPT_STOP_AT_POSITIONAL, "-d", "ID", "ls", "-t", "--help"), 0);
	ck_assert(o.detach && !o.tty);
	ck_assert_uint_eq(rest.n, 4);
}
END_TEST

START_TEST(refusals)
{
	ck_assert_int_lt(PARSE(0, "--bogus=3"), 0);
	ck_assert_str_eq(err_get()->text, "unknown option --bogus");
	ck_assert_int_eq(err_get()->kind, ERR_USAGE);
	ck_assert_int_lt(PARSE(0, "-dx"), 0);
	ck_assert_str_eq(err_get()->text, "unknown option -dx");
	ck_assert_int_lt(PARSE(0, "--pid-file"), 0);
	ck_assert_str_eq(err_get()->text, "flag needs an argument: --pid-file");
	ck_assert_int_lt(PARSE(0, "-p"), 0);
	ck_assert_str_eq(err_get()->text, "flag needs an argument: -p");
	ck_assert_int_lt(PARSE(0, "--preserve-fds", "-1"), 0);
	ck_assert_int_lt(PARSE(0, "--preserve-fds", "4294967296"), 0);
}
END_TEST

START_TEST(help_is_an_answer)
{
	ck_assert_int_eq(PARSE(0, "--help"), OPT_HELP_ASKED);
	ck_assert_int_eq(PARSE(0, "-h", "--bogus"), OPT_HELP_ASKED);
	ck_assert_int_eq(PARSE(0, "ID", "-help"), OPT_HELP_ASKED);
}
END_TEST

TCase *tcase_base_opt(void)
{
	TCase *t = tcase_create("opt");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_spellings);
	tcase_add_test(t, flags_take_booleans);
	tcase_add_test(t, lists_collect);
	tcase_add_test(t, positionals_may_come_first);
	tcase_add_test(t, or_end_the_options);
	tcase_add_test(t, refusals);
	tcase_add_test(t, help_is_an_answer);
	return t;
}
