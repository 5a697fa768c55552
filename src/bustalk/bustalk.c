/* SPDX-License-Identifier: Apache-2.0 */
/* A message is its length and then its words, each ended by NUL: text without quoting rules. The
 * other side is a program of ours, but what it says is checked all the same. */
#include "bustalk/bustalk.h"

#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/vec.h"

static int send_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys("talk to ocirun-systemd");
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int bustalk_send(int fd, const struct oci_strs *words)
{
	struct arena *a = arena_new();
	struct str s;
	uint32_t len = 0;

	str_init(&s, a, BUSTALK_MAX + sizeof(len));
	str_addn(&s, (const char *)&len, sizeof(len));
	for (size_t i = 0; i < words->n; i++)
		str_addn(&s, words->v[i], strlen(words->v[i]) + 1);
	len = (uint32_t)(s.n - sizeof(len));
	memcpy(s.v, &len, sizeof(len));
	int r = s.truncated ? err_msg(ERR_UNSUPPORTED, "too much to say to ocirun-systemd")
			    : send_all(fd, s.v, s.n);
	arena_free(a);
	return r;
}

/* 0, or negative when the time is over. */
static int wait_readable(int fd, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now = clock_mono_ns();
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ms = -1;
		if (deadline_ns)
			ms = now >= deadline_ns ? 0 : (int)((deadline_ns - now) / 1000000 + 1);
		int n = poll(&p, 1, ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_sys("wait for ocirun-systemd");
		if (n == 0)
			return err_sysno(ETIMEDOUT, "wait for ocirun-systemd");
	}
}

/* Exactly len bytes; BUSTALK_CLOSED when the other side ended. */
static int recv_all(int fd, char *out, size_t len, uint64_t deadline_ns)
{
	while (len > 0) {
		TRY(wait_readable(fd, deadline_ns));
		ssize_t n = recv(fd, out, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ECONNRESET)
			return err_sys("listen to ocirun-systemd");
		if (n <= 0)
			return BUSTALK_CLOSED;
		out += n;
		len -= (size_t)n;
	}
	return 0;
}

int bustalk_recv(struct arena *a, int fd, uint64_t deadline_ns, struct oci_strs *out)
{
	VEC(const char *) words = { 0 };
	uint32_t len;

	if (TRY(recv_all(fd, (char *)&len, sizeof(len), deadline_ns)) == BUSTALK_CLOSED)
		return BUSTALK_CLOSED;
	if (len == 0 || len > BUSTALK_MAX)
		return err_msg(ERR_BUG, "a message of ocirun-systemd has an impossible length");
	char *text = arena_alloc(a, len);
	if (TRY(recv_all(fd, text, len, deadline_ns)) == BUSTALK_CLOSED)
		return BUSTALK_CLOSED;
	if (text[len - 1] != '\0')
		return err_msg(ERR_BUG, "a message of ocirun-systemd does not end");
	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		vec_push(a, &words, text + at);
	*out = (struct oci_strs){ .v = words.v, .n = words.n, .present = true };
	return 0;
}
