/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: commas, indentation and escapes in one place, into a buffer of the arena.
 * Surprise: bytes that are not UTF-8 are written as U+FFFD. What we write can always be read again,
 * also when a path or an environment came from a system that does not care about UTF-8. */
#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void json_begin(struct json_writer *w, struct arena *a, const char *indent)
{
	*w = (struct json_writer){ .arena = a, .indent = indent, .room = 4096, .first = true };
	w->buf = arena_alloc(a, w->room);
}

static void put(struct json_writer *w, const char *s, size_t n)
{
	if (!w->buf)
		return;
	if (w->room - w->len < n + 1) {
		size_t room = w->room * 2 > w->len + n + 1 ? w->room * 2 : w->len + n + 1;
		char *more = arena_alloc(w->arena, room);

		if (more)
			memcpy(more, w->buf, w->len);
		w->buf = more;
		w->room = room;
		if (!more)
			return;
	}
	memcpy(w->buf + w->len, s, n);
	w->len += n;
}

static void put_text(struct json_writer *w, const char *s)
{
	put(w, s, strlen(s));
}

static void new_line(struct json_writer *w)
{
	if (!w->indent)
		return;
	put(w, "\n", 1);
	for (unsigned i = 0; i < w->depth; i++)
		put_text(w, w->indent);
}

void json_element(struct json_writer *w)
{
	if (!w->first)
		put(w, ",", 1);
	w->first = false;
	new_line(w);
}

void json_open(struct json_writer *w, char bracket)
{
	put(w, &bracket, 1);
	w->depth++;
	w->first = true;
}

void json_close(struct json_writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	put(w, &bracket, 1);
	w->first = false;
}

void json_key(struct json_writer *w, const char *key)
{
	json_element(w);
	json_string(w, key);
	put_text(w, w->indent ? ": " : ":");
}

/* One byte that may not stand for itself in a string. */
static void put_escape(struct json_writer *w, unsigned char c)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char text[8];

	for (const char *l = letters; *l; l += 2) {
		if ((unsigned char)*l == c) {
			put(w, "\\", 1);
			put(w, l + 1, 1);
			return;
		}
	}
	snprintf(text, sizeof(text), "\\u%04x", c);
	put_text(w, text);
}

void json_string(struct json_writer *w, const char *s)
{
	size_t n = strlen(s), from = 0, i = 0;

	put(w, "\"", 1);
	while (i < n) {
		unsigned char c = (unsigned char)s[i];
		size_t step = c < 0x80 ? 1 : json_utf8((const unsigned char *)s + i, n - i);

		if (step && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
			i += step;
			continue;
		}
		put(w, s + from, i - from);
		if (step)
			put_escape(w, c);
		else
			put_text(w, "\xef\xbf\xbd");
		from = ++i;
	}
	put(w, s + from, n - from);
	put(w, "\"", 1);
}

void json_plain(struct json_writer *w, const char *word)
{
	put_text(w, word);
}

/* Length of the string that begins at s (its quotes included). */
static size_t string_length(const char *s)
{
	size_t i = 1;

	while (s[i] && s[i] != '"')
		i += s[i] == '\\' && s[i + 1] ? 2 : 1;
	return s[i] ? i + 1 : i;
}

/* Only brackets, commas and colons matter; everything else is copied as it is. The value itself
 * has no line of its own: json_key or json_element came before. */
void json_raw(struct json_writer *w, const char *json)
{
	bool opened = false;

	for (size_t step; *json; json += step) {
		bool closes = *json == '}' || *json == ']';

		step = *json == '"' ? string_length(json) : 1;
		if (*json == ',' || (opened && !closes))
			json_element(w);
		opened = *json == '{' || *json == '[';
		if (opened)
			json_open(w, *json);
		else if (closes)
			json_close(w, *json);
		else if (*json != ',')
			put(w, json, step);
		if (*json == ':' && w->indent)
			put(w, " ", 1);
	}
	w->first = false;
}

size_t json_utf8(const unsigned char *s, size_t n)
{
	unsigned char a = s[0], b = n > 1 ? s[1] : 0;
	size_t len = a >= 0xf0 ? 4 : a >= 0xe0 ? 3 : 2;

	if (a < 0x80)
		return 1;
	if (a < 0xc2 || a > 0xf4 || n < len)
		return 0;
	/* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
	if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) || (a == 0xf0 && b < 0x90) ||
	    (a == 0xf4 && b > 0x8f))
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

size_t json_utf8_check(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n) {
		uint64_t eight;
		size_t step;

		if (n - i >= sizeof(eight)) {
			memcpy(&eight, s + i, sizeof(eight));
			if (!(eight & UINT64_C(0x8080808080808080))) {
				i += sizeof(eight);
				continue;
			}
		}
		step = json_utf8((const unsigned char *)s + i, n - i);
		if (!step)
			return i;
		i += step;
	}
	return n;
}
