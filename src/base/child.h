/* SPDX-License-Identifier: Apache-2.0 */
/* Run a helper program (hooks, newuidmap): exact argv and environment, stdin text, captured output,
 * a deadline after which its process group is killed. The child gets an empty signal mask, default
 * handlers, its own process group and only descriptors 0-2. SIGPIPE while feeding stdin is fine.
 * Surprise: only the child itself is waited for; a background grandchild that keeps the pipes open
 * does not hold us up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <ocispec/arena.h>

#include "base/err.h"

struct child_opts {
	const char *path;             /* absolute; run as it is, no PATH search */
	const char *const *argv;      /* NULL-terminated; argv[0] verbatim */
	const char *const *env;       /* NULL-terminated; NULL = empty environment */
	const char *cwd;              /* NULL = stay */
	const char *stdin_data;       /* NULL = /dev/null */
	size_t stdin_len;
	int timeout_ms;               /* 0 = none */
	size_t capture_max;           /* bytes kept of stdout and of stderr each; 0 = 64 KiB */
	bool inherit_output;          /* do not capture: stdout and stderr are ours */
};

struct child_result {
	int status;                   /* as from waitpid */
	bool timed_out;
	char *out, *err;              /* captured text in the arena, "" when nothing */
};

/* 0 when the program ran to its end (whatever its status), negative when it could not be run. */
int child_run(struct arena *a, const struct child_opts *o, struct child_result *res) MUST_CHECK;
/* "exit status 3", "signal: killed" */
const char *child_status_text(struct arena *a, int status);
