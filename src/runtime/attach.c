/* SPDX-License-Identifier: Apache-2.0 */
/* Foreground run: pass signals and terminal bytes, reap, give the exit status, delete.
 * Every signal is blocked since before the clone, so none is lost between start and here.
 * Surprise: output of the terminal is relayed only from here on, after the program has started; the
 * pty keeps what was written meanwhile. */
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/loop.h"
#include "runtime/launch.h"
#include "runtime/notify.h"
#include "sys/pidfd.h"

struct attached {
	struct launch *l;
	int status;
};

static int reap(struct loop *loop, struct attached *at)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == at->l->pid) {
			at->status = status;
			loop_quit(loop);
		}
	}
	return 0;
}

static int on_signal(struct loop *loop, const struct signalfd_siginfo *si, void *ctx)
{
	struct attached *at = ctx;
	int signo = (int)si->ssi_signo;
	if (signo == SIGCHLD)
		return reap(loop, at);
	if (signo == SIGWINCH && at->l->master >= 0)
		return tty_copy_winsize(STDIN_FILENO, at->l->master);
	/* From us alone and about us alone: job control of our terminal, broken pipes. */
	if (signo == SIGPIPE || signo == SIGTTOU || signo == SIGTTIN)
		return 0;
	if (sys_pidfd_signal(at->l->pidfd, signo) < 0 && errno != ESRCH)
		log_warn("forward signal %d: %s", signo, err_text(errno));
	return 0;
}

/* We stay, so nobody need wait for the caller to have read it. */
static int on_notify(struct loop *loop, int fd, uint32_t events, void *ctx)
{
	struct attached *at = ctx;
	struct notify_to to = { at->l->opts->notify_socket, at->l->pid, NOTIFY_LIMIT_MS };
	(void)events;
	if (TRY(notify_take(fd, &to, false)) == NOTIFY_READY) {
		loop_del_fd(loop, fd);
		store_notify_close(&at->l->notify);
	}
	return 0;
}

static int attend(struct launch *l, struct loop *loop, struct attached *at)
{
	struct tty_relay *relay = NULL;
	sigset_t all;
	sigfillset(&all);
	TRY(loop_add_signals(loop, &all, on_signal, at));
	if (l->notify.sock >= 0)
		TRY(loop_add_fd(loop, l->notify.sock, EPOLLIN, on_notify, at));
	if (l->master >= 0) {
		TRY(tty_copy_winsize(STDIN_FILENO, l->master));
		TRY(tty_relay_new(l->rt->arena, loop, l->master, STDIN_FILENO, STDOUT_FILENO,
				  &relay));
	}
	TRY(reap(loop, at));
	TRY(loop_run(loop));
	return relay ? tty_relay_drain(relay) : 0;
}

/* Kept: for `wait`, since nobody can ask the kernel about a process that we have reaped. */
static int save_status(struct launch *l, struct container *c, int status)
{
	l->record.oom_killed = oom_seen(&l->record);
	l->record.ended = true;
	l->record.wait_status = (uint32_t)status;
	return store_save(l->rt->arena, c, &l->record);
}

static int remove_container(struct launch *l, int status)
{
	struct container c = CONTAINER_INIT;
	int r = store_open(l->container.root, l->container.id, &c);
	if (r >= 0)
		r = store_lock(&c);
	if (r >= 0)
		r = l->opts->keep ? save_status(l, &c, status) :
				   destroy(l->rt, &c, &l->record, true);
	else
		err_clear(); /* somebody deleted it already: that is what we wanted */
	store_close(&c);
	return r < 0 && err_get()->kind != ERR_NONE ? r : 0;
}

int attach_to(struct launch *l, int *status)
{
	struct loop *loop = NULL;
	struct attached at = { .l = l };
	struct tty_raw raw = TTY_RAW_NONE;
	int r = loop_new(&loop);
	if (r >= 0 && l->master >= 0)
		r = tty_raw_on(STDIN_FILENO, &raw);
	if (r >= 0)
		r = attend(l, loop, &at);
	tty_raw_off(&raw);
	loop_free(loop);
	*status = at.status;
	return r;
}

int launch_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int attach(struct launch *l)
{
	int status, r = attach_to(l, &status);
	if (r < 0) {
		launch_undo(l);
		return r;
	}
	TRY(remove_container(l, status));
	return launch_exit_code(status);
}
