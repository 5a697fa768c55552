/* SPDX-License-Identifier: Apache-2.0 */
/* READY passed on to a service manager that reads, does not read, or is not there; with limits that
 * a test can wait for. */
#include <check.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/sock.h"
#include "runtime/notify.h"

enum { SHORT_MS = 150, LONG_MS = 60000, FILL_MAX = 10000 };

static char dir[32], path[64];
static int manager, program, ours; /* program writes to ours, we tell the manager */

static void setup(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int pair[2];
	snprintf(dir, sizeof(dir), "/tmp/ocirun-notify.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/n", dir);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	program = pair[0];
	ours = pair[1];
	err_clear();
}

static void teardown(void)
{
	close_fd(&manager);
	close_fd(&program);
	close_fd(&ours);
	unlink(path);
	rmdir(dir);
}

static void say(const char *text)
{
	ck_assert_int_eq(send(program, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* What notify_take gives, and how long it takes. */
static int take(bool wait, int limit_ms, uint64_t *ms)
{
	struct notify_to to = { path, 4711, limit_ms };
	uint64_t start = clock_mono_ns();
	int r = notify_take(ours, &to, wait);
	*ms = (clock_mono_ns() - start) / 1000000;
	ck_assert_int_eq(err_get()->kind, ERR_NONE);
	return r;
}

/* The next message the manager got; "" when there is none and we do not wait. *fd is what came
 * along. */
static const char *told(int flags, int *fd)
{
	static char text[100];
	*fd = -1;
	if (recv(manager, text, 1, MSG_PEEK | flags) < 0)
		return "";
	int n = sock_recv_fd(manager, text, sizeof(text) - 1, fd);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	return text;
}

static void told_all(void)
{
	int fd;
	ck_assert_str_eq(told(MSG_DONTWAIT, &fd), "READY=1");
	ck_assert_str_eq(told(MSG_DONTWAIT, &fd), "MAINPID=4711");
	ck_assert_str_eq(told(MSG_DONTWAIT, &fd), "BARRIER=1");
	ck_assert_int_ge(fd, 0);
	close_fd(&fd);
	ck_assert_str_eq(told(MSG_DONTWAIT, &fd), "");
}

/* The queue of a datagram socket holds a few messages; then a sender waits. */
static void fill_queue(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int n = 0;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	_cleanup_close_ int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(s, (struct sockaddr *)&addr, sizeof(addr)), 0);
	while (n < FILL_MAX && send(s, "x", 1, 0) == 1)
		n++;
	ck_assert(n > 0 && n < FILL_MAX && errno == EAGAIN);
}

START_TEST(nothing_to_pass_on)
{
	static const char *const lines[] = { "STATUS=x", "MAINPID=1\nXREADY=1", "\n\n", "" };
	uint64_t ms;
	int fd;
	ck_assert_int_eq(take(true, LONG_MS, &ms), 0); /* no message at all */
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		say(lines[i]);
		ck_assert_int_eq(take(true, LONG_MS, &ms), 0);
	}
	ck_assert_str_eq(told(MSG_DONTWAIT, &fd), "");
}
END_TEST

START_TEST(not_waited_for)
{
	uint64_t ms;
	say("STATUS=x\nREADY=1\nMAINPID=1\nFDSTORE=1");
	ck_assert_int_eq(take(false, LONG_MS, &ms), NOTIFY_READY);
	ck_assert_uint_lt(ms, LONG_MS / 2);
	told_all();
}
END_TEST

/* It has room, but does not read. */
START_TEST(never_confirmed)
{
	uint64_t ms;
	say("READY=1");
	ck_assert_int_eq(take(true, SHORT_MS, &ms), NOTIFY_READY);
	ck_assert(ms >= SHORT_MS - 1 && ms < LONG_MS / 2);
	told_all();
}
END_TEST

/* It has no room either: the first message is not sent, and the others are not tried. */
START_TEST(never_read)
{
	uint64_t ms;
	int fd, n = 0;
	const char *text;
	fill_queue();
	say("READY=1");
	ck_assert_int_eq(take(true, SHORT_MS, &ms), NOTIFY_READY);
	ck_assert(ms >= SHORT_MS - 10 && ms < LONG_MS / 2);
	for (; *(text = told(MSG_DONTWAIT, &fd)); n++)
		ck_assert_str_eq(text, "x");
	ck_assert_int_gt(n, 0);
}
END_TEST

START_TEST(confirmed_after_a_while)
{
	uint64_t ms;
	int status, fd;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		usleep(SHORT_MS * 1000);
		while (!streq(told(0, &fd), "BARRIER=1"))
			;
		_exit(fd >= 0 ? 0 : 1); /* closes it */
	}
	say("READY=1");
	ck_assert_int_eq(take(true, LONG_MS, &ms), NOTIFY_READY);
	ck_assert(ms >= SHORT_MS / 2 && ms < LONG_MS / 2);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(nobody_there)
{
	uint64_t ms;
	close_fd(&manager);
	say("READY=1");
	ck_assert_int_eq(take(true, LONG_MS, &ms), NOTIFY_READY);
	ck_assert_uint_lt(ms, LONG_MS / 2);
}
END_TEST

/* No container to wait for: what it said at last is still taken. */
START_TEST(last_words)
{
	struct notify_to to = { path, 4711, SHORT_MS };
	struct store_notify n = { .sock = ours, .dir = -1 };
	ck_assert_int_eq(notify_wait(&n, &to, -1), 0);
	say("READY=1");
	ck_assert_int_eq(notify_wait(&n, &to, -1), 0);
	told_all();
}
END_TEST

TCase *tcase_runtime_notify(void);
TCase *tcase_runtime_notify(void)
{
	TCase *tc = tcase_create("runtime_notify");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_to_pass_on);
	tcase_add_test(tc, not_waited_for);
	tcase_add_test(tc, never_confirmed);
	tcase_add_test(tc, never_read);
	tcase_add_test(tc, confirmed_after_a_while);
	tcase_add_test(tc, nobody_there);
	tcase_add_test(tc, last_words);
	return tc;
}
