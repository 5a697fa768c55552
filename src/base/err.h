/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong: one slot per thread, like errno, but with the words for the user.
 * A function that can fail returns int: 0 or a positive answer is fine; negative means "the slot is
 * filled" and the value is -errno (or -EINVAL for errors of our own).
 * Fail once, at the cause; pass on with TRY; add where you were with TRY_AS; swallow only with
 * err_dropped. Surprise: errno texts are lower case ("no such file or directory"), because engines
 * match them that way. */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

enum err_kind {
	ERR_NONE = 0,
	ERR_SYS,         /* a system call said no */
	ERR_CONFIG,      /* config.json is wrong: text names the JSON path */
	ERR_USAGE,       /* the command line is wrong */
	ERR_STATE,       /* the container is not in the state this verb needs */
	ERR_UNSUPPORTED, /* this kernel or build cannot do it */
	ERR_BUG,
};

/* Fixed size and without pointers, so that it crosses processes as it is. */
struct err {
	enum err_kind kind;
	int no;            /* errno, 0 when there was none */
	uint16_t len;      /* of text */
	char text[1000];   /* what was being done and why it failed; no trailing full stop */
	char hint[200];    /* what the user can do, "" when we do not know */
};

/* Record a failure; each returns the negative value to hand on.
 * err_sys uses errno; err_sysno uses `no` (positive). ": <errno text>" is appended. */
int err_sys(const char *fmt, ...) PRINTF(1, 2) MUST_CHECK;
int err_sysno(int no, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;
int err_msg(enum err_kind kind, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;
/* Put "fmt: " before the recorded text; returns the recorded value. */
int err_wrap(const char *fmt, ...) PRINTF(1, 2) MUST_CHECK;
/* Attach (or replace) the hint of the recorded error. */
void err_hint(const char *fmt, ...) PRINTF(1, 2);

const struct err *err_get(void); /* never NULL; kind ERR_NONE when nothing is recorded */
int err_set(const struct err *e) MUST_CHECK; /* adopt an error from elsewhere; checks its bounds */
void err_clear(void);
/* "no such file or directory"; static storage of the C library or ours. */
const char *err_text(int no);

/* Pass a failure on. Evaluates to the positive answer otherwise. */
#define TRY(call_)                      \
	({                              \
		int r_ = (call_);       \
		if (UNLIKELY(r_ < 0))   \
			return r_;      \
		r_;                     \
	})
/* The same, saying where we were. */
#define TRY_AS(call_, ...)                        \
	({                                        \
		int r_ = (call_);                 \
		if (UNLIKELY(r_ < 0))             \
			return err_wrap(__VA_ARGS__); \
		r_;                               \
	})
/* Swallow a failure in the open: logs it at debug level and empties the slot. */
void err_dropped(int r);
