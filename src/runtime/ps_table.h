/* SPDX-License-Identifier: Apache-2.0 */
/* Picking rows out of the output of ps(1) (pure). */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct ps_question {
	const pid_t *pids; /* sorted */
	size_t n;
};
/* The header, and the rows whose column PID is one of the question's. */
int ps_table_filter(const struct ps_question *q, const char *text, struct str *out) MUST_CHECK;
