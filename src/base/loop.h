/* SPDX-License-Identifier: Apache-2.0 */
/* A small epoll loop: descriptors and signals (signalfd). Used where we attend a foreground
 * container; the start path does not need it. */
#pragma once

#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>

#include "base/err.h"

struct loop;
/* Callbacks; a negative answer ends the loop with that error. */
typedef int loop_fd_fn(struct loop *l, int fd, uint32_t events, void *ctx);
typedef int loop_signal_fn(struct loop *l, const struct signalfd_siginfo *si, void *ctx);

int loop_new(struct loop **out) MUST_CHECK;
void loop_free(struct loop *l); /* NULL is fine; watched fds stay the caller's */
int loop_add_fd(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *ctx) MUST_CHECK;
int loop_mod_fd(struct loop *l, int fd, uint32_t events) MUST_CHECK;
void loop_del_fd(struct loop *l, int fd);
/* The signals of `set` must already be blocked. */
int loop_add_signals(struct loop *l, const sigset_t *set, loop_signal_fn *fn, void *ctx) MUST_CHECK;
void loop_quit(struct loop *l);
/* 0 after loop_quit; one that came before loop_run counts, and loop_run returns at once. */
int loop_run(struct loop *l) MUST_CHECK;
