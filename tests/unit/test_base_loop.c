/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: descriptors, signals, and callbacks that change what is watched. */
#include <check.h>
#include <signal.h>
#include <sys/epoll.h>

#include "base/loop.h"

struct seen {
	int reads, signo;
	int other; /* the descriptor the callback takes away */
};

static int on_read(struct loop *l, int fd, uint32_t events, void *ctx)
{
	struct seen *s = ctx;
	char c;

	(void)events;
	ck_assert_int_eq(read(fd, &c, 1), 1);
	s->reads++;
	loop_del_fd(l, s->other);
	loop_quit(l);
	return 0;
}

static int on_failure(struct loop *l, int fd, uint32_t events, void *ctx)
{
	(void)l;
	(void)fd;
	(void)events;
	(void)ctx;
	return err_msg(ERR_STATE, "enough");
}

static int on_usr1(struct loop *l, const struct signalfd_siginfo *si, void *ctx)
{
	((struct seen *)ctx)->signo = (int)si->ssi_signo;
	loop_quit(l);
	return 0;
}

START_TEST(descriptors)
{
	struct loop *l;
	struct seen s = { 0 };
	int p[2], q[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(pipe(q), 0);
	ck_assert_int_eq(loop_new(&l), 0);
	s.other = q[0];
	ck_assert_int_eq(loop_add_fd(l, p[0], EPOLLIN, on_read, &s), 0);
	ck_assert_int_eq(loop_add_fd(l, q[0], 0, on_failure, NULL), 0);
	ck_assert_int_eq(write(p[1], "ab", 2), 2);
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_int_eq(s.reads, 1);
	ck_assert_int_eq(write(q[1], "x", 1), 1); /* not watched any more */
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_int_eq(s.reads, 2);
	ck_assert_int_eq(loop_add_fd(l, q[0], 0, on_failure, NULL), 0);
	ck_assert_int_eq(loop_mod_fd(l, q[0], EPOLLIN), 0);
	ck_assert_int_lt(loop_run(l), 0);
	ck_assert_str_eq(err_get()->text, "enough");
	loop_free(l);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
}
END_TEST

START_TEST(signals)
{
	struct loop *l;
	struct seen s = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ck_assert_int_eq(loop_new(&l), 0);
	ck_assert_int_eq(loop_add_signals(l, &set, on_usr1, &s), 0);
	raise(SIGUSR1);
	ck_assert_int_eq(loop_run(l), 0);
	ck_assert_int_eq(s.signo, SIGUSR1);
	ck_assert_int_lt(loop_add_signals(l, &set, on_usr1, &s), 0);
	loop_free(l);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
END_TEST

/* A foreground container may have ended before the loop begins. */
START_TEST(quit_before_run)
{
	struct loop *l = NULL;

	ck_assert_int_eq(loop_new(&l), 0);
	loop_quit(l);
	ck_assert_int_eq(loop_run(l), 0);
	loop_free(l);
}
END_TEST

TCase *tcase_base_loop(void)
{
	TCase *t = tcase_create("loop");

	tcase_add_test(t, descriptors);
	tcase_add_test(t, signals);
	tcase_add_test(t, quit_before_run);
	return t;
}
