/* SPDX-License-Identifier: Apache-2.0 */
/* pax extended headers (POSIX pax, "pax Extended Header"): "LEN KEY=VALUE\n" records. The last
 * record of a key wins, an empty value takes it back. Keys we have no use for are skipped; a record
 * that does not parse is refused, because the next reader may parse it. */
#include "base/cleanup.h"
#include "base/parse.h"
#include "layer/tar_parts.h"

/* One record, split in place; both parts NUL-terminated. */
struct record {
	char *key, *value;
	size_t len; /* of value */
};

static int split(struct tar *t, char **text, size_t *left, struct record *out)
{
	size_t len = 0, i = 0;
	char *p = *text;
	for (; i < *left && p[i] >= '0' && p[i] <= '9' && i < 8; i++)
		len = len * 10 + (size_t)(p[i] - '0');
	if (i == 0 || i == *left || p[i] != ' ' || p[0] == '0')
		return tar_bad(t, "an extended record does not begin with its length");
	if (len > *left || len < i + 4 || p[len - 1] != '\n')
		return tar_bad(t, "an extended record has the wrong length");
	char *equal = memchr(p + i + 1, '=', len - i - 2);
	if (!equal || equal == p + i + 1)
		return tar_bad(t, "an extended record has no key");
	*equal = '\0';
	p[len - 1] = '\0';
	out->key = p + i + 1;
	out->value = equal + 1;
	out->len = (size_t)(p + len - 1 - out->value);
	if (strlen(out->key) != (size_t)(equal - out->key))
		return tar_bad(t, "the key of an extended record has a NUL");
	*text += len;
	*left -= len;
	return 0;
}

static int number(struct tar *t, const struct record *r, uint64_t max, uint64_t *out)
{
	if (strlen(r->value) != r->len || parse_u64(r->key, r->value, max, out) < 0)
		return tar_bad(t, "the extended record %s is not a number up to %llu", r->key,
			       (unsigned long long)max);
	return 0;
}

static int set_size(struct tar *t, const struct record *r, bool *has, uint64_t *out)
{
	*has = r->len > 0;
	return *has ? number(t, r, INT64_MAX, out) : 0;
}

static int set_id(struct tar *t, const struct record *r, bool *has, uint32_t *out)
{
	uint64_t v = 0;
	*has = r->len > 0;
	if (*has)
		TRY(number(t, r, UINT32_MAX - 1, &v));
	*out = (uint32_t)v;
	return 0;
}

static int set_name(struct tar *t, const struct record *r, const char **out)
{
	if (strlen(r->value) != r->len)
		return tar_bad(t, "the extended record %s has a NUL", r->key);
	*out = r->len ? r->value : NULL;
	return 0;
}

/* "[-]SECONDS[.FRACTION]"; what is out of range is 0. */
static int set_mtime(struct tar *t, const struct record *r)
{
	long nsec = 0;
	const char *p = r->value;
	bool negative = *p == '-';
	int64_t seconds = 0;
	long scale = 100000000;
	t->said.has_mtime = r->len > 0;
	p += negative;
	if (r->len > 0 && (*p < '0' || *p > '9'))
		return tar_bad(t, "the extended record mtime is not a time");
	for (; *p >= '0' && *p <= '9'; p++)
		seconds = seconds > INT64_C(1) << 40 ? seconds : seconds * 10 + (*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
			nsec += (*p - '0') * scale;
	if (p != r->value + r->len)
		return tar_bad(t, "the extended record mtime is not a time");
	if (negative && nsec > 0) {
		seconds++;
		nsec = 1000000000 - nsec;
	}
	t->said.mtime = tar_clamp(negative ? -seconds : seconds, nsec);
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* libarchive writes names with %XX and values as base64. In place: both get shorter. */
static void percent_decode(char *s)
{
	char *to = s;
	for (; *s; s++) {
		bool coded = s[0] == '%' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0;
		*to++ = coded ? (char)(hex_digit(s[1]) << 4 | hex_digit(s[2])) : *s;
		s += coded ? 2 : 0;
	}
	*to = '\0';
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;
	return p ? (int)(p - digits) : -1;
}

static int base64_decode(struct tar *t, struct record *r)
{
	uint32_t bits = 0, n = 0;
	size_t to = 0;
	for (size_t i = 0; i < r->len && r->value[i] != '='; i++) {
		int digit = base64_digit(r->value[i]);
		if (digit < 0)
			return tar_bad(t, "the extended record %s is not base64", r->key);
		bits = bits << 6 | (uint32_t)digit;
		n += 6;
		if (n >= 8) {
			n -= 8;
			r->value[to++] = (char)(bits >> n);
		}
	}
	r->len = to;
	return 0;
}

static int set_xattr(struct tar *t, const char *name, const struct record *r)
{
	struct tar_said *s = &t->said;
	size_t i = 0;
	if (!*name || strlen(name) > 255 || strlen(name) != strcspn(name, "\n"))
		return tar_bad(t, "an extended attribute has a name of %zu bytes", strlen(name));
	if (r->len > TAR_XATTR_MAX)
		return tar_bad(t, "the extended attribute %s has %zu bytes, more than %d", name,
			       r->len, TAR_XATTR_MAX);
	while (i < s->n_xattrs && !streq(s->xattrs[i].name, name))
		i++;
	if (i == TAR_XATTRS_MAX)
		return tar_bad(t, "more than %d extended attributes", TAR_XATTRS_MAX);
	s->xattrs[i] = (struct tar_xattr){ name, r->value, r->len };
	s->n_xattrs += i == s->n_xattrs;
	return 0;
}

/* 0.0: pairs of offset and numbytes; the second of a pair completes a piece. */
static int sparse_pair(struct tar *t, const struct record *r, bool is_length)
{
	uint64_t v;
	TRY(number(t, r, INT64_MAX, &v));
	if (!is_length) {
		t->said.pair_at = v;
		return 0;
	}
	return tar_map_add(t, t->said.pair_at, v);
}

/* 0.1: "OFFSET,LENGTH,OFFSET,LENGTH..." */
static int sparse_list(struct tar *t, struct record *r)
{
	uint64_t v[2];
	size_t n = 0;
	char *p = r->value;
	while (p && *p) {
		char *comma = strchr(p, ',');
		if (comma)
			*comma = '\0';
		struct record one = { r->key, p, strlen(p) };
		TRY(number(t, &one, INT64_MAX, &v[n % 2]));
		if (n++ % 2)
			TRY(tar_map_add(t, v[0], v[1]));
		p = comma ? comma + 1 : NULL;
	}
	return n % 2 ? tar_bad(t, "GNU.sparse.map has an odd number of numbers") : 0;
}

static int sparse_record(struct tar *t, const char *key, struct record *r)
{
	struct tar_said *s = &t->said;
	uint64_t v = 0;
	s->sparse = true;
	if (streq(key, "name"))
		return set_name(t, r, &s->sparse_name);
	if (streq(key, "map"))
		return sparse_list(t, r);
	if (streq(key, "size") || streq(key, "realsize"))
		return set_size(t, r, &s->has_real_size, &s->real_size);
	if (streq(key, "offset") || streq(key, "numbytes"))
		return sparse_pair(t, r, streq(key, "numbytes"));
	if (streq(key, "numblocks"))
		return number(t, r, INT64_MAX, &v);
	if (streq(key, "major") || streq(key, "minor")) {
		TRY(number(t, r, 9, &v));
		*(streq(key, "major") ? &s->sparse_major : &s->sparse_minor) = (unsigned)v;
		return 0;
	}
	return tar_bad(t, "unknown extended record GNU.sparse.%s", key);
}

static int apply(struct tar *t, struct record *r)
{
	struct tar_said *s = &t->said;
	const char *rest;
	if (streq(r->key, "path"))
		return set_name(t, r, &s->path);
	if (streq(r->key, "linkpath"))
		return set_name(t, r, &s->link);
	if (streq(r->key, "size"))
		return set_size(t, r, &s->has_size, &s->size);
	if (streq(r->key, "uid"))
		return set_id(t, r, &s->has_uid, &s->uid);
	if (streq(r->key, "gid"))
		return set_id(t, r, &s->has_gid, &s->gid);
	if (streq(r->key, "mtime"))
		return set_mtime(t, r);
	if ((rest = after_prefix(r->key, "SCHILY.xattr.")))
		return set_xattr(t, rest, r);
	if (after_prefix(r->key, "LIBARCHIVE.xattr.")) {
		char *name = r->key + strlen("LIBARCHIVE.xattr.");
		percent_decode(name);
		TRY(base64_decode(t, r));
		return set_xattr(t, name, r);
	}
	if ((rest = after_prefix(r->key, "GNU.sparse.")))
		return sparse_record(t, rest, r);
	return 0;
}

int tar_pax_parse(struct tar *t, char *text, size_t len)
{
	while (len > 0) {
		struct record r;
		TRY(split(t, &text, &len, &r));
		TRY(apply(t, &r));
	}
	return 0;
}
