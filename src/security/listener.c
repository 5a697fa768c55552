/* SPDX-License-Identifier: Apache-2.0 */
/* Give the seccomp notify descriptor to the agent: connect, one message with the "container process
 * state" of the spec and the descriptor, close.
 * Surprise: the version in this message is that of the runtime-spec draft which defined it; agents
 * compare it, so it stays. */
#include <fcntl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "security/parts.h"

#define PROCESS_STATE_VERSION "0.2.0"

static int send_state(const char *path, int fd, const struct str *s)
{
	_cleanup_close_ int sock = -1;
	TRY(sock_connect(AT_FDCWD, path, SOCK_STREAM, &sock));
	TRY(sock_send_fd(sock, fd, s->v, s->n));
	return 0;
}

int security_listener_send(struct arena *a, const struct security_plan *p, int fd, pid_t pid,
			   const char *state_json)
{
	struct str s;
	str_init(&s, a, 0);
	str_addf(&s,
		 "{\"ociVersion\":\"" PROCESS_STATE_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":%d",
		 (int)pid);
	if (p->listener_metadata && *p->listener_metadata) {
		str_add(&s, ",\"metadata\":");
		str_add_json(&s, p->listener_metadata);
	}
	str_addf(&s, ",\"state\":%s}", state_json);
	TRY_AS(send_state(p->listener_path, fd, &s), "failed to connect with seccomp agent");
	return 0;
}
