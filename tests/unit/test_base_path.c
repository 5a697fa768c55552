/* SPDX-License-Identifier: Apache-2.0 */
/* Lexical paths. */
#include <check.h>

#include "base/path.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

static const struct {
	const char *in, *out;
} clean[] = {
	{ "", "." },
	{ ".", "." },
	{ "/", "/" },
	{ "//", "/" },
	{ "a//b/./c", "a/b/c" },
	{ "/a/b/", "/a/b" },
	{ "a/..", "." },
	{ "/..", "/" },
	{ "/../../x", "/x" },
	{ "/a/../../b", "/b" },
	{ "../a", "../a" },
	{ "../../a/..", "../.." },
	{ "a/../..", ".." },
	{ "/a/b/../c", "/a/c" },
	{ "a/b/../..", "." },
	{ "..a/b..", "..a/b.." },
	{ "/...", "/..." },
	{ "./a", "a" },
	{ "a/.", "a" },
	{ "/a/..", "/" },
};

START_TEST(paths_get_clean)
{
	ck_assert_str_eq(path_clean(a, clean[_i].in), clean[_i].out);
}
END_TEST

START_TEST(joining)
{
	ck_assert_str_eq(path_join(a, "/a", "b/../c"), "/a/c");
	ck_assert_str_eq(path_join(a, "/a", "/b"), "/b");
	ck_assert_str_eq(path_join(a, "/", "b"), "/b");
	ck_assert_str_eq(path_join(a, "/a", "../../x"), "/x");
}
END_TEST

START_TEST(becoming_absolute)
{
	ck_assert_str_eq(path_absolute(a, "/x/../y"), "/y");
	ck_assert_int_eq(path_absolute(a, "z")[0], '/');
	ck_assert_str_eq(path_base(path_absolute(a, "some/z")), "z");
}
END_TEST

START_TEST(within)
{
	ck_assert(path_is_within("/a/b", "/a"));
	ck_assert(path_is_within("/a", "/a"));
	ck_assert(path_is_within("/a", "/"));
	ck_assert(!path_is_within("/ab", "/a"));
	ck_assert(!path_is_within("/a", "/a/b"));
}
END_TEST

START_TEST(parts)
{
	ck_assert_str_eq(path_base("/a/b"), "b");
	ck_assert_str_eq(path_base("b"), "b");
	ck_assert_str_eq(path_base("/"), "/");
	ck_assert_str_eq(path_dir(a, "/a/b"), "/a");
	ck_assert_str_eq(path_dir(a, "/a"), "/");
	ck_assert_str_eq(path_dir(a, "a"), ".");
	ck_assert(path_has_dotdot("a/../b"));
	ck_assert(path_has_dotdot(".."));
	ck_assert(path_has_dotdot("/a/.."));
	ck_assert(!path_has_dotdot("/a/..b/c.."));
}
END_TEST

TCase *tcase_base_path(void)
{
	TCase *t = tcase_create("path");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, paths_get_clean, 0, ARRAY_SIZE(clean));
	tcase_add_test(t, joining);
	tcase_add_test(t, becoming_absolute);
	tcase_add_test(t, within);
	tcase_add_test(t, parts);
	return t;
}
