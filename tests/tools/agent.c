/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp agent: agent SOCKET FILE ERRNO listens, accepts one connection, writes the JSON it gets
 * to FILE, and answers every notification of the descriptor that came along with ERRNO (0: let the
 * call continue). Ends when the last filtered process is gone. */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
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

static int take_listener(int c, const char *file)
{
	static char payload[65536];
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
		die("no descriptor in the message");
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	FILE *f = fopen(file, "we");

	if (!f || fwrite(payload, 1, (size_t)n, f) != (size_t)n || fclose(f) != 0)
		die(file);
	return fd;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: agent SOCKET FILE ERRNO\n");
		return 1;
	}
	int fd = take_listener(accept_one(argv[1]), argv[2]);
	int error = atoi(argv[3]);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) > 0 && !(p.revents & POLLHUP)) {
		struct seccomp_notif req = { 0 };
		struct seccomp_notif_resp resp = { 0 };

		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) < 0)
			continue; /* the caller died in between */
		resp.id = req.id;
		resp.error = -error;
		resp.flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0 && errno != ENOENT)
			die("answer");
	}
	return 0;
}
