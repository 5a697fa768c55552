/* SPDX-License-Identifier: Apache-2.0 */
/* Private to runtime/: the program's READY=1, passed on to the service manager. */
#pragma once

#include "base/err.h"
#include "store/store.h"

/* NOTIFY_SOCKET of our caller, NULL when there is none that we can send to. */
const char *notify_caller(void);
/* Whom to tell, and about which process. limit_ms: how long we wait for a caller that does not
 * read, with each message and, when we wait, with the confirmation. */
struct notify_to {
	const char *caller;
	pid_t pid;
	int limit_ms;
};
enum { NOTIFY_LIMIT_MS = 30000 };
/* Take one message. NOTIFY_READY: it said so, and the caller was told that and the pid (or a
 * warning was written); then nothing more is to be expected. `wait` until the caller has read it
 * all, which matters when we are about to exit. */
enum { NOTIFY_READY = 1 };
int notify_take(int sock, const struct notify_to *to, bool wait) MUST_CHECK;
/* The same until the container is ready or has ended (pidfd -1: it has). */
int notify_wait(const struct store_notify *n, const struct notify_to *to, int pidfd) MUST_CHECK;
