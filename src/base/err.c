/* SPDX-License-Identifier: Apache-2.0 */
/* The error slot, one per thread (only oci-image-tool has several); small and allocation-free,
 * because it is also used between clone and execve.
 * Surprise: err_set neutralises control characters, as what it adopts may come from a container. */
#include "base/err.h"

#include <ctype.h>
#include <stdarg.h>

#include "base/log.h"
#include "base/quote.h"

static _Thread_local struct err slot;

/* Append to text at *len; cuts silently at the end, a message may be long but never wrong in size.
 */
static void add(char *text, size_t size, size_t *len, const char *fmt, va_list ap)
{
	int n = vsnprintf(text + *len, size - *len, fmt, ap);

	if (n > 0)
		*len = (size_t)n < size - *len ? *len + (size_t)n : size - 1;
}

static void addf(char *text, size_t size, size_t *len, const char *fmt, ...) PRINTF(4, 5);

static void addf(char *text, size_t size, size_t *len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(text, size, len, fmt, ap);
	va_end(ap);
}

static int value(void)
{
	return slot.no > 0 ? -slot.no : -EINVAL;
}

/* Arguments may point into the slot ("%s" of the old text), so the new one is made beside it. */
static int record(enum err_kind kind, int no, const char *fmt, va_list ap)
{
	struct err e = { .kind = kind, .no = no };
	size_t len = 0;

	add(e.text, sizeof(e.text), &len, fmt, ap);
	if (no)
		addf(e.text, sizeof(e.text), &len, ": %s", err_text(no));
	e.len = (uint16_t)len;
	slot = e;
	return value();
}

int err_sys(const char *fmt, ...)
{
	int no = errno ? errno : EIO;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = record(ERR_SYS, no, fmt, ap);
	va_end(ap);
	return r;
}

int err_sysno(int no, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = record(ERR_SYS, no > 0 ? no : EIO, fmt, ap);
	va_end(ap);
	return r;
}

int err_msg(enum err_kind kind, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = record(kind, 0, fmt, ap);
	va_end(ap);
	return r;
}

int err_wrap(const char *fmt, ...)
{
	struct err e = slot;
	size_t len = 0;
	va_list ap;

	if (e.kind == ERR_NONE) {
		e.kind = ERR_BUG;
		snprintf(slot.text, sizeof(slot.text), "failed without saying why");
	}
	va_start(ap, fmt);
	add(e.text, sizeof(e.text), &len, fmt, ap);
	va_end(ap);
	addf(e.text, sizeof(e.text), &len, ": %s", slot.text);
	e.len = (uint16_t)len;
	slot = e;
	return value();
}

void err_hint(const char *fmt, ...)
{
	size_t len = 0;
	va_list ap;

	slot.hint[0] = '\0';
	va_start(ap, fmt);
	add(slot.hint, sizeof(slot.hint), &len, fmt, ap);
	va_end(ap);
}

const struct err *err_get(void)
{
	return &slot;
}

void err_clear(void)
{
	slot.kind = ERR_NONE;
	slot.no = 0;
	slot.len = 0;
	slot.text[0] = slot.hint[0] = '\0';
}

/* Copy text that may lack its NUL, showing nothing a terminal would obey. */
static size_t adopt_text(char *out, size_t size, const char *from)
{
	char ended[sizeof(slot.text) + 4] = { 0 };
	const char *s = ended;
	size_t len = 0;

	memcpy(ended, from, strnlen(from, size - 1));
	while (*s) {
		char piece[QUOTE_MAX];
		size_t n = quote_next(QUOTE_PLAIN, &s, piece);

		if (len + n >= size)
			break;
		memcpy(out + len, piece, n);
		len += n;
	}
	out[len] = '\0';
	return len;
}

int err_set(const struct err *e)
{
	struct err mine = { 0 };

	mine.kind = e->kind > ERR_NONE && e->kind <= ERR_BUG ? e->kind : ERR_BUG;
	mine.no = e->no > 0 && e->no < 4096 ? e->no : 0;
	mine.len = (uint16_t)adopt_text(mine.text, sizeof(mine.text), e->text);
	adopt_text(mine.hint, sizeof(mine.hint), e->hint);
	slot = mine;
	return value();
}

const char *err_text(int no)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s", strerror(no));
	/* "No such file" becomes "no such file"; "RFS specific error" stays. */
	if (text[0] && !isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

void err_dropped(int r)
{
	if (r >= 0)
		return;
	log_debug("ignored: %s", slot.text);
	err_clear();
}
