/* SPDX-License-Identifier: Apache-2.0 */
/* Unix sockets: connecting by path (any length, through the parent directory's descriptor), passing
 * descriptors. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* type: SOCK_STREAM, SOCK_DGRAM ..; close-on-exec is added. */
int sock_connect(int dirfd, const char *path, int type, int *out) MUST_CHECK;
int sock_listen(int dirfd, const char *name, int type, mode_t mode, int *out) MUST_CHECK;
/* Send one message with one descriptor (SCM_RIGHTS; fd -1: none). data must not be empty. */
int sock_send_fd(int sock, int fd, const void *data, size_t len) MUST_CHECK;
/* Receive at most len bytes and at most one descriptor (cloexec); *fd = -1 when none came. Gives
 * the byte count. */
int sock_recv_fd(int sock, void *data, size_t len, int *fd) MUST_CHECK;
