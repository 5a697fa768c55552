/* SPDX-License-Identifier: Apache-2.0 */
/* NOTIFY_SOCKET: the container gets a socket of its own, and of what comes there only the line
 * READY=... goes on. Everything else (FDSTORE, WATCHDOG, MAINPID with a pid that means nothing out
 * here, descriptors, messages of any size) is taken and dropped: the sender is inside.
 * Surprise: that the service manager cannot be reached is a warning; the container runs. */
#include "runtime/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sock.h"

enum { MESSAGE_MAX = 8192 };

const char *notify_caller(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr;
	if (!path || !*path)
		return NULL;
	if ((path[0] != '/' && path[0] != '@') || !path[1] ||
	    strlen(path) >= sizeof(addr.sun_path)) {
		log_warn("NOTIFY_SOCKET=\"%s\" is neither a path nor an abstract name: ignored",
			 path);
		return NULL;
	}
	return path;
}

static int connect_caller(const struct notify_to *to, int *out)
{
	const char *caller = to->caller;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(caller);
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	memcpy(addr.sun_path, caller, len);
	if (caller[0] == '@')
		addr.sun_path[0] = '\0';
	else
		len++;
	/* A manager that does not read must not hold us for ever. */
	struct timeval limit = { .tv_sec = to->limit_ms / 1000,
				 .tv_usec = to->limit_ms % 1000 * 1000 };
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    connect(sock, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return err_sys("connect to NOTIFY_SOCKET \"%s\"", caller);
	*out = take_fd(&sock);
	return 0;
}

static int send_text(int sock, const char *text, size_t len)
{
	if (send(sock, text, len, MSG_NOSIGNAL) < 0)
		return err_sys("send to NOTIFY_SOCKET");
	return 0;
}

/* The receiver closes our end when it has come to this message. */
static int send_barrier(int sock, int wait_ms)
{
	static const char text[] = "BARRIER=1";
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys("make a pipe");
	_cleanup_close_ int mine = ends[0], theirs = ends[1];
	TRY(sock_send_fd(sock, theirs, text, sizeof(text) - 1));
	close_fd(&theirs);
	struct pollfd p = { .fd = mine };
	if (wait_ms && poll(&p, 1, wait_ms) == 0)
		log_warn("NOTIFY_SOCKET did not confirm within %g seconds", wait_ms / 1000.0);
	return 0;
}

static int tell(const struct notify_to *to, const char *line, bool wait)
{
	char text[40];
	_cleanup_close_ int sock = -1;
	TRY(connect_caller(to, &sock));
	TRY(send_text(sock, line, strlen(line)));
	int n = snprintf(text, sizeof(text), "MAINPID=%d", (int)to->pid);
	TRY(send_text(sock, text, (size_t)n));
	return send_barrier(sock, wait ? to->limit_ms : 0);
}

/* The first line that begins with READY=, NUL-terminated; NULL when there is none. */
static char *ready_line(char *text)
{
	char *save = NULL;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (after_prefix(l, "READY="))
			return l;
	return NULL;
}

int notify_take(int sock, const struct notify_to *to, bool wait)
{
	char text[MESSAGE_MAX + 1];
	/* Without room for control data the kernel closes what descriptors came along. */
	ssize_t n = recv(sock, text, MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : err_sys("receive a notification");
	if (n > MESSAGE_MAX)
		return 0;
	text[n] = '\0';
	const char *line = ready_line(text);
	if (!line)
		return 0;
	if (tell(to, line, wait) < 0) {
		log_warn("%s", err_get()->text);
		err_clear();
	}
	return NOTIFY_READY;
}

int notify_wait(const struct store_notify *n, const struct notify_to *to, int pidfd)
{
	for (;;) {
		struct pollfd p[] = { { n->sock, POLLIN, 0 }, { pidfd, POLLIN, 0 } };
		if (poll(p, ARRAY_SIZE(p), pidfd < 0 ? 0 : -1) < 0 && errno != EINTR)
			return err_sys("wait for the container to be ready");
		/* its last words may still be there when it is not */
		if (p[0].revents) {
			if (TRY(notify_take(n->sock, to, true)) == NOTIFY_READY)
				return 0;
		} else if (p[1].revents || pidfd < 0) {
			return 0;
		}
	}
}
