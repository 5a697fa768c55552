/* SPDX-License-Identifier: Apache-2.0 */
/* Escaping of foreign text for messages, log records and JSON.
 * Surprise: U+0080..U+009F are control characters as well; terminals obey them. */
#include "base/quote.h"

#include <stdbool.h>

#include "base/compiler.h"

/* Length of the valid UTF-8 sequence at s, 0 when it is broken (overlong and surrogates too). */
static size_t utf8_len(const unsigned char *s)
{
	size_t n = s[0] < 0x80   ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	return n;
}

static size_t hex_bytes(const unsigned char *s, size_t n, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++, out += 4) {
		out[0] = '\\';
		out[1] = 'x';
		out[2] = digit[s[i] >> 4];
		out[3] = digit[s[i] & 15];
	}
	return n * 4;
}

static size_t json_code(unsigned code, char *out)
{
	static const char digit[] = "0123456789abcdef";

	memcpy(out, "\\u00", 4);
	out[4] = digit[code >> 4 & 15];
	out[5] = digit[code & 15];
	return 6;
}

/* The letter of a two-character escape, 0 when the style has none for c. */
static char short_escape(enum quote_style style, unsigned char c)
{
	if (style != QUOTE_JSON && style != QUOTE_LOGFMT)
		return 0;
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	}
	return 0;
}

static size_t put(char *out, const void *text, size_t n)
{
	memcpy(out, text, n);
	return n;
}

size_t quote_next(enum quote_style style, const char **s, char out[QUOTE_MAX])
{
	const unsigned char *u = (const unsigned char *)*s;
	size_t n = utf8_len(u);
	bool control = n == 1 ? (*u < 0x20 || *u == 0x7f) : (n == 2 && u[0] == 0xc2 && u[1] < 0xa0);
	char letter = short_escape(style, *u);

	*s += n ? n : 1;
	if (letter) {
		out[0] = '\\';
		out[1] = letter;
		return 2;
	}
	if (style == QUOTE_PLAIN) {
		bool bad = !n || (control && *u != '\n' && *u != '\t');
		return bad ? put(out, "?", 1) : put(out, u, n);
	}
	if (style == QUOTE_JSON) {
		if (!n)
			return put(out, "\xef\xbf\xbd", 3);
		return control ? json_code(n == 2 ? u[1] : *u, out) : put(out, u, n);
	}
	if (!n || control || (style == QUOTE_SHOWN && *u == '"'))
		return hex_bytes(u, n ? n : 1, out);
	return put(out, u, n);
}
