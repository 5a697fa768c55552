/* SPDX-License-Identifier: Apache-2.0 */
/* The growing string. Growth doubles inside the arena; the old copy stays there until the arena
 * goes, so a string costs at most twice its size. */
#include "base/str.h"

#include <stdarg.h>

#include "base/quote.h"

#define DEFAULT_MAX ((size_t)16 << 20)
#define FIRST_CAP   128

void str_init(struct str *s, struct arena *a, size_t max)
{
	*s = (struct str){ .arena = a, .cap = FIRST_CAP, .max = max ? max : DEFAULT_MAX };
	s->v = arena_alloc(a, s->cap);
}

/* Room for up to n more bytes (and the NUL); gives how many really fit below the ceiling. */
static size_t make_room(struct str *s, size_t n)
{
	size_t cap = s->cap;
	char *grown;

	if (n > s->max - s->n) {
		n = s->max - s->n;
		s->truncated = true;
	}
	if (s->n + n < s->cap)
		return n;
	while (cap <= s->n + n)
		cap *= 2;
	grown = arena_alloc(s->arena, cap);
	memcpy(grown, s->v, s->n + 1);
	s->v = grown;
	s->cap = cap;
	return n;
}

void str_addn(struct str *s, const char *text, size_t n)
{
	n = make_room(s, n);
	memcpy(s->v + s->n, text, n);
	s->n += n;
	s->v[s->n] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n > 0 && (size_t)n < sizeof(small))
		str_addn(s, small, (size_t)n);
	else if (n > 0)
		str_addn(s, arena_vprintf(s->arena, fmt, again), (size_t)n);
	va_end(again);
	va_end(ap);
}

static void add_escaped(struct str *s, enum quote_style style, const char *text)
{
	char piece[QUOTE_MAX];

	while (*text) {
		size_t n = quote_next(style, &text, piece);
		str_addn(s, piece, n);
	}
}

void str_add_quoted(struct str *s, const char *text)
{
	add_escaped(s, QUOTE_SHOWN, text);
}

void str_add_json(struct str *s, const char *text)
{
	str_addc(s, '"');
	add_escaped(s, QUOTE_JSON, text);
	str_addc(s, '"');
}
