/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of --console-socket: recvtty SOCKET NAMEFILE listens, accepts one connection, takes
 * the terminal out of it, writes the payload (the terminal's name) to NAMEFILE, and then copies
 * stdin to the terminal and the terminal to stdout until the container's side hangs up.
 * Surprise: the end of our stdin does not end the copying; only the hang-up does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "recvtty: %s: %s\n", what, strerror(errno));
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
	close(s);
	return c;
}

static int take_terminal(int c, const char *name_file)
{
	char payload[4096];
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { payload, sizeof(payload) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(c, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int fd = -1;

	if (n <= 0 || !h || h->cmsg_type != SCM_RIGHTS)
		die("no terminal in the message");
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	FILE *f = fopen(name_file, "we");

	if (!f || fwrite(payload, 1, (size_t)n, f) != (size_t)n || fclose(f) != 0)
		die(name_file);
	return fd;
}

static bool copy(int from, int to)
{
	char buf[4096];
	ssize_t n = read(from, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		ssize_t w = write(to, buf + at, (size_t)(n - at));

		if (w < 0)
			die("write");
		at += w;
	}
	return n > 0;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: recvtty SOCKET NAMEFILE\n");
		return 1;
	}
	int c = accept_one(argv[1]);
	int tty = take_terminal(c, argv[2]);
	struct pollfd p[2] = { { .fd = tty, .events = POLLIN }, { .fd = 0, .events = POLLIN } };

	close(c);
	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[0].revents && !copy(tty, 1))
			return 0;
		if (p[1].revents && !copy(0, tty))
			p[1].fd = -1;
	}
	die("poll");
}
