/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes between the caller's streams and the master of the container's terminal.
 * Two flows, each with one buffer that is filled only when it is empty, so nothing is ever dropped.
 * Surprises: epoll cannot watch regular files, such an `in` is read whenever the master takes
 * bytes; `out` belongs to others too, so it is not made non-blocking, we ask poll before each small
 * write; we keep a slave open ourselves, or the master would hang up while init reopens
 * /dev/console. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "process/process.h"

/* More than the kernel buffers in a pty; what comes after that is from a process that lives on. */
enum { MAX_LEFT_OVER = 256 << 10 };

struct flow {
	size_t off, n; /* bytes [off, n) are waiting to be written */
	bool eof;      /* nothing more will be read */
	bool lost;     /* the reader has gone: read on, throw away */
	char last;     /* byte written last */
	char buf[16384];
};

struct watch {
	int fd;
	uint32_t events; /* 0 = not in the loop */
	bool unpollable;
	loop_fd_fn *fn;
};

struct tty_relay {
	struct loop *loop;
	struct watch in, out, master;
	int slave;
	bool eof_sent;
	struct flow down, up; /* in -> master, master -> out */
};

static bool is_empty(const struct flow *f)
{
	return f->off == f->n;
}

/* Gives whether the end was reached by an orderly EOF rather than an error. */
static bool pull(struct flow *f, int fd)
{
	if (!is_empty(f) || f->eof)
		return false;
	ssize_t n = read(fd, f->buf, sizeof(f->buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	f->off = 0;
	f->n = n > 0 ? (size_t)n : 0;
	f->eof = n <= 0;
	return n == 0;
}

/* One write; false when nothing could be written now. */
static bool push_some(struct flow *f, int fd)
{
	size_t want = f->n - f->off;
	if (want > PIPE_BUF) /* what poll promises for a pipe */
		want = PIPE_BUF;
	ssize_t n = f->lost ? (ssize_t)want : write(fd, f->buf + f->off, want);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n < 0) {
		f->lost = true;
		return true;
	}
	f->off += (size_t)n;
	if (n > 0)
		f->last = f->buf[f->off - 1];
	return n > 0;
}

static bool can_write(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	return poll(&p, 1, timeout_ms) != 0; /* an error is the write's to report */
}

static void push_out(struct tty_relay *r)
{
	while (!is_empty(&r->up) && (r->up.lost || can_write(r->out.fd, 0)))
		if (!push_some(&r->up, r->out.fd))
			return;
}

static void push_master(struct tty_relay *r)
{
	while (!is_empty(&r->down))
		if (!push_some(&r->down, r->master.fd))
			return;
}

/* The end of a pipe or file is told to a line-reading program as a user would: with ^D. Behind an
 * unfinished line it takes two, the first only ends the line. */
static void send_eof(struct tty_relay *r)
{
	struct termios t;
	if (r->eof_sent || tcgetattr(r->master.fd, &t) < 0 || !(t.c_lflag & ICANON))
		return;
	r->eof_sent = true;
	bool unfinished = r->down.last && r->down.last != '\n';
	r->down.off = 0;
	r->down.n = unfinished ? 2 : 1;
	memset(r->down.buf, t.c_cc[VEOF], r->down.n);
	push_master(r);
}

static void pull_in(struct tty_relay *r)
{
	bool end = pull(&r->down, r->in.fd);
	push_master(r);
	if (end)
		send_eof(r);
}

static int set_watch(struct tty_relay *r, struct watch *w, uint32_t events)
{
	if (w->unpollable || w->events == events)
		return 0;
	uint32_t before = w->events;
	w->events = events;
	if (!events) { /* out of the loop: a hang-up is reported even when nothing was asked for */
		loop_del_fd(r->loop, w->fd);
		return 0;
	}
	if (before)
		return loop_mod_fd(r->loop, w->fd, events);
	int err = loop_add_fd(r->loop, w->fd, events, w->fn, r);
	if (err != -EPERM)
		return err;
	err_dropped(err); /* a regular file: always ready */
	w->unpollable = true;
	w->events = 0;
	return 0;
}

/* `in` goes first: trying to watch it is how we learn that it cannot be watched. */
static int watch_all(struct tty_relay *r)
{
	bool in_open = !r->down.eof && !r->down.lost && is_empty(&r->down);
	TRY(set_watch(r, &r->in, in_open ? EPOLLIN : 0));
	TRY(set_watch(r, &r->out, is_empty(&r->up) ? 0 : EPOLLOUT));
	bool feed = !is_empty(&r->down) || (r->in.unpollable && in_open);
	uint32_t events = (feed && !r->up.eof ? EPOLLOUT : 0) |
			  (!r->up.eof && is_empty(&r->up) ? EPOLLIN : 0);
	return set_watch(r, &r->master, events);
}

static int on_in(struct loop *l UNUSED, int fd UNUSED, uint32_t events UNUSED, void *ctx)
{
	struct tty_relay *r = ctx;
	pull_in(r);
	return watch_all(r);
}

static int on_out(struct loop *l UNUSED, int fd UNUSED, uint32_t events UNUSED, void *ctx)
{
	struct tty_relay *r = ctx;
	push_out(r);
	return watch_all(r);
}

static int on_master(struct loop *l UNUSED, int fd UNUSED, uint32_t events, void *ctx)
{
	struct tty_relay *r = ctx;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		pull(&r->up, r->master.fd);
		push_out(r);
	}
	if (events & EPOLLOUT) {
		push_master(r);
		if (r->in.unpollable && is_empty(&r->down) && !r->down.eof)
			pull_in(r);
	}
	return watch_all(r);
}

/* Our side of the terminal adds carriage returns; the container's must not. */
static int prepare_master(int master)
{
	struct termios t;
	if (tcgetattr(master, &t) < 0)
		return err_sys("look at the container's terminal");
	t.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(master, TCSANOW, &t) < 0)
		return err_sys("set up the container's terminal");
	int flags = fcntl(master, F_GETFL);
	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys("make the container's terminal non-blocking");
	return 0;
}

int tty_relay_new(struct arena *a, struct loop *l, int master, int in, int out,
		  struct tty_relay **r)
{
	TRY(prepare_master(master));
	_cleanup_close_ int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys("open the slave of the container's terminal");
	struct tty_relay *new = arena_alloc(a, sizeof(*new));
	new->loop = l;
	new->in = (struct watch){ .fd = in, .fn = on_in };
	new->out = (struct watch){ .fd = out, .fn = on_out };
	new->master = (struct watch){ .fd = master, .fn = on_master };
	TRY(watch_all(new));
	new->slave = take_fd(&slave);
	*r = new;
	return 0;
}

bool tty_relay_hung_up(const struct tty_relay *r)
{
	return r->up.eof && is_empty(&r->up);
}

int tty_relay_drain(struct tty_relay *r)
{
	close_fd(&r->slave);
	for (size_t taken = 0; taken < MAX_LEFT_OVER; taken += r->up.n) {
		while (!is_empty(&r->up))
			if (r->up.lost || can_write(r->out.fd, -1))
				push_some(&r->up, r->out.fd);
		pull(&r->up, r->master.fd);
		if (is_empty(&r->up))
			break;
	}
	TRY(set_watch(r, &r->in, 0));
	TRY(set_watch(r, &r->out, 0));
	return set_watch(r, &r->master, 0);
}
