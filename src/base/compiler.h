/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and small macros for the whole tree, and the functions we do not want to see.
 * Surprise: the poison at the end makes strcpy & co. compile errors, so include system headers that
 * mention them before this one (every base header includes it, so: system headers first). */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(fmt_, args_) __attribute__((format(printf, fmt_, args_)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

static inline int streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* The text after `prefix`, or NULL. */
static inline const char *after_prefix(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol system popen
