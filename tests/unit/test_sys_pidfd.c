/* SPDX-License-Identifier: Apache-2.0 */
/* Start times from stat lines, and processes made and waited for by descriptor. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "sys/clone.h"
#include "sys/pidfd.h"
#include "sys/pidfd_info.h"

#define FIELDS_4_TO_21 "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 "

static const struct {
	const char *stat;
	bool good;
	uint64_t start;
	char state;
} cases[] = {
	{ "42 (sh) S " FIELDS_4_TO_21 "98765 1 2 3\n", true, 98765, 'S' },
	{ "42 (a) b) (c) Z " FIELDS_4_TO_21 "18446744073709551615 1\n", true, UINT64_MAX, 'Z' },
	{ "42 (S 1 2) R " FIELDS_4_TO_21 "0\n", true, 0, 'R' },
	{ "42 (x) R " FIELDS_4_TO_21 "7", true, 7, 'R' },
	{ "42 (x) R " FIELDS_4_TO_21 "18446744073709551616 1\n", false, 0, 0 },
	{ "42 (x) R " FIELDS_4_TO_21 "-1 1\n", false, 0, 0 },
	{ "42 (x) R " FIELDS_4_TO_21 "12x 1\n", false, 0, 0 },
	{ "42 (x) R 1 2 3\n", false, 0, 0 },
	{ "42 (x)", false, 0, 0 },
	{ "42 (x) ", false, 0, 0 },
	{ "", false, 0, 0 },
};

START_TEST(stat_line)
{
	uint64_t start = 1;
	char state = 0;
	ck_assert_int_eq(sys_proc_stat_parse(cases[_i].stat, &start, &state), cases[_i].good);
	if (cases[_i].good) {
		ck_assert(start == cases[_i].start);
		ck_assert_int_eq(state, cases[_i].state);
	}
}
END_TEST

/* A stamp of either kind is of one process, and knows when that has ended. */
START_TEST(stamps)
{
	struct stat st;
	uint64_t by_time, by_number;
	bool ended = true;
	int status;
	pid_t pid = sys_clone3(0, -1, NULL, NULL);
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		for (;;)
			pause();
	_cleanup_close_ int fd = sys_pidfd_open(pid);
	ck_assert_int_eq(fstat(fd, &st), 0);
	by_number = (uint64_t)st.st_ino | SYS_STAMP_PIDFD;
	ck_assert_int_eq(sys_process_stamp(pid, &by_time), 0);
	ck_assert(!(by_time & SYS_STAMP_PIDFD));
	ck_assert(sys_process_is(pid, by_time, &ended) && !ended);
	ck_assert(!sys_process_is(pid, by_time + 1, &ended));
	bool has_numbers = sys_process_is(pid, by_number, &ended); /* since Linux 6.9 */
	ck_assert(!has_numbers || !ended);
	ck_assert(!sys_process_is(pid, by_number + 1, &ended));
	ck_assert(!sys_process_is(getpid(), by_number, &ended));
	kill(pid, SIGKILL);
	ck_assert_int_eq(sys_pidfd_wait_exit(fd, 10000), 1);
	ck_assert(sys_process_is(pid, by_time, &ended) && ended);
	ended = false;
	ck_assert(sys_process_is(pid, by_number, &ended) == has_numbers && ended == has_numbers);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(!sys_process_is(pid, by_time, &ended));
	ck_assert(!sys_process_is(pid, by_number, &ended));
}
END_TEST

START_TEST(life_of_a_child)
{
	int pidfd = -1, status;
	uint64_t start;
	bool zombie, placed = true;
	pid_t pid = sys_clone3(0, -1, &pidfd, &placed);
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		for (;;)
			pause();
	ck_assert(!placed);
	_cleanup_close_ int fd = pidfd >= 0 ? pidfd : sys_pidfd_open(pid);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sys_proc_start_time(pid, &start, &zombie), 0);
	ck_assert(!zombie && start > 0);
	ck_assert_int_eq(sys_pidfd_wait_exit(fd, 0), 0);
	ck_assert_int_eq(sys_pidfd_signal(fd, SIGKILL), 0);
	ck_assert_int_eq(sys_pidfd_wait_exit(fd, 10000), 1);
	ck_assert_int_eq(sys_proc_start_time(pid, &start, &zombie), 0);
	ck_assert(zombie);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(sys_pidfd_signal(fd, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(status_after_reaping)
{
	int status = -1, told = -1;
	pid_t pid = sys_clone3(0, -1, NULL, NULL);
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(7);
	_cleanup_close_ int fd = sys_pidfd_open(pid);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(sys_pidfd_wait_exit(fd, 10000), 1);
	/* not reaped yet: no status, or a kernel that never tells */
	int before = sys_pidfd_exit_status(fd, &told);
	ck_assert(before == 0 || (before == -1 && errno == ENOTTY));
	ck_assert_int_eq(sys_pidfd_wait_reaped(fd, 0), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	int after = sys_pidfd_exit_status(fd, &told);
	if (after == 1) {
		ck_assert_int_eq(told, status);
		ck_assert_int_eq(sys_pidfd_wait_reaped(fd, 10000), 1);
	} else {
		ck_assert(after == -1 && (errno == ENOTTY || errno == ESRCH));
	}
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(sys_pidfd_exit_status(null, &told), -1);
	ck_assert_int_eq(errno, ENOTTY);
	close(null);
}
END_TEST

START_TEST(no_such_process)
{
	uint64_t start;
	errno = 0;
	ck_assert_int_eq(sys_proc_start_time(0x7fffffff, &start, NULL), -1);
	ck_assert_int_eq(errno, ESRCH);
	ck_assert_int_eq(sys_pidfd_open(0x7fffffff), -1);
}
END_TEST

TCase *tcase_sys_pidfd(void);
TCase *tcase_sys_pidfd(void)
{
	TCase *tc = tcase_create("sys_pidfd");
	tcase_add_loop_test(tc, stat_line, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(tc, stamps);
	tcase_add_test(tc, life_of_a_child);
	tcase_add_test(tc, status_after_reaping);
	tcase_add_test(tc, no_such_process);
	return tc;
}
