/* SPDX-License-Identifier: Apache-2.0 */
/* Platforms and references: what users type, and what fits what. */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/resolve.h"
#include "layer/rmtree.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

static struct oci_platform parse(const char *text)
{
	struct oci_platform p = { 0 };
	ck_assert_int_eq(platform_parse(a, text, &p), 0);
	return p;
}

START_TEST(words)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "linux/amd64", "linux/amd64" },       { "linux:x86_64", "linux/amd64" },
		{ "linux/arm64/v8", "linux/arm64/v8" }, { "linux/aarch64", "linux/arm64" },
		{ "linux/armhf", "linux/arm/v7" },      { "linux/arm/v6", "linux/arm/v6" },
		{ "windows/amd64", "windows/amd64" },
	};
	struct oci_platform p = parse(rows[_i].text);
	ck_assert_str_eq(platform_text(a, &p), rows[_i].shown);
}
END_TEST

START_TEST(no_platforms)
{
	static const char *const bad[] = {
		"", "linux", "linux/", "/amd64", "linux/arm/", "a/b/c/d"
	};
	struct oci_platform p;
	ck_assert_int_lt(platform_parse(a, bad[_i], &p), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "expected OS/ARCH"));
}
END_TEST

static int match(const char *want, const char *have)
{
	struct oci_platform w = parse(want), h = parse(have);
	return platform_match(&w, &h);
}

START_TEST(what_runs_where)
{
	ck_assert_int_eq(match("linux/amd64", "linux/amd64"), 100);
	ck_assert_int_eq(match("linux/amd64", "linux/arm64"), 0);
	ck_assert_int_eq(match("linux/amd64", "windows/amd64"), 0);
	ck_assert_int_eq(match("linux/arm64", "linux/arm64/v8"), 100);
	ck_assert_int_gt(match("linux/arm/v7", "linux/arm/v7"),
			 match("linux/arm/v7", "linux/arm/v6"));
	ck_assert_int_gt(match("linux/arm/v7", "linux/arm/v6"),
			 match("linux/arm/v7", "linux/arm/v5"));
	ck_assert_int_gt(match("linux/arm/v7", "linux/arm/v5"), 0);
	ck_assert_int_eq(match("linux/arm/v6", "linux/arm/v7"), 0);
	ck_assert_int_gt(match("linux/amd64/v3", "linux/amd64/v2"), 0);
	ck_assert_int_eq(match("linux/amd64/v1", "linux/amd64/v2"), 0);
	ck_assert_int_gt(match("linux/amd64", "linux/386"), 0);
	ck_assert_int_gt(match("linux/arm64", "linux/arm/v7"), 0);
	ck_assert_int_gt(match("linux/arm64", "linux/arm64"), match("linux/arm64", "linux/arm/v7"));
}
END_TEST

START_TEST(references)
{
	char dir[] = "/tmp/ocirun-ref-XXXXXX";
	struct reference r;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(mkdir(arena_printf(a, "%s/a", dir), 0700), 0);
	ck_assert_int_eq(mkdir(arena_printf(a, "%s/a:b", dir), 0700), 0);
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(reference_parse(a, "a:docker.io/library/x:1", &r), 0);
	ck_assert_str_eq(r.path, "a");
	ck_assert_str_eq(r.ref, "docker.io/library/x:1");
	ck_assert_int_eq(r.kind, SOURCE_ANY);
	ck_assert_int_eq(reference_parse(a, "oci:a:b", &r), 0); /* a path of that name exists */
	ck_assert_str_eq(r.path, "a:b");
	ck_assert_ptr_null(r.ref);
	ck_assert_int_eq(r.kind, SOURCE_LAYOUT);
	ck_assert_int_eq(reference_parse(a, "none:x", &r), 0);
	ck_assert_str_eq(r.path, "none");
	ck_assert_str_eq(r.ref, "x");
	ck_assert_int_eq(reference_parse(a, "docker-archive:f.tar", &r), 0);
	ck_assert_int_eq(r.kind, SOURCE_DOCKER_ARCHIVE);
	ck_assert_ptr_null(r.ref);
	ck_assert_int_lt(reference_parse(a, "", &r), 0);
	ck_assert_int_lt(reference_parse(a, "a:", &r), 0);
	ck_assert_int_lt(reference_parse(a, "a@sha256:zz", &r), 0);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmtree(AT_FDCWD, dir), 0);
}
END_TEST

START_TEST(digest_of_a_reference)
{
	struct reference r;
	const char *hex = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
	ck_assert_int_eq(reference_parse(a, arena_printf(a, "none:x@sha256:%s", hex), &r), 0);
	ck_assert(r.has_digest);
	ck_assert_str_eq(digest_hex(a, &r.digest), hex);
	ck_assert_str_eq(r.ref, "x");
}
END_TEST

START_TEST(names)
{
	ck_assert(reference_names("docker.io/library/x:1", "x:1"));
	ck_assert(reference_names("docker.io/library/x:1", "1"));
	ck_assert(reference_names("docker.io/a/x:1", "a/x:1"));
	ck_assert(reference_names("localhost/x:1", "x:1"));
	ck_assert(reference_names("latest", "latest"));
	ck_assert(!reference_names("docker.io/library/x:1", "y:1"));
	ck_assert(!reference_names("docker.io/library/x:11", "1"));
	ck_assert(!reference_names("xlatest", "latest"));
}
END_TEST

TCase *tcase_image_platform(void)
{
	TCase *tc = tcase_create("platform");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, words, 0, 7);
	tcase_add_loop_test(tc, no_platforms, 0, 6);
	tcase_add_test(tc, what_runs_where);
	tcase_add_test(tc, references);
	tcase_add_test(tc, digest_of_a_reference);
	tcase_add_test(tc, names);
	return tc;
}
