/* SPDX-License-Identifier: Apache-2.0 */
/* GVariant text -> D-Bus signature and value words (pure): what annotations
 * org.systemd.property.NAME are written in. Understood are booleans, numbers (bare, or with a type
 * word before them), strings, byte strings, arrays, tuples and @TYPE; not dictionaries, variants
 * and maybes, which no unit property has.
 * Surprise: a bare number is an int32 and a bare 1.5 a double, as in GVariant itself. */
#include <ctype.h>

#include "base/parse.h"
#include "base/str.h"
#include "cgroup/driver.h"

#define MAX_DEPTH 6
#define MAX_SIG   60

struct gv {
	struct arena *a;
	const char *p;
	struct cgroup_words *out;
	struct str sig; /* grows as values are read */
};

static const struct {
	const char *word;
	char type;
} type_words[] = {
	{ "boolean", 'b' }, { "byte", 'y' },   { "int16", 'n' },      { "uint16", 'q' },
	{ "int32", 'i' },   { "uint32", 'u' }, { "int64", 'x' },      { "uint64", 't' },
	{ "double", 'd' },  { "string", 's' }, { "objectpath", 'o' }, { "signature", 'g' },
};

static int bad(const struct gv *g, const char *why)
{
	struct str shown;
	str_init(&shown, g->a, 60);
	str_add_quoted(&shown, g->p);
	return err_msg(ERR_CONFIG, "%s at \"%s\"", why, shown.v);
}

static void skip_blanks(struct gv *g)
{
	while (isspace((unsigned char)*g->p))
		g->p++;
}

static bool take(struct gv *g, char c)
{
	skip_blanks(g);
	if (*g->p != c)
		return false;
	g->p++;
	return true;
}

/* The word at p, "" when there is none. */
static const char *peek_word(const struct gv *g)
{
	size_t n = 0;
	while (isalnum((unsigned char)g->p[n]))
		n++;
	return isalpha((unsigned char)*g->p) ? arena_strndup(g->a, g->p, n) : "";
}

static void push(struct gv *g, const char *word)
{
	vec_push(g->a, g->out, word);
}

/* ---- basic values ---- */

static const char *text_of_unsigned(struct gv *g, uint64_t v)
{
	return arena_printf(g->a, "%llu", (unsigned long long)v);
}

static int in_range(struct gv *g, char type, bool negative, uint64_t v)
{
	static const struct {
		char type;
		uint64_t max;
		bool has_sign;
	} kinds[] = {
		{ 'y', UINT8_MAX, false },  { 'n', INT16_MAX, true },   { 'q', UINT16_MAX, false },
		{ 'i', INT32_MAX, true },   { 'u', UINT32_MAX, false }, { 'x', INT64_MAX, true },
		{ 't', UINT64_MAX, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == type)
			return (negative && !kinds[i].has_sign && v) ||
					       v > kinds[i].max + (negative && kinds[i].has_sign)
				       ? bad(g, "a number out of its type's range before")
				       : 0;
	return bad(g, "a number where another type was expected, before");
}

static int take_double(struct gv *g, const char *start, size_t n)
{
	char *end;
	const char *text = arena_strndup(g->a, start, n);
	errno = 0;
	strtod(text, &end);
	if (errno || *end)
		return bad(g, "not a number before");
	push(g, text);
	return 0;
}

/* want: 0 = whatever it looks like */
static int take_number(struct gv *g, char want)
{
	const char *start = g->p;
	size_t n = strspn(start, "+-0123456789abcdefABCDEFxX.");
	bool hex = strncmp(start + strspn(start, "+-"), "0x", 2) == 0;
	bool real = !hex && (memchr(start, '.', n) || memchr(start, 'e', n));
	char type = want ? want : real ? 'd' : 'i', *end;

	if (real)
		n = strspn(start, "+-0123456789.eE");
	if (!n)
		return bad(g, "no value");
	g->p += n;
	str_addc(&g->sig, type);
	if (type == 'd')
		return take_double(g, start, n);
	if (real)
		return bad(g, "a fraction where a whole number was expected, before");
	bool negative = *start == '-';
	const char *digits = start + (negative || *start == '+');
	errno = 0;
	uint64_t v = isdigit((unsigned char)*digits) ? strtoull(digits, &end, 0) : 0;
	if (!isdigit((unsigned char)*digits) || errno || end != start + n)
		return bad(g, "not a number before");
	TRY(in_range(g, type, negative, v));
	push(g, negative && v ? arena_printf(g->a, "-%llu", (unsigned long long)v)
			      : text_of_unsigned(g, v));
	return 0;
}

/* The text between quotes; \n, \t and \CHARACTER are understood. */
static int quoted(struct gv *g, const char **out)
{
	struct str s;
	char quote = *g->p++;
	str_init(&s, g->a, 0);
	for (; *g->p && *g->p != quote; g->p++) {
		char c = *g->p;
		if (c == '\\' && g->p[1]) {
			c = *++g->p;
			if (c == 'u' || c == 'U' || isdigit((unsigned char)c))
				return bad(g, "an escape that is not supported");
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		str_addc(&s, c);
	}
	if (!*g->p)
		return bad(g, "a string that does not end");
	g->p++;
	*out = s.v;
	return 0;
}

static int take_string(struct gv *g, char want)
{
	const char *text;
	if (want && !strchr("sog", want))
		return bad(g, "a string where another type was expected");
	TRY(quoted(g, &text));
	str_addc(&g->sig, want ? want : 's');
	push(g, text);
	return 0;
}

/* b'text': an array of bytes, with the NUL at its end. */
static int take_bytes(struct gv *g)
{
	const char *text;
	g->p++;
	TRY(quoted(g, &text));
	str_add(&g->sig, "ay");
	size_t n = strlen(text) + 1;
	push(g, text_of_unsigned(g, n));
	for (size_t i = 0; i < n; i++)
		push(g, text_of_unsigned(g, (unsigned char)text[i]));
	return 0;
}

/* ---- containers ---- */

static int take_value(struct gv *g, const char *want, int depth);

/* Length of the first complete type of a signature, 0 when it is none. */
static size_t one_type(const char *sig)
{
	size_t n = strspn(sig, "a");
	int depth = 0;
	do {
		if (!sig[n] || !strchr("bynqiuxtdsog()a", sig[n]))
			return 0;
		depth += (sig[n] == '(') - (sig[n] == ')');
		n++;
	} while (depth > 0);
	return depth < 0 ? 0 : n;
}

/* All elements have the type of the first one; an empty array must have been told its type. */
static int take_array(struct gv *g, const char *want, int depth)
{
	size_t at = g->out->n, n = 0, sig_at;
	const char *element = want ? want + 1 : NULL;

	if (want && *want != 'a')
		return bad(g, "an array where another type was expected");
	push(g, "0");
	str_addc(&g->sig, 'a');
	sig_at = g->sig.n;
	for (; !take(g, ']'); n++) {
		if (n && !take(g, ','))
			return bad(g, "\",\" or \"]\" expected");
		size_t before = g->sig.n;
		TRY(take_value(g, element, depth + 1));
		if (!element)
			element = arena_strndup(g->a, g->sig.v + before, g->sig.n - before);
		g->sig.n = sig_at;
		g->sig.v[sig_at] = '\0';
	}
	if (!element)
		return bad(g, "an empty array needs its type, like @as [], before");
	str_add(&g->sig, element);
	g->out->v[at] = text_of_unsigned(g, n);
	return 0;
}

static int take_tuple(struct gv *g, const char *want, int depth)
{
	const char *member = want ? want + 1 : NULL;

	if (want && *want != '(')
		return bad(g, "a tuple where another type was expected");
	str_addc(&g->sig, '(');
	for (size_t i = 0; !take(g, ')'); i++) {
		if (i && !take(g, ','))
			return bad(g, "\",\" or \")\" expected");
		/* one value has a comma behind it: (1,) */
		if (i && take(g, ')'))
			break;
		size_t n = member ? one_type(member) : 0;
		if (member && !n)
			return bad(g, "too many members");
		TRY(take_value(g, member ? arena_strndup(g->a, member, n) : NULL, depth + 1));
		member = member ? member + n : NULL;
	}
	if (g->sig.v[g->sig.n - 1] == '(' || (member && *member != ')'))
		return bad(g, "too few members before");
	str_addc(&g->sig, ')');
	return 0;
}

/* ---- any value ---- */

/* @TYPE VALUE */
static int take_typed(struct gv *g, int depth)
{
	size_t n = one_type(++g->p);
	if (!n)
		return bad(g, "not a type");
	const char *type = arena_strndup(g->a, g->p, n);
	g->p += n;
	return take_value(g, type, depth + 1);
}

static int take_word(struct gv *g, const char *want, int depth)
{
	const char *word = peek_word(g);
	if (streq(word, "true") || streq(word, "false")) {
		if (want && *want != 'b')
			return bad(g, "a boolean where another type was expected");
		g->p += strlen(word);
		str_addc(&g->sig, 'b');
		push(g, word);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(type_words); i++) {
		if (!streq(word, type_words[i].word))
			continue;
		char type[2] = { type_words[i].type, '\0' };
		if (want && *want != *type)
			return bad(g, "another type was expected");
		g->p += strlen(word);
		return take_value(g, arena_strdup(g->a, type), depth + 1);
	}
	return bad(g, "not a value");
}

/* want: the type it must have, NULL = any. Adds words, and to the signature. */
static int take_value(struct gv *g, const char *want, int depth)
{
	skip_blanks(g);
	if (depth > MAX_DEPTH || g->sig.n > MAX_SIG)
		return bad(g, "nested too deep");
	char c = *g->p;
	if (c == '@')
		return take_typed(g, depth);
	if (c == '\'' || c == '"')
		return take_string(g, want ? *want : 0);
	if (c == 'b' && (g->p[1] == '\'' || g->p[1] == '"'))
		return take_bytes(g);
	if (c == '[') {
		g->p++;
		return take_array(g, want, depth);
	}
	if (c == '(') {
		g->p++;
		return take_tuple(g, want, depth);
	}
	if (isalpha((unsigned char)c))
		return take_word(g, want, depth);
	return take_number(g, want ? *want : 0);
}

int cgroup_gvariant(struct arena *a, const char *text, const char **sig, struct cgroup_words *out)
{
	struct cgroup_words words = { 0 };
	struct gv g = { .a = a, .p = text, .out = &words };
	str_init(&g.sig, a, 0);
	TRY(take_value(&g, NULL, 0));
	skip_blanks(&g);
	if (*g.p)
		return bad(&g, "more than one value");
	*sig = g.sig.v;
	*out = words;
	return 0;
}
