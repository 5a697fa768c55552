/* SPDX-License-Identifier: Apache-2.0 */
/* A string that grows, on an arena, with a ceiling. After str_init, `s.v` always has its NUL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <ocispec/arena.h>

#include "base/compiler.h"

struct str {
	struct arena *arena;
	char *v;
	size_t n, cap, max;
	bool truncated; /* the ceiling was hit; what fitted is there */
};

void str_init(struct str *s, struct arena *a, size_t max); /* max 0: 16 MiB */
void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *text, size_t n);
void str_addc(struct str *s, char c);
void str_addf(struct str *s, const char *fmt, ...) PRINTF(2, 3);
/* Like str_add, but control characters, quotes and broken UTF-8 become \xNN escapes, for
 * showing foreign text in messages and plans. */
void str_add_quoted(struct str *s, const char *text);
/* As a JSON string with its quotes. */
void str_add_json(struct str *s, const char *text);
