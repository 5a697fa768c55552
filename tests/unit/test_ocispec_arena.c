/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: zeroed, aligned, large and small, and what happens when memory runs out. */
#include <ocispec/arena.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

static size_t wanted_last;

static void remember(size_t wanted)
{
	wanted_last = wanted;
}

START_TEST(memory_is_zeroed_aligned_and_separate)
{
	struct arena *a = arena_new();
	unsigned char *last = NULL;

	for (size_t n = 0; n < 3000; n += 7) {
		unsigned char *p = arena_alloc(a, n);

		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, n);
		ck_assert_ptr_ne(p, last);
		last = p;
	}
	arena_free(a);
	arena_free(NULL);
}
END_TEST

START_TEST(a_large_piece_does_not_waste_the_head)
{
	struct arena *a = arena_new();
	char *before = arena_alloc(a, 16);
	char *large = arena_alloc(a, 4u << 20);
	char *after = arena_alloc(a, 16);

	memset(large, 1, 4u << 20);
	ck_assert_int_eq(after - before, 16);
	arena_free(a);
}
END_TEST

START_TEST(impossible_sizes_reach_the_handler)
{
	struct arena *a = arena_new();

	arena_on_oom(remember);
	wanted_last = 0;
	ck_assert_ptr_null(arena_calloc(a, SIZE_MAX / 2, 3));
	ck_assert_uint_eq(wanted_last, SIZE_MAX);
	ck_assert_ptr_null(arena_calloc(a, SIZE_MAX - 8, 1));
	ck_assert_uint_eq(wanted_last, SIZE_MAX - 8);
	arena_on_oom(NULL);
	ck_assert_ptr_null(arena_calloc(a, SIZE_MAX / 2, 3));
	arena_free(a);
}
END_TEST

START_TEST(texts)
{
	struct arena *a = arena_new();
	char big[1000];

	memset(big, 'x', sizeof(big));
	ck_assert_str_eq(arena_strdup(a, ""), "");
	ck_assert_str_eq(arena_strndup(a, "abc", 2), "ab");
	ck_assert_str_eq(arena_strndup(a, "abc", 9), "abc");
	ck_assert_str_eq(arena_printf(a, "%s-%d", "a", 7), "a-7");
	ck_assert_uint_eq(strlen(arena_printf(a, "%.*s!", (int)sizeof(big), big)), sizeof(big) + 1);
	ck_assert_mem_eq(arena_memdup(a, "a\0b", 3), "a\0b", 3);
	arena_free(a);
}
END_TEST

TCase *tcase_ocispec_arena(void)
{
	TCase *tc = tcase_create("arena");

	tcase_add_test(tc, memory_is_zeroed_aligned_and_separate);
	tcase_add_test(tc, a_large_piece_does_not_waste_the_head);
	tcase_add_test(tc, impossible_sizes_reach_the_handler);
	tcase_add_test(tc, texts);
	return tc;
}
