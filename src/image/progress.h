/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on stderr when that is a terminal, and an ear for SIGINT and SIGTERM, which end long work
 * in the orderly way: the caller sees an error and cleans up. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct progress {
	const char *what;
	uint64_t total, shown_ns;
	bool bar;
};

void progress_begin(struct progress *p, const char *what, uint64_t total, bool quiet);
/* Fits unpack_opts.progress. Negative when a signal came. */
int progress_step(void *progress, uint64_t done) MUST_CHECK;
void progress_end(struct progress *p);
