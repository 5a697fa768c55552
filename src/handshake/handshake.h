/* SPDX-License-Identifier: Apache-2.0 */
/* The talk between the runtime (parent) and the process that becomes the container (child), and the
 * recorder: a shared page that says how far the child came even when it can no longer talk.
 * The child asks, the parent answers, one message in flight, in the order of asks.def. Pids are
 * never data: the kernel attaches the sender's, in the parent's numbering.
 * Surprise: everything that comes from the child is untrusted, the recorder page too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum ask_kind {
#define ASK(name_, child_, parent_) ASK_##name_,
#include "handshake/asks.def"
#undef ASK
	ASK_COUNT
};

/* The bit of an ask in the plan's mask. */
#define ASK_BIT(kind_) (1u << (kind_))
#define ASKS_ALL       (ASK_BIT(ASK_COUNT) - 1)

const char *ask_name(enum ask_kind kind);       /* "PLACE" */
const char *ask_child_says(enum ask_kind kind); /* the sentences of asks.def */
const char *ask_parent_did(enum ask_kind kind);

/* What the parent got. */
struct ask {
	enum ask_kind kind;
	pid_t pid; /* the sender, told by the kernel, as this process numbers it */
	int fd;    /* what travelled with it, -1 = nothing; closed after the answer unless taken */
};

/* One end of the talk. */
struct handshake {
	int sock;      /* -1 = closed */
	uint32_t asks; /* the plan's mask; an ask whose bit is not set does not happen */
	uint32_t done; /* asks this end has seen */
};

/* After the clone the parent closes `child` and the child closes `parent`. The socket of the child
 * is close-on-exec: its end of file is how the parent learns of the execve. */
int handshake_pair(uint32_t asks, struct handshake *parent, struct handshake *child) MUST_CHECK;
void handshake_close(struct handshake *h);

/* Child: ask, and wait for the answer. 0 at once when the plan does without this ask. `fd`
 * (borrowed, -1 = none) travels with it. Negative: the parent's error is recorded here, or the talk
 * broke. */
int handshake_ask(struct handshake *h, enum ask_kind kind, int fd) MUST_CHECK;
/* Child: tell the recorded error; best effort, for the way out. */
void handshake_fail(struct handshake *h);

/* The recorder. Its shared page is mapped before the clone; `step_name` turns a step index into
 * words ("mounts"), NULL when there is no such step. */
struct recorder {
	struct recorder_page *page;
	const char *(*step_name)(size_t step);
};
#define RECORDER_STEPS 64

int recorder_open(struct recorder *r, const char *(*step_name)(size_t step)) MUST_CHECK;
void recorder_close(struct recorder *r);
/* Child: step `step` begins; notes the time. Steps past RECORDER_STEPS count as the last one. */
void recorder_enter(struct recorder *r, size_t step);
/* Child: keep the recorded error for whoever looks. */
void recorder_fail(struct recorder *r);
int recorder_step(const struct recorder *r);              /* -1 = no step yet */
const char *recorder_step_name(const struct recorder *r); /* never NULL */
/* CLOCK_MONOTONIC in nanoseconds, 0 = not entered */
uint64_t recorder_stamp(const struct recorder *r, size_t step);
/* The child's error, when it left one: adopted as ours, negative. 0 when there is none. */
int recorder_error(const struct recorder *r) MUST_CHECK;

/* Parent: one function per ask; 0 = done, negative = the error goes back to the child as well.
 * `ask->fd` may be taken with take_fd. */
typedef int answer_fn(void *ctx, struct ask *ask);

/* Parent: who is at the other end. */
struct handshake_peer {
	/* Read anew before every wait: INIT's answer must replace it, as the first process goes.
	 * -1 = none. */
	int *pidfd;
	const struct recorder *rec;
};

/* Parent: answer until READY is answered: 0. Negative: an answer failed (the child was told), the
 * child failed (its error is recorded here), died (`init was killed by signal 31 (SIGSYS) during
 * "close fds"`) or broke the protocol. The child is not reaped. Needs ASK_READY in the plan. */
int handshake_serve(struct handshake *h, const struct handshake_peer *peer,
		    answer_fn *const answers[ASK_COUNT], void *ctx) MUST_CHECK;
/* Parent, after READY: wait for the execve. 0 = it happened; `exec_step` is the index of the step
 * that does it, so that a fast exit of the program is not taken for a death of ours. */
int handshake_wait_exec(struct handshake *h, const struct handshake_peer *peer,
			size_t exec_step) MUST_CHECK;
