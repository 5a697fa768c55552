/* SPDX-License-Identifier: Apache-2.0 */
/* The socket that a created container's init listens on. Its name is the "created" mark: `start`
 * removes it. An exec that may not enter by itself borrows the namespaces here. Surprise: the name
 * may outlive its listener (start was killed, or init died), so a refused connection means that the
 * container is past "created", and takes the name away. */
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "store/parts.h"

int store_start_listen(struct container *c, int *fd)
{
	TRY_AS(sock_listen(c->dir_fd, STORE_START, SOCK_SEQPACKET, 0600, fd),
	       "making the start socket of container \"%s\"", c->id);
	return 0;
}

int store_start_connect(struct container *c, int *fd)
{
	int r = sock_connect(c->dir_fd, STORE_START, SOCK_SEQPACKET, fd);
	if (r >= 0)
		return 0;
	int no = err_get()->no;
	if (no != ENOENT && no != ECONNREFUSED)
		return err_wrap("connecting to the init of container \"%s\"", c->id);
	if (no == ECONNREFUSED)
		TRY(store_start_release(c));
	return err_msg(ERR_STATE, "cannot start container \"%s\": it is not waiting to be started",
		       c->id);
}

/* Our end gets a name, which is how init tells us from `start`. It has to be a file for a moment:
 * an abstract one would be seen in the network namespace. */
static int bind_as_borrower(struct container *c, int sock)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char name[32];
	snprintf(name, sizeof(name), STORE_LEND ".%d", (int)getpid());
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/%s", c->dir_fd, name);
	if (unlinkat(c->dir_fd, name, 0) < 0 && errno != ENOENT)
		return err_sys("remove the socket of an earlier exec");
	int r = bind(sock, (struct sockaddr *)&addr, sizeof(addr));
	if (r < 0)
		return err_sys("make a socket in the directory of container \"%s\"", c->id);
	if (unlinkat(c->dir_fd, name, 0) < 0)
		return err_sys("remove the socket in the directory of container \"%s\"", c->id);
	return 0;
}

int store_lend_connect(struct container *c, int *fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_sys("create a socket");
	_cleanup_close_ int node = openat(c->dir_fd, STORE_START, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (node < 0)
		return errno == ENOENT ? STORE_NOT_LENT : err_sys("open the start socket");
	TRY(bind_as_borrower(c, sock));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", node);
	int r;
	do
		r = connect(sock, (struct sockaddr *)&addr, sizeof(addr));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == ECONNREFUSED
			       ? STORE_NOT_LENT
			       : err_sys("connect to the init of container \"%s\"", c->id);
	*fd = take_fd(&sock);
	return 0;
}

int store_start_accept(int fd, bool *starts, int *conn)
{
	struct sockaddr_un from;
	socklen_t len;
	int got;
	do {
		len = sizeof(from);
		got = accept4(fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);
	} while (got < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (got < 0)
		return err_sys("wait for start");
	*starts = len <= offsetof(struct sockaddr_un, sun_path);
	*conn = got;
	return 0;
}

int store_start_release(struct container *c)
{
	if (unlinkat(c->dir_fd, STORE_START, 0) < 0 && errno != ENOENT)
		return err_sys("remove the start socket of container \"%s\"", c->id);
	return 0;
}
