/* SPDX-License-Identifier: Apache-2.0 */
/* Private to runtime/: the program's READY=1, passed on to the service manager. */
#pragma once

#include "base/err.h"
#include "store/store.h"

/* NOTIFY_SOCKET of our caller, NULL when there is none that we can send to. */
const char *notify_caller(void);
/* Take one message. NOTIFY_READY: it said so, and `caller` was told that, and that the main process
 * is `pid`; then nothing more is to be expected. `wait`: at most 30 s, until the caller has read it
 * all, which matters when we are about to exit. */
enum { NOTIFY_READY = 1 };
int notify_take(int sock, const char *caller, pid_t pid, bool wait) MUST_CHECK;
/* The same until the container is ready or has ended (pidfd -1: it has). */
int notify_wait(const struct store_notify *n, const char *caller, pid_t pid,
		int pidfd) MUST_CHECK;
