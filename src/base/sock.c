/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets. Addresses hold 107 bytes only, so longer paths and paths below a directory
 * descriptor go through /proc/self/fd: the socket itself when connecting, its directory when
 * binding. Surprise: the mode of a new socket file is that of the descriptor at bind time, so
 * fchmod before bind leaves no moment with wider permissions. */
#include <sys/socket.h>
#include <sys/un.h>

#include "base/sock.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define MAX_FDS 8 /* what one message may carry before the kernel cuts; all but one are closed */

static int set_address(struct sockaddr_un *sun, const char *path)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun->sun_path))
		return err_sysno(ENAMETOOLONG, "use the socket \"%s\"", path);
	memcpy(sun->sun_path, path, strlen(path));
	return 0;
}

int sock_connect(int dirfd, const char *path, int type, int *out)
{
	_cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	_cleanup_close_ int node = -1;
	struct sockaddr_un sun;
	char via[40];
	int r;

	if (fd < 0)
		return err_sys("create a socket");
	if (*path != '/' || strlen(path) >= sizeof(sun.sun_path)) {
		node = openat(dirfd, path, O_PATH | O_CLOEXEC);
		if (node < 0)
			return err_sys("connect to \"%s\"", path);
		snprintf(via, sizeof(via), "/proc/self/fd/%d", node);
		TRY(set_address(&sun, via));
	} else {
		TRY(set_address(&sun, path));
	}
	do {
		r = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys("connect to \"%s\"", path);
	*out = take_fd(&fd);
	return 0;
}

int sock_listen(int dirfd, const char *name, int type, mode_t mode, int *out)
{
	_cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	const char *slash = strrchr(name, '/');
	_cleanup_close_ int dir = -1;
	char parent[PATH_MAX], via[NAME_MAX + 40];
	struct sockaddr_un sun;

	if (fd < 0)
		return err_sys("create a socket");
	if (snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - name) + 1 : 1,
		     slash ? name : ".") >= (int)sizeof(parent))
		return err_sysno(ENAMETOOLONG, "listen on \"%s\"", name);
	dir = openat(dirfd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys("listen on \"%s\"", name);
	snprintf(via, sizeof(via), "/proc/self/fd/%d/%s", dir, slash ? slash + 1 : name);
	TRY(set_address(&sun, via));
	if (fchmod(fd, mode) < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
	    (type != SOCK_DGRAM && listen(fd, 8) < 0))
		return err_sys("listen on \"%s\"", name);
	*out = take_fd(&fd);
	return 0;
}

int sock_send_fd(int sock, int fd, const void *data, size_t len)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	do {
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys("send to a socket");
	if ((size_t)n != len)
		return err_sysno(EIO, "send to a socket");
	return 0;
}

/* Keep the first descriptor, close the others. */
static void keep_first_fd(const struct cmsghdr *c, int *fd)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int got;

		memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof(got));
		if (*fd < 0)
			*fd = got;
		else
			close(got);
	}
}

int sock_recv_fd(int sock, void *data, size_t len, int *fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(MAX_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { data, len };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.room) };
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys("receive from a socket");
	*fd = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			keep_first_fd(c, fd);
	return (int)n;
}
