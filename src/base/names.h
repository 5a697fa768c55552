/* SPDX-License-Identifier: Apache-2.0 */
/* Word <-> number tables. A list of words exists once in the tree and serves parsing, printing,
 * `features` and completion. Tables end with { NULL, 0 }. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct name {
	const char *word;
	uint64_t value;
};

/* Exact match; false when the word is not there (out untouched). */
bool name_find(const struct name *t, const char *word, uint64_t *out);
const char *name_of(const struct name *t, uint64_t value); /* NULL when there is none */

extern const struct name signal_names[]; /* "TERM" .. without SIG, no RT signals */
/* "15", "TERM", "SIGTERM", any case, "RTMIN+3", "RTMAX-1", 0 allowed. -1 when unknown. */
int signal_parse(const char *text);
const char *signal_name(int signo); /* "SIGTERM"; "signal 40" for the others, static storage */
