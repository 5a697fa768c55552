/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as text and as hashes; regions of files. */
#include <check.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "layer/region.h"

#define EMPTY_OBJECT "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(the_empty_object)
{
	struct digest want, got;
	digest_of(DIGEST_SHA256, "{}", 2, &got);
	ck_assert_int_eq(digest_parse("x", EMPTY_OBJECT, &want), 0);
	ck_assert(digest_equal(&got, &want));
	ck_assert_str_eq(digest_text(a, &got), EMPTY_OBJECT);
	ck_assert_str_eq(digest_hex(a, &got), EMPTY_OBJECT + 7);
}
END_TEST

START_TEST(pieces_are_the_whole)
{
	struct digest one, two;
	struct hasher *h = hasher_new(DIGEST_SHA512);
	digest_of(DIGEST_SHA512, "abcdef", 6, &one);
	for (int again = 0; again < 2; again++) {
		hasher_add(h, "abc", 3);
		hasher_add(h, "def", 3);
		hasher_end(h, &two);
		ck_assert(digest_equal(&one, &two));
	}
	hasher_free(h);
	ck_assert_uint_eq(strlen(digest_text(a, &two)), 7 + 128);
}
END_TEST

START_TEST(what_is_no_digest)
{
	static const char *const bad[] = {
		"", "sha256", "sha256:", "sha256:00", "md5:d41d8cd98f00b204e9800998ecf8427e",
		"SHA256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
		"sha256:44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A",
		"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a0",
		"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8g",
		"sha256:../../../../../../../../../../../../../../../../../../../etc/pass",
		"sha512:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
	};
	struct digest d;
	ck_assert_int_lt(digest_parse("layer 1", bad[_i], &d), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "layer 1: digest"));
	if (_i == 0)
		ck_assert_uint_eq(ARRAY_SIZE(bad), 11);
}
END_TEST

START_TEST(a_region_is_a_part)
{
	_cleanup_close_ int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct digest want, got;
	char *text;
	ck_assert_int_eq(pwrite(fd, "before{}behind", 14, 0), 14);
	struct region r = { fd, 6, 2 };
	ck_assert_int_eq(region_text(a, &r, "doc", 2, &text), 0);
	ck_assert_str_eq(text, "{}");
	ck_assert_int_lt(region_text(a, &r, "doc", 1, &text), 0);
	ck_assert_int_eq(region_digest(&r, "doc", DIGEST_SHA256, &got), 0);
	ck_assert_int_eq(digest_parse("x", EMPTY_OBJECT, &want), 0);
	ck_assert(digest_equal(&got, &want));
	ck_assert_int_eq(region_verify(&r, "doc", &want), 0);
	want.bytes[31] ^= 1;
	ck_assert_int_lt(region_verify(&r, "doc", &want), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, EMPTY_OBJECT ", expected sha256:44136"));
	/* the file ends before the region does */
	struct region longer = { fd, 6, 100 };
	ck_assert_int_lt(region_digest(&longer, "doc", DIGEST_SHA256, &got), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "doc: the file ends 92 bytes too early"));
	ck_assert_int_lt(region_read(&r, "doc", 1, text, 2), 0);
}
END_TEST

TCase *tcase_layer_digest(void)
{
	TCase *tc = tcase_create("digest");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_empty_object);
	tcase_add_test(tc, pieces_are_the_whole);
	tcase_add_loop_test(tc, what_is_no_digest, 0, 11);
	tcase_add_test(tc, a_region_is_a_part);
	return tc;
}
