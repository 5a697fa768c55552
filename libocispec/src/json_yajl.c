/* SPDX-License-Identifier: Apache-2.0 */
/* yajl's callbacks -> struct json_token, with the place of every token in the text. The only file
 * that knows yajl, so that it can be replaced here.
 * Surprise: yajl turns a lone surrogate escape into '?' and checks UTF-8 only roughly; we look at
 * both ourselves, because a string must arrive as it was written or not at all. */
#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct reader {
	yajl_handle yajl;
	char *text;
	size_t len;
	bool at_end; /* yajl is finishing: offsets count from the end of the text */
	json_fn *fn;
	void *ctx;
	struct json_fault *fault; /* fault->text[0]: our own complaint, found in a callback */
};

static size_t consumed(const struct reader *r)
{
	return r->at_end ? r->len : yajl_get_bytes_consumed(r->yajl);
}

static int give(struct reader *r, struct json_token t, size_t raw_len)
{
	t.end = consumed(r);
	t.start = t.end - (raw_len < t.end ? raw_len : t.end);
	return r->fn(r->ctx, &t) == 0;
}

static int on_null(void *ctx)
{
	return give(ctx, (struct json_token){ .kind = JSON_NULL }, 4);
}

static int on_boolean(void *ctx, int yes)
{
	return give(ctx, (struct json_token){ .kind = JSON_BOOL, .yes = yes }, yes ? 4 : 5);
}

static int on_number(void *ctx, const char *digits, size_t len)
{
	struct json_token t = { .kind = JSON_NUMBER,
				.text = (char *)(uintptr_t)digits,
				.len = len };

	return give(ctx, t, len);
}

static unsigned hex4(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		char c = s[i] | 0x20;

		v = v << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

/* The raw text of a string with escapes: does every surrogate have its partner? yajl has already
 * checked that \u is followed by four hex digits. */
static bool surrogates_paired(const char *s, const char *end)
{
	while ((s = memchr(s, '\\', (size_t)(end - s)))) {
		unsigned unit;

		if (s[1] != 'u') {
			s += 2;
			continue;
		}
		unit = hex4(s + 2);
		s += 6;
		if ((unit & 0xfc00) == 0xdc00)
			return false;
		if ((unit & 0xfc00) != 0xd800)
			continue;
		if (end - s < 6 || s[0] != '\\' || s[1] != 'u' || (hex4(s + 2) & 0xfc00) != 0xdc00)
			return false;
		s += 6;
	}
	return true;
}

/* Where the string begins whose closing quote is at text[quote]: inside it every quote has an odd
 * number of backslashes before it. */
static size_t opening_quote(const char *text, size_t quote)
{
	for (size_t i = quote; i-- > 0;) {
		size_t slashes = 0;

		if (text[i] != '"')
			continue;
		while (slashes < i && text[i - 1 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return i;
	}
	return 0;
}

static int on_text(struct reader *r, enum json_kind kind, const unsigned char *s, size_t len)
{
	struct json_token t = { .kind = kind, .text = (char *)(uintptr_t)s, .len = len };
	size_t quote = consumed(r) - 1, open;

	t.in_place = t.text >= r->text && t.text < r->text + r->len;
	if (t.in_place)
		return give(r, t, len + 2);
	open = opening_quote(r->text, quote);
	if (!surrogates_paired(r->text + open + 1, r->text + quote)) {
		r->fault->at = open;
		snprintf(r->fault->text, sizeof(r->fault->text),
			 "half of a surrogate pair in a string");
		return 0;
	}
	return give(r, t, quote + 1 - open);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	return on_text(ctx, JSON_STRING, s, len);
}

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	return on_text(ctx, JSON_KEY, s, len);
}

static int on_object(void *ctx)
{
	return give(ctx, (struct json_token){ .kind = JSON_OBJECT }, 1);
}

static int on_object_end(void *ctx)
{
	return give(ctx, (struct json_token){ .kind = JSON_OBJECT_END }, 1);
}

static int on_list(void *ctx)
{
	return give(ctx, (struct json_token){ .kind = JSON_LIST }, 1);
}

static int on_list_end(void *ctx)
{
	return give(ctx, (struct json_token){ .kind = JSON_LIST_END }, 1);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_list,
	.yajl_end_array = on_list_end,
};

/* yajl's own words, without the newline: "parse error: premature EOF". */
static void take_yajl_fault(struct reader *r)
{
	unsigned char *said = yajl_get_error(r->yajl, 0, NULL, 0);
	bool early = said && strstr((char *)said, "premature EOF");

	/* The token it did not like has been consumed. */
	r->fault->at = early ? r->len : consumed(r) - (consumed(r) > 0);
	snprintf(r->fault->text, sizeof(r->fault->text), "not valid JSON: %.*s",
		 said ? (int)strcspn((char *)said, "\n") : 0, said ? (char *)said : "");
	if (said)
		yajl_free_error(r->yajl, said);
}

int json_parse(char *text, size_t len, json_fn *fn, void *ctx, struct json_fault *fault)
{
	struct reader r = { .text = text, .len = len, .fn = fn, .ctx = ctx, .fault = fault };
	yajl_status status;
	size_t bad = json_utf8_check(text, len);

	*fault = (struct json_fault){ .at = bad };
	if (bad < len) {
		snprintf(fault->text, sizeof(fault->text), "text is not valid UTF-8");
		return -1;
	}
	r.yajl = yajl_alloc(&callbacks, NULL, &r);
	if (!r.yajl) {
		snprintf(fault->text, sizeof(fault->text), "out of memory");
		return -1;
	}
	yajl_config(r.yajl, yajl_dont_validate_strings, 1); /* done above, and better */
	status = yajl_parse(r.yajl, (const unsigned char *)text, len);
	if (status == yajl_status_ok) {
		r.at_end = true;
		status = yajl_complete_parse(r.yajl);
	}
	if (status == yajl_status_error)
		take_yajl_fault(&r);
	yajl_free(r.yajl);
	if (status == yajl_status_ok)
		return 0;
	return fault->text[0] ? -1 : JSON_STOPPED;
}
