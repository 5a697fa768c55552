/* SPDX-License-Identifier: Apache-2.0 */
/* Bump memory: many allocations, one free. A command makes one arena, everything it decodes or
 * plans lives there, and nobody frees a piece of it.
 * Surprise: memory is always zeroed, so "absent" members of decoded structs are 0/NULL. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* NULL when out of memory (or the handler below runs and does not return). */
struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */

/* What to do when memory runs out. Without a handler the functions below return NULL; programs
 * install one that does not return, so that their own code need not check. */
void arena_on_oom(void (*handler)(size_t wanted));
/* Run that handler: for memory that comes from elsewhere. Returns when there is none. */
void arena_oom(size_t wanted);

/* Zeroed, aligned for any type. n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((malloc, alloc_size(2)));
/* n elements of `size` bytes; fails (as out of memory) when the product overflows. */
void *arena_calloc(struct arena *a, size_t n, size_t size) __attribute__((malloc));
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n); /* copies at most n bytes */
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);
