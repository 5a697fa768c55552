/* SPDX-License-Identifier: Apache-2.0 */
/* exec by an ordinary user in a container that is only created. Its init is undumpable, so the
 * kernel lets nobody but root enter by its pidfd or open its namespaces in /proc. Being dumpable
 * would let others inside trace it, with the memory of the runtime in it. Instead init keeps
 * descriptors of the namespaces and hands them out by the start socket, which only the caller can
 * reach.
 * Surprise: accept4 alone must tell this from the start signal, since a seccomp filter may be in
 * force already: who borrows has bound its socket, who starts has not. */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "ns/kinds.h"
#include "sys/nsfd.h"
#include "sys/procfs.h"

#define LEND_ROOT       oci_ns_type_count /* the word that comes with init's root */
#define LEND_NOTHING    (LEND_ROOT + 1)   /* ... with no descriptor */
#define LEND_TIMEOUT_MS 10000
#define LEND_FIRST_FD   64

static int open_own(int *out)
{
	_cleanup_close_ int proc = -1;
	char self[16], path[32];
	TRY(procfs_open(&proc));
	ssize_t n = readlinkat(proc, "self", self, sizeof(self) - 1);
	if (n < 0)
		return err_sys("read /proc/self");
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/ns", self);
	*out = procfs_open_below(proc, path, O_PATH | O_DIRECTORY);
	return *out < 0 ? err_sys("open /proc/self/ns") : 0;
}

/* -EMFILE: RLIMIT_NOFILE of the process, which in a user namespace holds already. */
static int open_all(const struct ns_plan *p, int fds[oci_ns_type_count])
{
	_cleanup_close_ int dir = -1;
	TRY(open_own(&dir));
	for (const struct ns_kind *k = ns_kinds; k->word; k++) {
		if (!p->new_[k->type] && !p->joined[k->type])
			continue;
		_cleanup_close_ int fd = nsfd_open_at(dir, ns_kind_file(k));
		if (fd < 0)
			return err_sys("open the container's %s namespace", k->word);
		/* A low RLIMIT_NOFILE of the process must leave a number for the start signal. */
		int high = fcntl(fd, F_DUPFD_CLOEXEC, LEND_FIRST_FD);
		fds[k->type] = high >= 0 ? high : take_fd(&fd);
	}
	return 0;
}

int ns_lend_open(const struct ns_plan *p, int fds[oci_ns_type_count])
{
	if (!p->lends)
		return 0;
	int r = open_all(p, fds);
	if (r != -EMFILE)
		return r;
	err_dropped(r); /* whoever asks is told */
	for (size_t i = 0; i < oci_ns_type_count; i++)
		close_fd(&fds[i]);
	return 0;
}

static int give(int conn, int fd, uint32_t what)
{
	return sock_send_fd(conn, fd, &what, sizeof(what));
}

int ns_lend_give(int conn, const int fds[oci_ns_type_count])
{
	/* An ordinary user's container always has a user namespace. */
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fds[OCI_NS_USER] < 0)
		return give(conn, -1, LEND_NOTHING);
	for (uint32_t i = 0; i < oci_ns_type_count; i++)
		if (fds[i] >= 0)
			TRY(give(conn, fds[i], i));
	return give(conn, root, LEND_ROOT); /* the last one: everything is there */
}

/* 1: there is something to read; 0: init has gone on to its program, or is gone. */
static int await(int sock, int pidfd)
{
	struct pollfd p[] = { { .fd = sock, .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
	int n;
	do
		n = poll(p, ARRAY_SIZE(p), LEND_TIMEOUT_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys("wait for the container's init");
	if (n == 0)
		return err_msg(ERR_STATE,
			       "the container's init does not answer: is the container paused?");
	return p[0].revents != 0;
}

/* 1: one was received, 0: no more will come. */
static int take_one(int sock, struct ns_target *t, bool *complete)
{
	_cleanup_close_ int fd = -1;
	uint32_t what;
	int n = sock_recv_fd(sock, &what, sizeof(what), &fd);
	if (n == -ECONNRESET) {
		err_clear();
		return 0;
	}
	if (TRY(n) == 0)
		return 0;
	if (n == sizeof(what) && what == LEND_NOTHING)
		return err_msg(ERR_STATE,
			       "the container's init cannot hand out its namespaces: its "
			       "RLIMIT_NOFILE is too low; exec once it has started");
	*complete = n == sizeof(what) && what == LEND_ROOT && fd >= 0;
	if (n != sizeof(what) || what > LEND_ROOT || fd < 0)
		return err_msg(ERR_BUG, "the container's init sent what is no namespace");
	int *to = *complete ? &t->root_fd : &t->fds[what];
	close_fd(to);
	*to = take_fd(&fd);
	return 1;
}

int ns_lend_take(int sock, struct ns_target *t)
{
	bool complete = false, any = false;
	while (!complete && TRY(await(sock, t->pidfd)) && TRY(take_one(sock, t, &complete)))
		any = true;
	t->by_fd = complete;
	if (any && !complete)
		return err_msg(ERR_SYS, "the container's init handed out only a part of its "
					"namespaces: too many descriptors of the user are on "
					"their way (RLIMIT_NOFILE)");
	return complete ? 0 : NS_LEND_GONE;
}
