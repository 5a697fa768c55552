/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files and descriptor flags, in a scratch directory. */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/io.h"

static struct arena *a;
static char dir[] = "/tmp/ocirun-io-......";
static int dir_fd;

static void setup(void)
{
	a = arena_new();
	memset(dir + sizeof(dir) - 7, 'X', 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
}

static void teardown(void)
{
	static const char *const names[] = { "f", ".f.tmp", "fifo", "big" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(dir_fd, names[i], 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left behind */
	arena_free(a);
}

START_TEST(replacing_and_reading)
{
	char *text;
	size_t len;

	ck_assert_int_eq(io_replace_file(dir_fd, "f", "one", 3, 0600), 0);
	ck_assert_int_eq(io_replace_file(dir_fd, "f", "second", 6, 0600), 0);
	ck_assert_int_eq(io_read_file(a, dir_fd, "f", 6, &text, &len), 0);
	ck_assert_uint_eq(len, 6);
	ck_assert_str_eq(text, "second");
	ck_assert_int_lt(io_read_file(a, dir_fd, "f", 5, &text, &len), 0);
	ck_assert_str_eq(err_get()->text, "read \"f\": larger than 5 bytes");
	ck_assert_int_lt(faccessat(dir_fd, ".f.tmp", F_OK, 0), 0);
}
END_TEST

START_TEST(a_stale_temporary_file_is_no_obstacle)
{
	ck_assert_int_eq(symlinkat("/tmp/never-written-through", dir_fd, ".f.tmp"), 0);
	ck_assert_int_eq(io_replace_file(dir_fd, "f", "x", 1, 0600), 0);
	ck_assert_int_lt(access("/tmp/never-written-through", F_OK), 0);
}
END_TEST

START_TEST(replacing_by_path)
{
	char *path = arena_printf(a, "%s/f", dir), *text;
	size_t len;

	ck_assert_int_eq(io_replace_path(path, "42", 2, 0644), 0);
	ck_assert_int_eq(io_read_file(a, AT_FDCWD, path, 100, &text, &len), 0);
	ck_assert_str_eq(text, "42");
	ck_assert_int_lt(io_replace_path(arena_printf(a, "%s/", dir), "42", 2, 0644), 0);
	ck_assert_int_eq(io_replace_path(arena_printf(a, "%s/no/f", dir), "42", 2, 0644), -ENOENT);
}
END_TEST

START_TEST(only_regular_files_are_read)
{
	char *text;
	size_t len;

	ck_assert_int_eq(mkfifoat(dir_fd, "fifo", 0600), 0);
	ck_assert_int_lt(io_read_file(a, dir_fd, "fifo", 100, &text, &len), 0);
	ck_assert_str_eq(err_get()->text, "read \"fifo\": not a regular file");
	ck_assert_int_eq(io_read_file(a, dir_fd, ".", 100, &text, &len), -EISDIR);
	ck_assert_int_eq(io_read_file(a, dir_fd, "none", 100, &text, &len), -ENOENT);
	ck_assert_str_eq(err_get()->text, "open \"none\": no such file or directory");
}
END_TEST

START_TEST(large_files_come_whole)
{
	size_t n = 100001, len;
	char *data = arena_alloc(a, n), *text;

	for (size_t i = 0; i < n; i++)
		data[i] = (char)('a' + i % 26);
	ck_assert_int_eq(io_replace_file(dir_fd, "big", data, n, 0600), 0);
	ck_assert_int_eq(io_read_virtual(a, dir_fd, "big", n, &text, &len), 0);
	ck_assert_uint_eq(len, n);
	ck_assert_int_eq(memcmp(text, data, n), 0);
	ck_assert_int_eq(text[n], 0);
	ck_assert_int_lt(io_read_virtual(a, dir_fd, "big", n - 1, &text, &len), 0);
}
END_TEST

START_TEST(kernel_files_must_exist)
{
	char *text;
	size_t len;

	ck_assert_int_eq(io_write_virtual(dir_fd, "f", "1"), -ENOENT);
	ck_assert_int_eq(io_replace_file(dir_fd, "f", "", 0, 0600), 0);
	ck_assert_int_eq(io_write_virtual(dir_fd, "f", "1"), 0);
	ck_assert_int_eq(io_read_file(a, dir_fd, "f", 10, &text, &len), 0);
	ck_assert_str_eq(text, "1");
}
END_TEST

START_TEST(descriptor_flags)
{
	_cleanup_close_ int fd = open("/dev/null", O_RDONLY), high = -1;

	ck_assert_int_eq(fd_set_cloexec(fd, true), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fd_set_cloexec(fd, false), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	ck_assert_int_eq(fd_cloexec_from(fd), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fd_dup_high(fd, &high), 0);
	ck_assert_int_ge(high, 3);
	ck_assert_int_eq(fcntl(high, F_GETFD), FD_CLOEXEC);
	ck_assert(fd_is_open(high));
	close_fd(&high);
	ck_assert_int_eq(high, -1);
	ck_assert(!fd_is_open(-1));
	ck_assert_int_eq(fd_set_cloexec(-1, true), -EBADF);
}
END_TEST

TCase *tcase_base_io(void)
{
	TCase *t = tcase_create("io");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, replacing_and_reading);
	tcase_add_test(t, a_stale_temporary_file_is_no_obstacle);
	tcase_add_test(t, replacing_by_path);
	tcase_add_test(t, only_regular_files_are_read);
	tcase_add_test(t, large_files_come_whole);
	tcase_add_test(t, kernel_files_must_exist);
	tcase_add_test(t, descriptor_flags);
	return t;
}
