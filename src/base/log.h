/* SPDX-License-Identifier: Apache-2.0 */
/* Log records (--log, --log-format, --debug) and the one place where an error becomes user text.
 * Format contract: reference of engines; text is logfmt `time="RFC3339" level=error msg="..."`,
 * JSON is one object {"level","msg","time"} a line. A failing run writes exactly one error record;
 * warnings go only to the log. Surprise: with a log file, warnings are dropped unless --debug or
 * --log-level warning, because podman decodes the whole file as one JSON object. */
#pragma once

#include "base/err.h"

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARNING, LOG_LVL_DEBUG };

struct log_opts {
	const char *path;     /* NULL = stderr; PATH, "file:PATH", "journald:ID" or "syslog:ID" */
	const char *format;   /* NULL or "text" or "json" */
	const char *level;    /* NULL, "error", "warning", "debug" */
	bool debug;
};

int log_open(const struct log_opts *o) MUST_CHECK; /* unknown format: "invalid log-format: X" */
bool log_debug_on(void);
void log_debug(const char *fmt, ...) PRINTF(1, 2);
void log_warn(const char *fmt, ...) PRINTF(1, 2);
/* Print the recorded error for the user: one record to the log at level error; if the log is not
 * stderr, also the plain message to stderr (one write, newline ended); the hint on a second line
 * when stderr is a terminal. `prefix` ("create failed") may be NULL. */
void err_report(const char *prefix);
int log_fd(void); /* the descriptor of the log file, -1 when stderr (init must keep or close it) */
