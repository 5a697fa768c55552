/* SPDX-License-Identifier: Apache-2.0 */
/* The pair of sockets and the child's side: ask and wait. Only the child takes the initiative, so
 * two messages never cross.
 * Surprise: after the second clone the final process goes on with the same socket and the same
 * `done` mask, so that the order of asks is checked across both. */
#include <sys/socket.h>

#include "handshake/handshake.h"

#include "base/cleanup.h"
#include "base/sock.h"
#include "handshake/wire.h"

static const struct {
	const char *name, *child_says, *parent_did;
} asks[] = {
#define ASK(name_, child_, parent_) [ASK_##name_] = { #name_, child_, parent_ },
#include "handshake/asks.def"
#undef ASK
};

const char *ask_name(enum ask_kind kind)
{
	return (unsigned)kind < ASK_COUNT ? asks[kind].name : "an unknown ask";
}

const char *ask_child_says(enum ask_kind kind)
{
	return (unsigned)kind < ASK_COUNT ? asks[kind].child_says : "";
}

const char *ask_parent_did(enum ask_kind kind)
{
	return (unsigned)kind < ASK_COUNT ? asks[kind].parent_did : "";
}

int handshake_pair(uint32_t mask, struct handshake *parent, struct handshake *child)
{
	int on = 1, s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		return err_sys("create the socket pair for init");
	*parent = (struct handshake){ .sock = s[0], .asks = mask };
	*child = (struct handshake){ .sock = s[1], .asks = mask };
	/* set before anybody sends, so that every message has its sender's pid */
	if (setsockopt(parent->sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		int r = err_sys("set up the socket pair for init");

		handshake_close(parent);
		handshake_close(child);
		return r;
	}
	return 0;
}

void handshake_close(struct handshake *h)
{
	close_fd(&h->sock);
}

static int await_answer(const struct handshake *h, enum ask_kind kind)
{
	struct wire w = { 0 };
	int fd, n;

	n = TRY_AS(sock_recv_fd(h->sock, &w, sizeof(w), &fd), "wait for the runtime's answer to %s",
		   ask_name(kind));
	close_fd(&fd);
	if (n == 0)
		return err_msg(ERR_SYS, "the runtime went away before it answered %s",
			       ask_name(kind));
	if ((size_t)n < WIRE_HEAD || (size_t)n != WIRE_SIZE(w.type) || w.type == WIRE_ASK ||
	    w.kind != kind)
		return err_msg(ERR_BUG, "the runtime's answer to %s makes no sense",
			       ask_name(kind));
	return w.type == WIRE_FAILED ? err_set(&w.err) : 0;
}

int handshake_ask(struct handshake *h, enum ask_kind kind, int fd)
{
	struct wire w = { .type = WIRE_ASK, .kind = kind };

	if (!(h->asks & ASK_BIT(kind)))
		return 0;
	if (h->done >> kind)
		return err_msg(ERR_BUG, "%s is asked out of order", ask_name(kind));
	h->done |= ASK_BIT(kind);
	TRY_AS(sock_send_fd(h->sock, fd, &w, WIRE_HEAD), "tell the runtime \"%s\"",
	       ask_child_says(kind));
	return await_answer(h, kind);
}

void handshake_fail(struct handshake *h)
{
	struct err e = *err_get();
	struct wire w = { .type = WIRE_FAILED, .err = e };

	if (h->sock < 0 || e.kind == ERR_NONE)
		return;
	err_dropped(sock_send_fd(h->sock, -1, &w, sizeof(w)));
	if (err_set(&e) < 0)
		return;
}
