/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side: receive an ask, check it, run its answer. Three things can end the talk early:
 * a failure message, the end of the socket, the end of the process; each leaves an error that says
 * what the child was doing.
 * Surprise: when the child forks its final process (ASK_INIT), the first one ends while the talk
 * goes on, so until INIT was answered the end of the process alone is no news. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "handshake/handshake.h"

#include "base/cleanup.h"
#include "base/names.h"
#include "handshake/wire.h"

#define MAX_FDS          4
#define EXIT_PATIENCE_MS 2000

/* How a wait ended; MESSAGE fills the rest. */
enum outcome { MESSAGE = 0, ENDED = 1 };

struct received {
	struct wire wire;
	size_t len;
	pid_t pid;
	int fd; /* ours to close */
	bool too_many_fds;
};

static void take_fds(const struct cmsghdr *c, struct received *m)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (m->fd < 0) {
			m->fd = fd;
			continue;
		}
		close(fd);
		m->too_many_fds = true;
	}
}

static int receive(int sock, struct received *m)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { &m->wire, sizeof(m->wire) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.room) };
	struct ucred cred;
	ssize_t n;

	*m = (struct received){ .fd = -1 };
	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? ENDED : err_sys("receive from init");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			take_fds(c, m);
		if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&cred, CMSG_DATA(c), sizeof(cred));
			m->pid = cred.pid;
		}
	}
	m->len = (size_t)n;
	m->too_many_fds |= (msg.msg_flags & MSG_CTRUNC) != 0;
	return n == 0 ? ENDED : MESSAGE;
}

static bool has_news(int fd, int timeout_ms)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, timeout_ms) > 0;
}

/* The process whose end counts now, -1 while none does. */
static int watched(const struct handshake *h, const struct handshake_peer *peer)
{
	bool first_may_go = (h->asks & ASK_BIT(ASK_INIT)) && !(h->done & ASK_BIT(ASK_INIT));

	return first_may_go ? -1 : *peer->pidfd;
}

static int next_message(const struct handshake *h, const struct handshake_peer *peer,
			struct received *m)
{
	for (;;) {
		struct pollfd p[] = { { h->sock, POLLIN, 0 }, { watched(h, peer), POLLIN, 0 } };

		if (poll(p, ARRAY_SIZE(p), -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_sys("wait for init");
		}
		/* its last words may have come between the two looks */
		if (p[0].revents || has_news(h->sock, 0))
			return receive(h->sock, m);
		if (p[1].revents)
			return ENDED;
	}
}

/* The child is gone (or will not talk any more): record why, as well as we know. */
static int report_end(const struct handshake_peer *peer)
{
	const char *step = recorder_step_name(peer->rec);
	siginfo_t si = { 0 };

	TRY(recorder_error(peer->rec));
	/* the socket closes a moment before the process can be waited for; WNOWAIT: our caller
	 * reaps */
	if (*peer->pidfd < 0 || !has_news(*peer->pidfd, EXIT_PATIENCE_MS) ||
	    waitid(P_PIDFD, (id_t)*peer->pidfd, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || !si.si_pid)
		return err_msg(ERR_SYS, "init ended without a word during \"%s\"", step);
	if (si.si_code == CLD_EXITED)
		return err_msg(ERR_SYS, "init exited with status %d during \"%s\"", si.si_status,
			       step);
	return err_msg(ERR_SYS, "init was killed by signal %d (%s) during \"%s\"", si.si_status,
		       signal_name(si.si_status), step);
}

/* Is this message an ask that may come now? A failure message is adopted. */
static int check_message(const struct handshake *h, const struct received *m)
{
	const struct wire *w = &m->wire;
	int last = h->done ? 31 - __builtin_clz(h->done) : -1;

	if (m->len < WIRE_HEAD || m->len != WIRE_SIZE(w->type) || m->too_many_fds)
		return err_msg(ERR_BUG, "init sent a malformed message");
	if (w->type == WIRE_FAILED)
		return err_set(&w->err);
	if (w->type != WIRE_ASK || w->kind >= ASK_COUNT)
		return err_msg(ERR_BUG, "init sent a message of an unknown type");
	if (last >= 0 && (int)w->kind <= last)
		return err_msg(ERR_BUG, "init broke the order of the handshake: got %s after %s",
			       ask_name(w->kind), ask_name((enum ask_kind)last));
	if (!(h->asks & ASK_BIT(w->kind)))
		return err_msg(ERR_BUG, "init asked %s, which the plan does not have",
			       ask_name(w->kind));
	if (m->pid <= 0)
		return err_msg(ERR_BUG, "the kernel did not tell who asked %s", ask_name(w->kind));
	return 0;
}

/* 0 or ENDED. */
static int send_wire(const struct handshake *h, const struct wire *w)
{
	ssize_t n;

	do {
		n = send(h->sock, w, WIRE_SIZE(w->type), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	/* nobody reads any more: init died while we worked on the answer */
	return errno == EPIPE || errno == ECONNRESET ? ENDED : err_sys("answer init");
}

/* The child must know that it is over; the error stays recorded. */
static int refuse(const struct handshake *h, enum ask_kind kind)
{
	struct wire w = { .type = WIRE_FAILED, .kind = kind, .err = *err_get() };

	err_dropped(send_wire(h, &w));
	return err_set(&w.err);
}

static int answer(struct handshake *h, struct received *m, answer_fn *const answers[ASK_COUNT],
		  void *ctx)
{
	struct ask ask = { .kind = m->wire.kind, .pid = m->pid, .fd = take_fd(&m->fd) };
	struct wire done = { .type = WIRE_DONE, .kind = ask.kind };
	int r;

	h->done |= ASK_BIT(ask.kind);
	r = answers[ask.kind] ? answers[ask.kind](ctx, &ask)
			      : err_msg(ERR_BUG, "nobody answers %s", ask_name(ask.kind));
	close_fd(&ask.fd);
	if (r < 0)
		return refuse(h, ask.kind);
	return send_wire(h, &done);
}

int handshake_serve(struct handshake *h, const struct handshake_peer *peer,
		    answer_fn *const answers[ASK_COUNT], void *ctx)
{
	if (!(h->asks & ASK_BIT(ASK_READY)))
		return err_msg(ERR_BUG, "the plan never gets ready");
	while (!(h->done & ASK_BIT(ASK_READY))) {
		struct received m;
		int r = TRY(next_message(h, peer, &m));

		if (r == MESSAGE)
			r = check_message(h, &m);
		if (r == MESSAGE)
			r = answer(h, &m, answers, ctx);
		close_fd(&m.fd);
		if (r == ENDED)
			return report_end(peer);
		TRY(r);
	}
	return 0;
}

int handshake_wait_exec(struct handshake *h, const struct handshake_peer *peer, size_t exec_step)
{
	struct received m;
	int r = TRY(next_message(h, peer, &m));

	if (r == MESSAGE) {
		r = check_message(h, &m);
		close_fd(&m.fd);
		TRY(r);
		return err_msg(ERR_BUG, "init asked %s after READY", ask_name(m.wire.kind));
	}
	TRY(recorder_error(peer->rec));
	return recorder_step(peer->rec) >= (int)exec_step ? 0 : report_end(peer);
}
