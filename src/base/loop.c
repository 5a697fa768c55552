/* SPDX-License-Identifier: Apache-2.0 */
/* The epoll loop. One event is fetched at a time: a callback may remove or replace any descriptor,
 * and a second event fetched with the first could then belong to a stranger.
 * Surprise: epoll refuses regular files (EPERM); the caller reads those without waiting. */
#include "base/loop.h"

#include <sys/epoll.h>

#include "base/cleanup.h"

struct watch {
	int fd;
	loop_fd_fn *fn;
	void *ctx;
};

struct loop {
	int epoll_fd;
	int signal_fd;
	loop_signal_fn *signal_fn;
	void *signal_ctx;
	struct watch *v;
	size_t n, cap;
	bool quit;
};

int loop_new(struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return err_sys("create an event loop");
	l->signal_fd = -1;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0) {
		free(l);
		return err_sys("create an event loop");
	}
	*out = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	close_fd(&l->epoll_fd);
	close_fd(&l->signal_fd);
	free(l->v);
	free(l);
}

static struct watch *find(struct loop *l, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].fd == fd)
			return &l->v[i];
	return NULL;
}

int loop_add_fd(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *ctx)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 8;
		struct watch *grown = realloc(l->v, cap * sizeof(*grown));

		if (!grown)
			return err_sys("watch a descriptor");
		l->v = grown;
		l->cap = cap;
	}
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
		return err_sys("watch descriptor %d", fd);
	l->v[l->n++] = (struct watch){ fd, fn, ctx };
	return 0;
}

int loop_mod_fd(struct loop *l, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, fd, &e) < 0)
		return err_sys("watch descriptor %d", fd);
	return 0;
}

void loop_del_fd(struct loop *l, int fd)
{
	struct watch *w = find(l, fd);

	if (!w)
		return;
	/* fails only when the caller has closed it already, which removes it as well */
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	*w = l->v[--l->n];
}

static int on_signal(struct loop *l, int fd, uint32_t events, void *ctx)
{
	struct signalfd_siginfo si;
	ssize_t n = read(fd, &si, sizeof(si));

	(void)events;
	(void)ctx;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n != (ssize_t)sizeof(si))
		return err_sys("read a signal");
	return l->signal_fn(l, &si, l->signal_ctx);
}

int loop_add_signals(struct loop *l, const sigset_t *set, loop_signal_fn *fn, void *ctx)
{
	if (l->signal_fd >= 0)
		return err_msg(ERR_BUG, "the loop watches signals already");
	l->signal_fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signal_fd < 0)
		return err_sys("watch signals");
	l->signal_fn = fn;
	l->signal_ctx = ctx;
	return loop_add_fd(l, l->signal_fd, EPOLLIN, on_signal, NULL);
}

void loop_quit(struct loop *l)
{
	l->quit = true;
}

int loop_run(struct loop *l)
{
	while (!l->quit) {
		struct epoll_event e;
		int n = epoll_wait(l->epoll_fd, &e, 1, -1);

		if (n < 0 && errno != EINTR)
			return err_sys("wait for events");
		struct watch *w = n == 1 ? find(l, e.data.fd) : NULL;

		/* the callback may add watches and so move the array: w is not used after the call
		 */
		if (w)
			TRY(w->fn(l, w->fd, e.events, w->ctx));
	}
	l->quit = false;
	return 0;
}
