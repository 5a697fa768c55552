/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a schemata file, "L3:0=ff;1=c0". Pure.
 * Surprise: the kernel writes the lines with other blanks and leading zeros than it was given, so
 * "the same schema" means the same value for every domain that is asked for. */
#include <ctype.h>

#include "base/str.h"
#include "resctrl/parts.h"

static bool is_bandwidth(const char *line)
{
	return after_prefix(line, "MB:") != NULL;
}

/* Every line of `text`, but for the bandwidth lines when `skip_mb`. */
static void add_lines(struct str *s, const char *text, bool skip_mb)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (n && !(skip_mb && is_bandwidth(text))) {
			str_addn(s, text, n);
			str_addc(s, '\n');
		}
		text += n + (text[n] == '\n');
	}
}

int schema_join(struct arena *a, const struct schema_source *src, const char **out)
{
	bool l3 = src->l3 && *src->l3, mb = src->mb && *src->mb;
	struct str s;
	if (mb && (!is_bandwidth(src->mb) || strchr(src->mb, '\n')))
		return err_msg(ERR_CONFIG,
			       "%s: expected one line that begins with \"MB:\", found \"%s\"",
			       src->mb_key, src->mb);
	str_init(&s, a, 0);
	if (l3)
		add_lines(&s, src->l3, mb);
	if (l3 && !mb && !s.n)
		return err_msg(ERR_CONFIG, "%s: has no schema", src->l3_key);
	if (mb)
		add_lines(&s, src->mb, false);
	*out = s.n ? s.v : NULL;
	return 0;
}

/* The text after "NAME:" in the line of that name, NULL when there is none. */
static const char *find_line(const char *text, const char *name, size_t n)
{
	while (*text) {
		text += strspn(text, " \t");
		if (strncmp(text, name, n) == 0 && text[n] == ':')
			return text + n + 1;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return NULL;
}

const char *schema_before(struct arena *a, const char *file_text, const char *lines)
{
	struct str s;
	str_init(&s, a, 0);
	for (; *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n') {
		lines += strspn(lines, " \t");
		size_t n = strcspn(lines, ":\n");
		const char *value = find_line(file_text, lines, n);
		if (value)
			str_addf(&s, "%.*s:%.*s\n", (int)n, lines, (int)strcspn(value, "\n"),
				 value);
	}
	return s.n ? s.v : NULL;
}

struct token {
	const char *v;
	size_t n;
};

/* Without blanks around it and zeros before it; "000" is "0". */
static struct token trim(const char *v, size_t n)
{
	while (n && isspace((unsigned char)v[0]))
		v++, n--;
	while (n && isspace((unsigned char)v[n - 1]))
		n--;
	while (n > 1 && v[0] == '0')
		v++, n--;
	return (struct token){ v, n };
}

static bool same(struct token x, struct token y)
{
	return x.n == y.n && strncasecmp(x.v, y.v, x.n) == 0;
}

/* Takes "DOMAIN=VALUE" off *p; false at the end of the line. */
static bool take_domain(const char **p, struct token *domain, struct token *value)
{
	size_t n = strcspn(*p, ";\n"), eq = strcspn(*p, "=;\n");
	if (!n)
		return false;
	*domain = trim(*p, eq);
	*value = eq < n ? trim(*p + eq + 1, n - eq - 1) : (struct token){ "", 0 };
	*p += n + ((*p)[n] == ';');
	return true;
}

static bool has_domain(const char *line, struct token domain, struct token value)
{
	struct token d, v;
	while (take_domain(&line, &d, &v))
		if (same(d, domain))
			return same(v, value);
	return false;
}

bool resctrl_schema_matches(const char *file_text, const char *line)
{
	size_t n = strcspn(line, ":\n");
	struct token domain, value;
	if (line[n] != ':')
		return false;
	const char *have = find_line(file_text, line, n);
	for (line += n + 1; take_domain(&line, &domain, &value);)
		if (!have || !has_domain(have, domain, value))
			return false;
	return have != NULL;
}
