/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between ocirun and ocirun-systemd. */
#include <sys/socket.h>

#include <check.h>

#include "base/clock.h"
#include "bustalk/bustalk.h"

static struct arena *a;
static int pair[2];

static void setup(void)
{
	a = arena_new();
	err_clear();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void teardown(void)
{
	close(pair[0]);
	close(pair[1]);
	arena_free(a);
}

START_TEST(words_arrive)
{
	const char *v[] = { "start", "", "with blank\nand line" };
	struct oci_strs words = { .v = v, .n = 3 }, got;
	ck_assert_int_eq(bustalk_send(pair[0], &words), 0);
	ck_assert_int_eq(bustalk_send(pair[0], &words), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(bustalk_recv(a, pair[1], 0, &got), 0);
		ck_assert_uint_eq(got.n, 3);
		for (size_t k = 0; k < 3; k++)
			ck_assert_str_eq(got.v[k], v[k]);
	}
	ck_assert_int_eq(shutdown(pair[0], SHUT_WR), 0);
	ck_assert_int_eq(bustalk_recv(a, pair[1], 0, &got), BUSTALK_CLOSED);
}
END_TEST

START_TEST(waiting_ends)
{
	struct oci_strs got;
	uint64_t begin = clock_mono_ns();
	ck_assert_int_eq(bustalk_recv(a, pair[1], begin + 20000000, &got), -ETIMEDOUT);
	ck_assert_uint_ge(clock_mono_ns() - begin, 20000000);
}
END_TEST

static const struct {
	uint32_t len;
	const char *bytes;
	int result;
} broken[] = {
	{ 0, "", -EINVAL },
	{ UINT32_MAX, "", -EINVAL },
	{ 3, "abc", -EINVAL },       /* does not end with NUL */
	{ 5, "ab", BUSTALK_CLOSED }, /* cut off */
};

START_TEST(broken_message)
{
	struct oci_strs got;
	ck_assert(write(pair[0], &broken[_i].len, 4) == 4);
	ck_assert(write(pair[0], broken[_i].bytes, strlen(broken[_i].bytes)) >= 0);
	ck_assert_int_eq(shutdown(pair[0], SHUT_WR), 0);
	ck_assert_int_eq(bustalk_recv(a, pair[1], 0, &got), broken[_i].result);
}
END_TEST

TCase *tcase_bustalk_bustalk(void);
TCase *tcase_bustalk_bustalk(void)
{
	TCase *t = tcase_create("bustalk_bustalk");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, words_arrive);
	tcase_add_test(t, waiting_ends);
	tcase_add_loop_test(t, broken_message, 0, ARRAY_SIZE(broken));
	return t;
}
