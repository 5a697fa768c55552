/* SPDX-License-Identifier: Apache-2.0 */
/* Running a helper program and attending it until it ends. The child tells a failed chdir or execve
 * through a close-on-exec pipe, so that "could not be run" and "ran and failed" are never mixed up.
 * Surprise: the wait is for the process, not for the end of its pipes; what is in the pipes at that
 * moment is still read. */
#include <signal.h>

#include "base/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#define DEFAULT_CAPTURE       ((size_t)64 * 1024)
#define POLL_WITHOUT_PIDFD_MS 10

/* Both ends of what connects us; -1 = not there. ours[i] meets its descriptor i. */
struct ends {
	int ours[3], its[3];
	int told, tell; /* the failure pipe: read end, write end */
};

enum stage { STAGE_PREPARE, STAGE_CHDIR, STAGE_EXEC };

/* What travels through the failure pipe. */
struct failure {
	int no;
	enum stage stage;
};

struct running {
	const struct child_opts *o;
	struct ends *ends;
	pid_t pid;
	int pidfd;
	size_t fed;           /* bytes of stdin_data already written */
	struct str text[3];   /* [1] and [2]: captured */
	uint64_t deadline_ns; /* 0 = none */
	bool timed_out;
};

static void close_ends(struct ends *e)
{
	for (int i = 0; i < 3; i++) {
		close_fd(&e->ours[i]);
		close_fd(&e->its[i]);
	}
	close_fd(&e->told);
	close_fd(&e->tell);
}

/* One pipe, its end for descriptor i of the child. Only our end does not block. */
static int open_pipe(struct ends *e, int i)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys("create a pipe");
	e->ours[i] = p[i == 0];
	e->its[i] = p[i != 0];
	if (fcntl(e->ours[i], F_SETFL, O_NONBLOCK) < 0)
		return err_sys("set up a pipe");
	return 0;
}

static int open_ends(const struct child_opts *o, struct ends *e)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys("create a pipe");
	e->told = p[0];
	e->tell = p[1];
	if (o->stdin_data) {
		TRY(open_pipe(e, 0));
	} else {
		e->its[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (e->its[0] < 0)
			return err_sys("open \"/dev/null\"");
	}
	if (o->inherit_output)
		return 0;
	TRY(open_pipe(e, 1));
	return open_pipe(e, 2);
}

static void default_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	/* some numbers are refused (SIGKILL, the C library's own): they need no change */
	for (int s = 1; s < NSIG; s++)
		sigaction(s, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child. Returns only when something fails; errno tells. */
static enum stage become_program(const struct child_opts *o, struct ends *e)
{
	static const char *const empty[] = { NULL };
	enum { TELL = 3 };

	setpgid(0, 0);
	default_signals();
	/* Nobody would wait for it, or undo what it does, once we are gone. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return STAGE_PREPARE;
	for (int i = 0; i < 3; i++)
		if (e->its[i] >= 0 && dup2(e->its[i], i) < 0)
			return STAGE_PREPARE;
	if (e->tell != TELL && dup3(e->tell, TELL, O_CLOEXEC) < 0)
		return STAGE_PREPARE;
	e->tell = TELL;
	if (fd_close_from(TELL + 1) < 0)
		return STAGE_PREPARE;
	if (o->cwd && chdir(o->cwd) < 0)
		return STAGE_CHDIR;
	execve(o->path, (char *const *)o->argv, (char *const *)(o->env ? o->env : empty));
	return STAGE_EXEC;
}

static NORETURN void child_side(const struct child_opts *o, struct ends *e)
{
	struct failure f;

	f.stage = become_program(o, e);
	f.no = errno;
	/* if even this is lost, the parent sees exit status 127 */
	if (write(e->tell, &f, sizeof(f)) < 0)
		_exit(126);
	_exit(127);
}

/* After the fork: did the program begin? */
static int check_started(const struct running *c)
{
	const char *path = c->o->path;
	struct failure f;
	ssize_t n;

	do {
		n = read(c->ends->told, &f, sizeof(f));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n != (ssize_t)sizeof(f))
		return err_msg(ERR_BUG, "start \"%s\": lost the reason why it failed", path);
	if (f.stage == STAGE_CHDIR)
		return err_sysno(f.no, "start \"%s\": change to directory \"%s\"", path, c->o->cwd);
	return err_sysno(f.no, f.stage == STAGE_EXEC ? "exec \"%s\"" : "prepare to start \"%s\"",
			 path);
}

static void feed(struct running *c)
{
	int *fd = &c->ends->ours[0];

	while (*fd >= 0 && c->fed < c->o->stdin_len) {
		ssize_t n = write(*fd, c->o->stdin_data + c->fed, c->o->stdin_len - c->fed);

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break; /* it does not want to read: no error */
		c->fed += (size_t)n;
	}
	close_fd(fd);
}

/* Read what there is; beyond the ceiling it is read and forgotten. */
static void collect(struct running *c, int i)
{
	int *fd = &c->ends->ours[i];
	char buf[4096];

	/* bounded, so that an endless writer cannot keep us from seeing the deadline */
	for (int rounds = 0; *fd >= 0 && rounds < 64; rounds++) {
		ssize_t n = read(*fd, buf, sizeof(buf));

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			close_fd(fd);
		else
			str_addn(&c->text[i], buf, (size_t)n);
	}
}

/* For poll: milliseconds until something is due, -1 = nothing. */
static int patience(const struct running *c)
{
	uint64_t now = clock_mono_ns();
	int ms = -1;

	if (c->deadline_ns && !c->timed_out)
		ms = now >= c->deadline_ns ? 0 : (int)((c->deadline_ns - now + 999999) / 1000000);
	if (c->pidfd < 0 && (ms < 0 || ms > POLL_WITHOUT_PIDFD_MS))
		ms = POLL_WITHOUT_PIDFD_MS;
	return ms;
}

static void kill_group(struct running *c)
{
	/* the process itself too: it may have left its group */
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
}

/* Until the process is reaped; its status. */
static int attend(struct running *c, int *status)
{
	for (;;) {
		struct pollfd p[] = {
			{ c->ends->ours[0], POLLOUT, 0 },
			{ c->ends->ours[1], POLLIN, 0 },
			{ c->ends->ours[2], POLLIN, 0 },
			{ c->pidfd, POLLIN, 0 },
		};

		if (poll(p, ARRAY_SIZE(p), patience(c)) < 0 && errno != EINTR)
			return err_sys("wait for \"%s\"", c->o->path);
		/* asked first, so that all it wrote before its end is in the pipes when we look */
		pid_t ended = waitpid(c->pid, status, WNOHANG);

		if (ended < 0 && errno != EINTR)
			return err_sys("wait for \"%s\"", c->o->path);
		if (p[0].revents)
			feed(c);
		collect(c, 1);
		collect(c, 2);
		if (ended == c->pid)
			return 0;
		if (c->deadline_ns && !c->timed_out && clock_mono_ns() >= c->deadline_ns) {
			c->timed_out = true;
			kill_group(c);
		}
	}
}

/* Fork, start, attend. With `c` filled but for the process. */
static int run(struct running *c, int *status)
{
	int r;

	c->pid = fork();
	if (c->pid < 0)
		return err_sys("fork");
	if (c->pid == 0)
		child_side(c->o, c->ends);
	for (int i = 0; i < 3; i++)
		close_fd(&c->ends->its[i]);
	close_fd(&c->ends->tell);
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	r = check_started(c);
	if (r == 0) {
		if (!c->o->stdin_len)
			close_fd(&c->ends->ours[0]);
		r = attend(c, status);
	}
	if (r < 0) {
		kill_group(c);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close_fd(&c->pidfd);
	return r;
}

int child_run(struct arena *a, const struct child_opts *o, struct child_result *res)
{
	struct ends ends = { { -1, -1, -1 }, { -1, -1, -1 }, -1, -1 };
	struct running c = { .o = o, .ends = &ends, .pidfd = -1 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, dfl = { .sa_handler = SIG_DFL };
	struct sigaction old_pipe, old_chld;
	int r, status = 0;

	for (int i = 1; i < 3; i++)
		str_init(&c.text[i], a, o->capture_max ? o->capture_max : DEFAULT_CAPTURE);
	if (o->timeout_ms > 0)
		c.deadline_ns = clock_mono_ns() + (uint64_t)o->timeout_ms * 1000000;
	/* an ignored SIGCHLD (inherited from an engine) would reap the child behind our back */
	sigaction(SIGPIPE, &ignore, &old_pipe);
	sigaction(SIGCHLD, &dfl, &old_chld);
	r = open_ends(o, &ends);
	if (r == 0)
		r = run(&c, &status);
	close_ends(&ends);
	sigaction(SIGPIPE, &old_pipe, NULL);
	sigaction(SIGCHLD, &old_chld, NULL);
	if (r < 0)
		return r;
	*res = (struct child_result){ status, c.timed_out, c.text[1].v, c.text[2].v };
	return 0;
}

const char *child_status_text(struct arena *a, int status)
{
	char *text;

	if (WIFEXITED(status))
		return arena_printf(a, "exit status %d", WEXITSTATUS(status));
	if (!WIFSIGNALED(status))
		return arena_printf(a, "wait status %d", status);
	text = arena_printf(a, "signal: %s%s", strsignal(WTERMSIG(status)),
			    WCOREDUMP(status) ? " (core dumped)" : "");
	for (char *s = text + strlen("signal: "); *s >= 'A' && *s <= 'Z'; s++)
		*s |= 0x20;
	return text;
}
