/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal relay on a real pty: nothing is lost, in either direction, with pipes and files. */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "process/process.h"

enum { BIG = 300000 };

static struct arena *a;
static struct loop *loop;
static int master, slave;

static void setup(void)
{
	int unlock = 0;
	struct termios t;
	a = arena_new();
	err_clear();
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(loop_new(&loop), 0);
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(ioctl(master, TIOCSPTLCK, &unlock), 0);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(tcgetattr(slave, &t), 0);
	t.c_lflag &= ~(tcflag_t)ECHO;
	t.c_oflag &= ~(tcflag_t)ONLCR; /* the relay does it as well, but our writers are faster */
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &t), 0);
}

static void teardown(void)
{
	loop_free(loop);
	close_fd(&master);
	close_fd(&slave);
	arena_free(a);
}

/* The container: writes BIG bytes, a "." now and then slowly enough to make the pipe run dry. */
static pid_t start_writer(void)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	for (int i = 0; i < BIG; i += 100) {
		char line[101];
		snprintf(line, sizeof(line), "%099d\n", i);
		if (write(slave, line, 100) != 100)
			_exit(1);
	}
	_exit(0);
}

static int quit_on_exit(struct loop *l, int fd, uint32_t events UNUSED, void *ctx UNUSED)
{
	char c;
	if (read(fd, &c, 1) == 0)
		loop_quit(l);
	return 0;
}

/* Run the loop until `pid`, which holds the only other end of a pipe, has gone. */
static void run_until_gone(int life, pid_t pid)
{
	int status = 0;
	ck_assert_int_eq(loop_add_fd(loop, life, POLLIN, quit_on_exit, NULL), 0);
	ck_assert_msg(loop_run(loop) == 0, "%s", err_get()->text);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void check_lines(const char *text, size_t n)
{
	ck_assert_uint_eq(n, BIG);
	for (int i = 0; i < BIG; i += 100) {
		char line[101];
		snprintf(line, sizeof(line), "%099d\n", i);
		ck_assert_int_eq(memcmp(text + i, line, 100), 0);
	}
}

START_TEST(output_to_a_file)
{
	struct tty_relay *r;
	int life[2], out = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(out, 0);
	ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
	pid_t pid = start_writer();
	close_fd(&life[1]);
	close_fd(&slave);
	ck_assert_msg(tty_relay_new(a, loop, master, in, out, &r) == 0, "%s", err_get()->text);
	run_until_gone(life[0], pid);
	ck_assert_int_eq(tty_relay_drain(r), 0);
	char *text = arena_alloc(a, BIG + 1);
	ck_assert_int_eq(pread(out, text, BIG + 1, 0), BIG);
	check_lines(text, BIG);
	close(in);
	close(out);
	close(life[0]);
}
END_TEST

/* Copies `from` to `to` in odd portions, with pauses; `not_mine` is the pipe's other end. */
static pid_t start_reader(int from, int to, int not_mine)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	char buf[777];
	ssize_t n;
	close(not_mine);
	close_fd(&slave);
	for (int i = 0; (n = read(from, buf, sizeof(buf))) > 0; i++) {
		if (i % 100 == 0)
			poll(NULL, 0, 1);
		if (write(to, buf, (size_t)n) != n)
			_exit(1);
	}
	_exit(n < 0);
}

START_TEST(output_to_a_slow_pipe)
{
	struct tty_relay *r;
	int life[2], out[2], status = 0;
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC | (_i ? O_NONBLOCK : 0)), 0);
	ck_assert_int_eq(fcntl(out[0], F_SETFL, 0), 0);
	ck_assert_int_ge(fcntl(out[1], F_SETPIPE_SZ, 4096), 4096);
	pid_t reader = start_reader(out[0], file, out[1]);
	ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
	pid_t writer = start_writer();
	close_fd(&slave);
	close_fd(&life[1]);
	close(out[0]);
	ck_assert_msg(tty_relay_new(a, loop, master, in, out[1], &r) == 0, "%s", err_get()->text);
	run_until_gone(life[0], writer);
	ck_assert_int_eq(tty_relay_drain(r), 0);
	ck_assert(tty_relay_hung_up(r));
	close(out[1]);
	ck_assert_int_eq(waitpid(reader, &status, 0), reader);
	ck_assert_int_eq(status, 0);
	char *text = arena_alloc(a, BIG + 1);
	check_lines(text, (size_t)pread(file, text, BIG + 1, 0));
	close(in);
	close(file);
	close(life[0]);
}
END_TEST

START_TEST(reader_went_away)
{
	struct tty_relay *r;
	int life[2], out[2];
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	close(out[0]);
	ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
	pid_t writer = start_writer(); /* must be able to finish */
	close_fd(&slave);
	close_fd(&life[1]);
	ck_assert_int_eq(tty_relay_new(a, loop, master, in, out[1], &r), 0);
	run_until_gone(life[0], writer);
	ck_assert_int_eq(tty_relay_drain(r), 0);
	close(in);
	close(out[1]);
	close(life[0]);
}
END_TEST

/* The container: a program that reads lines until the end of its input. */
static pid_t start_sink(int to)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	char buf[1024];
	ssize_t n;
	while ((n = read(slave, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			_exit(1);
	_exit(n < 0);
}

/* _i: 0 a file, 1 a pipe; the last line is unfinished in both. */
START_TEST(input_until_its_end)
{
	struct tty_relay *r;
	int life[2], p[2];
	int got = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char *text = arena_alloc(a, BIG + 10);
	for (int i = 0; i < BIG; i += 100)
		snprintf(text + i, 101, "%099d\n", i);
	memcpy(text + BIG, "rest", 4);
	ck_assert_int_eq(pwrite(file, text, BIG + 4, 0), BIG + 4);
	ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
	pid_t feeder = _i ? start_reader(file, p[1], p[0]) : 0;
	close(p[1]);
	pid_t sink = start_sink(got);
	close_fd(&slave);
	close_fd(&life[1]);
	ck_assert_int_eq(tty_relay_new(a, loop, master, _i ? p[0] : file, out, &r), 0);
	run_until_gone(life[0], sink);
	ck_assert_int_eq(tty_relay_drain(r), 0);
	if (feeder)
		ck_assert_int_eq(waitpid(feeder, NULL, 0), feeder);
	char *back = arena_alloc(a, BIG + 10);
	ck_assert_int_eq(pread(got, back, BIG + 10, 0), BIG + 4);
	ck_assert_int_eq(memcmp(text, back, BIG + 4), 0);
	close(p[0]);
	close(out);
	close(file);
	close(got);
	close(life[0]);
}
END_TEST

START_TEST(raw_mode_and_size)
{
	struct tty_raw raw;
	struct termios was, now;
	struct winsize ws = { .ws_row = 33, .ws_col = 101 }, got;
	int p[2];
	ck_assert_int_eq(tcgetattr(slave, &was), 0);
	ck_assert_int_eq(tty_raw_on(slave, &raw), 0);
	ck_assert_int_eq(tcgetattr(slave, &now), 0);
	ck_assert(!(now.c_lflag & (ICANON | ISIG)) && (now.c_oflag & OPOST));
	tty_raw_off(&raw);
	tty_raw_off(&raw);
	ck_assert_int_eq(tcgetattr(slave, &now), 0);
	ck_assert(now.c_lflag == was.c_lflag && now.c_iflag == was.c_iflag);
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &ws), 0);
	int other = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_eq(tty_copy_winsize(slave, other), 0);
	ck_assert_int_eq(ioctl(other, TIOCGWINSZ, &got), 0);
	ck_assert(got.ws_row == 33 && got.ws_col == 101);
	ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0); /* no terminal: fine, nothing to do */
	ck_assert_int_eq(tty_raw_on(p[0], &raw), 0);
	ck_assert_int_eq(raw.fd, -1);
	ck_assert_int_eq(tty_copy_winsize(p[0], other), 0);
	close(p[0]);
	close(p[1]);
	close(other);
}
END_TEST

TCase *tcase_process_relay(void);
TCase *tcase_process_relay(void)
{
	TCase *t = tcase_create("process relay");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, output_to_a_file);
	tcase_add_loop_test(t, output_to_a_slow_pipe, 0, 2);
	tcase_add_test(t, reader_went_away);
	tcase_add_loop_test(t, input_until_its_end, 0, 2);
	tcase_add_test(t, raw_mode_and_size);
	return t;
}
