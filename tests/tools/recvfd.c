/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of --pidfd-socket: recvfd SOCKET FILE listens, accepts one connection and writes to
 * FILE the payload, what the descriptor is, and its fdinfo. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "recvfd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int accept_one(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sa.sun_path))
		die("socket path too long");
	strcpy(sa.sun_path, path);
	if (s < 0 || bind(s, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(s, 1) < 0)
		die(path);
	int c = accept4(s, NULL, NULL, SOCK_CLOEXEC);

	if (c < 0)
		die("accept");
	return c;
}

static int receive(int c, char *payload, size_t size)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { payload, size - 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(c, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int fd = -1;

	if (n <= 0 || !h || h->cmsg_type != SCM_RIGHTS)
		die("no descriptor in the message");
	payload[n] = 0;
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return fd;
}

int main(int argc, char **argv)
{
	char payload[256], path[64], target[256] = "", info[4096];

	if (argc != 3) {
		fprintf(stderr, "usage: recvfd SOCKET FILE\n");
		return 1;
	}
	int fd = receive(accept_one(argv[1]), payload, sizeof(payload));

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, target, sizeof(target) - 1) < 0)
		die("readlink");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	int in = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = in < 0 ? -1 : read(in, info, sizeof(info) - 1);

	if (n < 0)
		die("fdinfo");
	info[n] = 0;
	FILE *f = fopen(argv[2], "we");

	if (!f || fprintf(f, "%s\n%s\n%s", payload, target, info) < 0 || fclose(f) != 0)
		die(argv[2]);
	return 0;
}
