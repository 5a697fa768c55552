/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers. strtoul and friends accept spaces, signs and hex, so digits are read here. */
#include "base/parse.h"

#include <inttypes.h>

#include "base/names.h"

enum digits { DIGITS_OK, DIGITS_NONE, DIGITS_RANGE };

/* Read digits at *s and move past them. */
static enum digits read_digits(const char **s, uint64_t *out)
{
	enum digits r = DIGITS_NONE;
	uint64_t v = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++) {
		if (r == DIGITS_NONE)
			r = DIGITS_OK;
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(**s - '0'), &v))
			r = DIGITS_RANGE;
	}
	*out = v;
	return r;
}

int parse_u64(const char *what, const char *text, uint64_t max, uint64_t *out)
{
	const char *s = text;
	uint64_t v;
	enum digits d = read_digits(&s, &v);

	if (d == DIGITS_NONE || *s)
		return err_msg(ERR_USAGE, "invalid %s \"%s\": not a number", what, text);
	if (d == DIGITS_RANGE || v > max)
		return err_msg(ERR_USAGE, "invalid %s \"%s\": larger than %" PRIu64, what, text,
			       max);
	*out = v;
	return 0;
}

int parse_i64(const char *what, const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *text == '-';
	const char *s = negative ? text + 1 : text;
	uint64_t v;
	enum digits d = read_digits(&s, &v);
	bool fits = d == DIGITS_OK && v <= (uint64_t)INT64_MAX + negative;
	int64_t n = 0;

	if (d == DIGITS_NONE || *s)
		return err_msg(ERR_USAGE, "invalid %s \"%s\": not a number", what, text);
	if (fits)
		n = negative ? (int64_t)(0 - v) : (int64_t)v;
	if (!fits || n < min || n > max)
		return err_msg(ERR_USAGE, "invalid %s \"%s\": not between %" PRId64 " and %" PRId64,
			       what, text, min, max);
	*out = n;
	return 0;
}

int parse_id(const char *what, const char *text, uint32_t *out)
{
	uint64_t v;

	TRY(parse_u64(what, text, UINT32_MAX - 1, &v));
	*out = (uint32_t)v;
	return 0;
}

int parse_user(const char *text, uint32_t *uid, uint32_t *gid, bool *has_gid)
{
	const char *colon = strchr(text, ':');
	uint32_t u, g = 0;
	char first[16];

	if (!colon) {
		TRY(parse_id("user", text, uid));
		*has_gid = false;
		return 0;
	}
	if ((size_t)(colon - text) >= sizeof(first))
		return err_msg(ERR_USAGE, "invalid user \"%s\": not a number", text);
	snprintf(first, sizeof(first), "%.*s", (int)(colon - text), text);
	TRY(parse_id("user", first, &u));
	TRY(parse_id("group", colon + 1, &g));
	*uid = u;
	*gid = g;
	*has_gid = true;
	return 0;
}

/* "", "b", "k", "kb", "kib", any case: the factor, or 0. */
static uint64_t size_factor(const char *s)
{
	static const char letters[] = "kmgtp";
	const char *at = *s ? strchr(letters, *s | 0x20) : NULL;
	uint64_t factor = at ? (uint64_t)1 << (10 * (at - letters + 1)) : 1;

	if (at)
		s++;
	if (at && strcasecmp(s, "ib") == 0)
		return factor;
	return !*s || strcasecmp(s, "b") == 0 ? factor : 0;
}

int parse_size(const char *what, const char *text, int64_t *out)
{
	const char *s = text;
	uint64_t v, factor;
	enum digits d;

	if (streq(text, "-1")) {
		*out = -1;
		return 0;
	}
	d = read_digits(&s, &v);
	factor = size_factor(s);
	if (d == DIGITS_NONE || !factor)
		return err_msg(ERR_USAGE, "invalid %s \"%s\": not a size such as 10, 512k or 2g",
			       what, text);
	if (d == DIGITS_RANGE || __builtin_mul_overflow(v, factor, &v) || v > INT64_MAX)
		return err_msg(ERR_USAGE, "invalid %s \"%s\": too large", what, text);
	*out = (int64_t)v;
	return 0;
}

/* The unit at *s in nanoseconds, moving past it; 0 when there is none. Longer words come first. */
static uint64_t duration_unit(const char **s)
{
	static const struct name units[] = { { "ns", 1 },
					     { "us", 1000 },
					     { "\xc2\xb5s", 1000 }, /* micro sign */
					     { "\xce\xbcs", 1000 }, /* Greek mu */
					     { "ms", 1000000 },
					     { "s", 1000000000u },
					     { "m", 60000000000u },
					     { "h", 3600000000000u },
					     { NULL, 0 } };

	for (const struct name *u = units; u->word; u++) {
		const char *rest = after_prefix(*s, u->word);
		if (rest) {
			*s = rest;
			return u->value;
		}
	}
	return 0;
}

/* One "1.5h"; false when it is malformed or too large. */
static bool duration_part(const char **s, uint64_t *total)
{
	const char *fraction = NULL;
	uint64_t whole, unit, ns, dropped;
	enum digits d = read_digits(s, &whole);

	if (**s == '.') {
		fraction = ++*s;
		if (read_digits(s, &dropped) == DIGITS_NONE && d == DIGITS_NONE)
			return false;
	} else if (d == DIGITS_NONE) {
		return false;
	}
	unit = duration_unit(s);
	if (!unit || d == DIGITS_RANGE || __builtin_mul_overflow(whole, unit, &ns) ||
	    __builtin_add_overflow(*total, ns, total))
		return false;
	for (; fraction && *fraction >= '0' && *fraction <= '9' && unit; fraction++) {
		uint64_t digit = (uint64_t)(*fraction - '0');
		/* unit / 10 is exact down to ns for all units (they are multiples of 10 or end at
		 * 0) */
		if (__builtin_add_overflow(*total, unit * digit / 10, total))
			return false;
		unit /= 10;
	}
	return *total <= INT64_MAX;
}

int parse_duration(const char *what, const char *text, int64_t *out_ns)
{
	const char *s = *text == '+' ? text + 1 : text;
	uint64_t total = 0;

	if (streq(s, "0")) {
		*out_ns = 0;
		return 0;
	}
	if (!*s)
		return err_msg(ERR_USAGE, "invalid %s \"%s\": not a duration such as 5s or 1m30s",
			       what, text);
	while (*s)
		if (!duration_part(&s, &total))
			return err_msg(ERR_USAGE,
				       "invalid %s \"%s\": not a duration such as 5s or 1m30s",
				       what, text);
	*out_ns = (int64_t)total;
	return 0;
}

bool parse_bool(const char *text, bool *out)
{
	static const struct name words[] = { { "1", 1 },     { "t", 1 },     { "T", 1 },
					     { "TRUE", 1 },  { "true", 1 },  { "True", 1 },
					     { "0", 0 },     { "f", 0 },     { "F", 0 },
					     { "FALSE", 0 }, { "false", 0 }, { "False", 0 },
					     { NULL, 0 } };
	uint64_t v;

	if (!name_find(words, text, &v))
		return false;
	*out = v;
	return true;
}
