/* SPDX-License-Identifier: Apache-2.0 */
/* Helper programs: arguments, environment, pipes, deadlines, and programs that cannot be run. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/clock.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

/* Run a shell script with the rest of the options as they are. */
static int shell(const char *script, struct child_opts o, struct child_result *res)
{
	const char *const argv[] = { "sh", "-c", script, "arg0", NULL };

	o.path = "/bin/sh";
	o.argv = argv;
	return child_run(a, &o, res);
}

START_TEST(output_and_status)
{
	struct child_result res;

	ck_assert_int_eq(shell("echo out; echo err >&2; exit 3", (struct child_opts){ 0 }, &res),
			 0);
	ck_assert_str_eq(res.out, "out\n");
	ck_assert_str_eq(res.err, "err\n");
	ck_assert_str_eq(child_status_text(a, res.status), "exit status 3");
	ck_assert(!res.timed_out);
}
END_TEST

START_TEST(signals_are_told)
{
	struct child_result res;

	ck_assert_int_eq(shell("kill -KILL $$", (struct child_opts){ 0 }, &res), 0);
	ck_assert_str_eq(child_status_text(a, res.status), "signal: killed");
}
END_TEST

START_TEST(environment_and_directory)
{
	const char *const env[] = { "A=b", NULL };
	struct child_opts o = { .env = env, .cwd = "/proc" };
	struct child_result res;

	ck_assert_int_eq(shell("echo $A-$PWD; pwd; cat", o, &res), 0);
	ck_assert_str_eq(res.out, "b-/proc\n/proc\n"); /* and stdin is empty */
}
END_TEST

START_TEST(stdin_is_fed)
{
	size_t len = 300000;
	char *data = arena_alloc(a, len);
	struct child_opts o = { .stdin_data = data, .stdin_len = len };
	struct child_result res;

	memset(data, 'x', len);
	ck_assert_int_eq(shell("wc -c; exit 0", o, &res), 0);
	ck_assert_int_eq(strtol(res.out, NULL, 10), (long)len);
	/* not reading it is no error, and no SIGPIPE */
	ck_assert_int_eq(shell("exit 0", o, &res), 0);
	ck_assert_int_eq(res.status, 0);
	o.stdin_len = 0;
	ck_assert_int_eq(shell("cat", o, &res), 0);
	ck_assert_str_eq(res.out, "");
}
END_TEST

START_TEST(capture_has_a_ceiling)
{
	struct child_opts o = { .capture_max = 10 };
	struct child_result res;

	ck_assert_int_eq(shell("yes | head -c 200000", o, &res), 0);
	ck_assert_uint_eq(strlen(res.out), 10);
	ck_assert_int_eq(res.status, 0);
}
END_TEST

START_TEST(the_deadline_kills_the_group)
{
	struct child_opts o = { .timeout_ms = 100 };
	uint64_t begin = clock_mono_ns();
	struct child_result res;

	ck_assert_int_eq(shell("sleep 20; echo no", o, &res), 0);
	ck_assert(res.timed_out);
	ck_assert(WIFSIGNALED(res.status) && WTERMSIG(res.status) == SIGKILL);
	ck_assert(clock_mono_ns() - begin < 5000000000u);
}
END_TEST

START_TEST(a_grandchild_does_not_hold_us_up)
{
	uint64_t begin = clock_mono_ns();
	struct child_result res;
	pid_t left;

	ck_assert_int_eq(shell("sleep 20 & echo $!", (struct child_opts){ 0 }, &res), 0);
	left = (pid_t)strtol(res.out, NULL, 10);
	ck_assert_int_gt(left, 1);
	ck_assert_int_eq(kill(left, SIGKILL), 0);
	ck_assert(clock_mono_ns() - begin < 5000000000u);
}
END_TEST

START_TEST(what_cannot_run_is_an_error)
{
	const char *const argv[] = { "x", NULL };
	struct child_opts o = { .path = "/nonexistent/x", .argv = argv };
	struct child_result res;

	ck_assert_int_eq(child_run(a, &o, &res), -ENOENT);
	ck_assert_str_eq(err_get()->text, "exec \"/nonexistent/x\": no such file or directory");
	o.path = "/proc/version";
	ck_assert_int_eq(child_run(a, &o, &res), -EACCES);
	ck_assert_int_eq(shell("exit 0", (struct child_opts){ .cwd = "/nonexistent" }, &res),
			 -ENOENT);
	ck_assert_str_eq(err_get()->text,
			 "start \"/bin/sh\": change to directory \"/nonexistent\": "
			 "no such file or directory");
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left to reap */
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(nothing_is_inherited)
{
	struct child_result res;
	int leak = fcntl(1, F_DUPFD, 7); /* not close-on-exec */
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ck_assert_int_eq(shell("grep SigBlk /proc/self/status; for i in 3 4 5 6 7 8 9 10 11 12; do "
			       "[ -e /proc/$$/fd/$i ] && echo leak $i; done; exit 0",
			       (struct child_opts){ 0 }, &res),
			 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	close(leak);
	ck_assert_str_eq(res.out, "SigBlk:\t0000000000000000\n");
}
END_TEST

TCase *tcase_base_child(void)
{
	TCase *t = tcase_create("child");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, output_and_status);
	tcase_add_test(t, signals_are_told);
	tcase_add_test(t, environment_and_directory);
	tcase_add_test(t, stdin_is_fed);
	tcase_add_test(t, capture_has_a_ceiling);
	tcase_add_test(t, the_deadline_kills_the_group);
	tcase_add_test(t, a_grandchild_does_not_hold_us_up);
	tcase_add_test(t, what_cannot_run_is_an_error);
	tcase_add_test(t, nothing_is_inherited);
	return t;
}
