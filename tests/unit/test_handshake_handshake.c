/* SPDX-License-Identifier: Apache-2.0 */
/* The talk itself, with real processes: order, errors in both directions, descriptors, death. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "handshake/handshake.h"

#define MASK (ASK_BIT(ASK_PLACE) | ASK_BIT(ASK_CONSOLE) | ASK_BIT(ASK_READY))

static const char *step_name(size_t step)
{
	static const char *const names[] = { "first", "close fds", "execve" };

	return step < ARRAY_SIZE(names) ? names[step] : NULL;
}

/* One talk: the child runs a function of the test. */
struct talk {
	struct handshake parent, child;
	struct recorder rec;
	pid_t pid;
	int pidfd;
	/* what the answers saw */
	pid_t asker;
	char got[2];
	int refuse;
};

static struct talk t;

static int answer_place(void *ctx, struct ask *ask)
{
	struct talk *k = ctx;

	k->asker = ask->pid;
	ck_assert_int_eq(ask->fd, -1);
	return k->refuse ? err_sysno(EBUSY, "put it into its cgroup") : 0;
}

static int answer_console(void *ctx, struct ask *ask)
{
	struct talk *k = ctx;

	ck_assert_int_ge(ask->fd, 0);
	ck_assert_int_eq(read(ask->fd, k->got, 1), 1);
	return 0;
}

static int answer_init(void *ctx, struct ask *ask)
{
	struct talk *k = ctx;

	close_fd(&k->pidfd);
	k->asker = ask->pid;
	k->pidfd = (int)syscall(SYS_pidfd_open, ask->pid, 0);
	return 0;
}

static int answer_nothing(void *ctx, struct ask *ask)
{
	(void)ctx;
	(void)ask;
	return 0;
}

static answer_fn *const answers[ASK_COUNT] = {
	[ASK_PLACE] = answer_place,   [ASK_INIT] = answer_init,     [ASK_CONSOLE] = answer_console,
	[ASK_HOOKS] = answer_nothing, [ASK_READY] = answer_nothing,
};

static void begin(uint32_t mask, void (*child)(void))
{
	ck_assert_int_eq(handshake_pair(mask, &t.parent, &t.child), 0);
	ck_assert_int_eq(recorder_open(&t.rec, step_name), 0);
	t.asker = 0;
	t.refuse = 0;
	t.pid = fork();
	if (t.pid == 0) {
		handshake_close(&t.parent);
		child();
		_exit(0);
	}
	handshake_close(&t.child);
	t.pidfd = (int)syscall(SYS_pidfd_open, t.pid, 0);
	ck_assert_int_ge(t.pidfd, 0);
}

static int serve(void)
{
	struct handshake_peer peer = { &t.pidfd, &t.rec };

	return handshake_serve(&t.parent, &peer, answers, &t);
}

static int end(void)
{
	int status;

	handshake_close(&t.parent);
	ck_assert_int_eq(waitpid(t.pid, &status, 0), t.pid);
	recorder_close(&t.rec);
	close_fd(&t.pidfd);
	return status;
}

static void must(int r)
{
	if (r < 0)
		_exit(77);
}

static void good_child(void)
{
	int p[2];

	recorder_enter(&t.rec, 0);
	must(handshake_ask(&t.child, ASK_PLACE, -1));
	must(handshake_ask(&t.child, ASK_IDS, -1)); /* not in the mask: no meeting */
	must(pipe(p));
	must(write(p[1], "c", 1) == 1 ? 0 : -1);
	must(handshake_ask(&t.child, ASK_CONSOLE, p[0]));
	must(handshake_ask(&t.child, ASK_READY, -1));
	recorder_enter(&t.rec, 2);
	handshake_close(&t.child); /* as execve does */
}

START_TEST(the_normal_course)
{
	struct handshake_peer peer = { &t.pidfd, &t.rec };

	begin(MASK, good_child);
	ck_assert_int_eq(serve(), 0);
	ck_assert_int_eq(t.asker, t.pid);
	ck_assert_int_eq(t.got[0], 'c');
	ck_assert_int_eq(handshake_wait_exec(&t.parent, &peer, 2), 0);
	ck_assert_uint_gt(recorder_stamp(&t.rec, 0), 0);
	ck_assert_uint_ge(recorder_stamp(&t.rec, 2), recorder_stamp(&t.rec, 0));
	ck_assert_uint_eq(recorder_stamp(&t.rec, 1), 0);
	ck_assert_int_eq(end(), 0);
}
END_TEST

static void refused_child(void)
{
	if (handshake_ask(&t.child, ASK_PLACE, -1) == -EBUSY &&
	    streq(err_get()->text, "put it into its cgroup: device or resource busy"))
		_exit(3);
}

START_TEST(a_failed_answer_reaches_both)
{
	begin(MASK, refused_child);
	t.refuse = 1;
	ck_assert_int_eq(serve(), -EBUSY);
	ck_assert_str_eq(err_get()->text, "put it into its cgroup: device or resource busy");
	ck_assert_int_eq(WEXITSTATUS(end()), 3);
}
END_TEST

static void failing_child(void)
{
	must(handshake_ask(&t.child, ASK_PLACE, -1));
	if (err_msg(ERR_CONFIG, "/mounts/3: no") < 0)
		handshake_fail(&t.child);
}

START_TEST(a_failed_child_tells)
{
	begin(MASK, failing_child);
	ck_assert_int_lt(serve(), 0);
	ck_assert_str_eq(err_get()->text, "/mounts/3: no");
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	end();
}
END_TEST

static void silent_child(void)
{
	recorder_enter(&t.rec, 1);
	if (err_msg(ERR_STATE, "only on the page") < 0)
		recorder_fail(&t.rec);
}

START_TEST(or_leaves_it_on_the_page)
{
	begin(MASK, silent_child);
	ck_assert_int_lt(serve(), 0);
	ck_assert_str_eq(err_get()->text, "only on the page");
	end();
}
END_TEST

static void killed_child(void)
{
	recorder_enter(&t.rec, 1);
	kill(getpid(), SIGKILL);
}

START_TEST(a_killed_child_is_explained)
{
	begin(MASK, killed_child);
	ck_assert_int_lt(serve(), 0);
	ck_assert_str_eq(err_get()->text,
			 "init was killed by signal 9 (SIGKILL) during \"close fds\"");
	end();
}
END_TEST

static void exiting_child(void)
{
	_exit(4);
}

START_TEST(an_exited_child_is_explained)
{
	begin(MASK, exiting_child);
	ck_assert_int_lt(serve(), 0);
	ck_assert_str_eq(err_get()->text,
			 "init exited with status 4 during \"before the first step\"");
	end();
}
END_TEST

/* Dies, but somebody it left behind keeps the socket open. */
static void survived_child(void)
{
	if (fork() == 0) {
		char c;

		if (read(t.child.sock, &c, 1) >= 0) /* until the parent closes its end */
			_exit(0);
		_exit(1);
	}
	_exit(5);
}

START_TEST(the_pidfd_notices_what_the_socket_does_not)
{
	begin(MASK, survived_child);
	ck_assert_int_lt(serve(), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "init exited with status 5"));
	end();
}
END_TEST

/* The first process goes while its child talks on. */
static void forking_child(void)
{
	if (fork())
		_exit(0);
	usleep(50000);
	must(handshake_ask(&t.child, ASK_INIT, -1));
	must(handshake_ask(&t.child, ASK_READY, -1));
	recorder_enter(&t.rec, 2);
}

START_TEST(the_final_process_may_be_another)
{
	begin(ASK_BIT(ASK_INIT) | ASK_BIT(ASK_READY), forking_child);
	ck_assert_int_eq(serve(), 0);
	ck_assert_int_gt(t.asker, 0);
	ck_assert_int_ne(t.asker, t.pid);
	ck_assert_int_eq(end(), 0);
}
END_TEST

/* Skips its own order check by forgetting what it asked. */
static void disorderly_child(void)
{
	must(handshake_ask(&t.child, ASK_CONSOLE, 0));
	t.child.done = 0;
	must(handshake_ask(&t.child, ASK_PLACE, -1));
}

static int answer_fd(void *ctx, struct ask *ask)
{
	*(int *)ctx = take_fd(&ask->fd);
	return 0;
}

START_TEST(disorder_is_refused)
{
	answer_fn *const table[ASK_COUNT] = { [ASK_CONSOLE] = answer_fd };
	struct handshake_peer peer = { &t.pidfd, &t.rec };
	int fd = -1;

	begin(MASK, disorderly_child);
	ck_assert_int_lt(handshake_serve(&t.parent, &peer, table, &fd), 0);
	ck_assert_str_eq(err_get()->text,
			 "init broke the order of the handshake: got PLACE after CONSOLE");
	ck_assert_int_ge(fd, 0);
	close_fd(&fd);
	ck_assert_int_eq(WEXITSTATUS(end()), 77);
}
END_TEST

static void unplanned_child(void)
{
	t.child.asks = ASKS_ALL;
	must(handshake_ask(&t.child, ASK_HOOKS, -1));
}

START_TEST(unplanned_asks_are_refused)
{
	begin(MASK, unplanned_child);
	ck_assert_int_lt(serve(), 0);
	ck_assert_str_eq(err_get()->text, "init asked HOOKS, which the plan does not have");
	end();
}
END_TEST

static void babbling_child(void)
{
	must(write(t.child.sock, "hello", 5) == 5 ? 0 : -1);
}

START_TEST(malformed_messages_are_refused)
{
	begin(MASK, babbling_child);
	ck_assert_int_lt(serve(), 0);
	ck_assert_str_eq(err_get()->text, "init sent a malformed message");
	end();
}
END_TEST

static void late_child(void)
{
	must(handshake_ask(&t.child, ASK_READY, -1));
	recorder_enter(&t.rec, 1);
	if (err_msg(ERR_STATE, "too late") < 0)
		handshake_fail(&t.child);
}

START_TEST(failures_after_ready_are_told)
{
	struct handshake_peer peer = { &t.pidfd, &t.rec };

	begin(ASK_BIT(ASK_READY), late_child);
	ck_assert_int_eq(serve(), 0);
	ck_assert_int_lt(handshake_wait_exec(&t.parent, &peer, 2), 0);
	ck_assert_str_eq(err_get()->text, "too late");
	end();
}
END_TEST

static void early_end_child(void)
{
	must(handshake_ask(&t.child, ASK_READY, -1));
	recorder_enter(&t.rec, 1);
	kill(getpid(), SIGSYS);
}

START_TEST(death_before_exec_is_no_success)
{
	struct handshake_peer peer = { &t.pidfd, &t.rec };

	begin(ASK_BIT(ASK_READY), early_end_child);
	ck_assert_int_eq(serve(), 0);
	ck_assert_int_lt(handshake_wait_exec(&t.parent, &peer, 2), 0);
	ck_assert_str_eq(err_get()->text,
			 "init was killed by signal 31 (SIGSYS) during \"close fds\"");
	end();
}
END_TEST

START_TEST(every_ask_has_its_sentences)
{
	for (int k = 0; k < ASK_COUNT; k++) {
		ck_assert_uint_gt(strlen(ask_name((enum ask_kind)k)), 0);
		ck_assert_uint_gt(strlen(ask_child_says((enum ask_kind)k)), 0);
		ck_assert_uint_gt(strlen(ask_parent_did((enum ask_kind)k)), 0);
	}
	ck_assert_str_eq(ask_name(ASK_READY), "READY");
	ck_assert_str_eq(ask_name(ASK_COUNT), "an unknown ask");
	ck_assert_int_eq(ASK_READY, ASK_COUNT - 1); /* nothing is asked after READY */
}
END_TEST

START_TEST(the_page_names_every_ask)
{
	struct arena *a = arena_new();
	const char *at;
	char *text;
	size_t len;

	ck_assert_int_eq(io_read_file(a, AT_FDCWD, TEST_SRCDIR "/docs/design/handshake.md", 65536,
				      &text, &len),
			 0);
	at = text;
	for (int k = 0; k < ASK_COUNT; k++) {
		at = strstr(at, arena_printf(a, "\n| %s |", ask_name((enum ask_kind)k)));
		ck_assert_msg(at, "%s is missing or out of order", ask_name((enum ask_kind)k));
	}
	arena_free(a);
}
END_TEST

TCase *tcase_handshake_handshake(void)
{
	TCase *c = tcase_create("handshake");

	tcase_add_test(c, the_normal_course);
	tcase_add_test(c, a_failed_answer_reaches_both);
	tcase_add_test(c, a_failed_child_tells);
	tcase_add_test(c, or_leaves_it_on_the_page);
	tcase_add_test(c, a_killed_child_is_explained);
	tcase_add_test(c, an_exited_child_is_explained);
	tcase_add_test(c, the_pidfd_notices_what_the_socket_does_not);
	tcase_add_test(c, the_final_process_may_be_another);
	tcase_add_test(c, disorder_is_refused);
	tcase_add_test(c, unplanned_asks_are_refused);
	tcase_add_test(c, malformed_messages_are_refused);
	tcase_add_test(c, failures_after_ready_are_told);
	tcase_add_test(c, death_before_exec_is_no_success);
	tcase_add_test(c, every_ask_has_its_sentences);
	tcase_add_test(c, the_page_names_every_ask);
	return c;
}
