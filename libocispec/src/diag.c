/* SPDX-License-Identifier: Apache-2.0 */
/* The words of an error: JSON pointer, quoted data, place. User data is escaped here and nowhere
 * else, so that a document cannot write control characters to a terminal through a message. */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Append n bytes if there is room for them and for a closing "...". */
static bool append(char *buf, size_t size, const char *s, size_t n)
{
	size_t len = strlen(buf);

	if (len + n + 4 > size) {
		if (len + 4 <= size && (len < 3 || strcmp(buf + len - 3, "...") != 0))
			memcpy(buf + len, "...", 4);
		return false;
	}
	memcpy(buf + len, s, n);
	buf[len + n] = '\0';
	return true;
}

/* One byte, escaped when it is a control character. UTF-8 passes, but for the C1 controls, which
 * begin with 0xc2 and which the caller hands over as two bytes. */
static bool append_byte(char *buf, size_t size, unsigned char c)
{
	char text[8];

	if (c >= 0x20 && c != 0x7f)
		return append(buf, size, (char *)&c, 1);
	if (c == '\n' || c == '\t' || c == '\r')
		snprintf(text, sizeof(text), "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else
		snprintf(text, sizeof(text), "\\x%02x", c);
	return append(buf, size, text, strlen(text));
}

/* A C1 control (U+0080 to U+009F) at s: some terminals obey them. */
static bool is_c1(const char *s, size_t len)
{
	return len > 1 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0;
}

void diag_pointer_key(char *pointer, size_t size, const char *part, size_t len)
{
	bool room = append(pointer, size, "/", 1);

	for (size_t i = 0; i < len && room; i++) {
		if (part[i] == '~' || part[i] == '/')
			room = append(pointer, size, part[i] == '~' ? "~0" : "~1", 2);
		else if (is_c1(part + i, len - i))
			room = append(pointer, size, "?", 1) && ++i;
		else
			room = append_byte(pointer, size, (unsigned char)part[i]);
	}
}

void diag_pointer_index(char *pointer, size_t size, size_t index)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "/%zu", index);

	append(pointer, size, text, (size_t)n);
}

const char *diag_quote(char buf[DIAG_QUOTED], const char *s, size_t len)
{
	bool room;

	memcpy(buf, "\"", 2);
	room = true;
	for (size_t i = 0; i < len && room; i++) {
		if (s[i] == '"' || s[i] == '\\')
			room = append(buf, DIAG_QUOTED - 2, s[i] == '"' ? "\\\"" : "\\\\", 2);
		else if (is_c1(s + i, len - i))
			room = append(buf, DIAG_QUOTED - 2, "?", 1) && ++i;
		else
			room = append_byte(buf, DIAG_QUOTED - 2, (unsigned char)s[i]);
	}
	memcpy(buf + strlen(buf), "\"", 2);
	return buf;
}

const char *diag_words(char *buf, size_t size, const struct oci_enum *e)
{
	snprintf(buf, size, e->n > 1 ? "one of " : "");
	for (size_t i = 0; i < e->n; i++) {
		if (i)
			append(buf, size, ", ", 2);
		append(buf, size, e->words[i].word, strlen(e->words[i].word));
	}
	return buf;
}

int diag_say(struct oci_diag *d, const char *fmt, ...)
{
	char what[sizeof(d->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	/* The place is worth more than the tail of a long pointer or of a long text. */
	if (d->line)
		snprintf(d->text, sizeof(d->text), "%.160s%s%.310s (line %u, column %u)",
			 d->pointer, d->pointer[0] ? ": " : "", what, d->line, d->col);
	else
		snprintf(d->text, sizeof(d->text), "%.160s%s%.340s", d->pointer,
			 d->pointer[0] ? ": " : "", what);
	return -1;
}
