/* SPDX-License-Identifier: Apache-2.0 */
/* Words -> D-Bus values, led by the signature. The words come from ocirun, but some of them began
 * as annotations: every number is checked before it is packed. */
#include "ocirun-systemd/bus.h"

#include "base/parse.h"

/* Walks the words of one message. */
struct reader {
	const struct oci_strs *words;
	size_t at;
};

static int next_word(struct reader *rd, const char **out)
{
	if (rd->at >= rd->words->n)
		return err_msg(ERR_BUG, "a property ends too early");
	*out = rd->words->v[rd->at++];
	return 0;
}

static int next_count(struct reader *rd, uint64_t *out)
{
	const char *word = NULL;
	TRY(next_word(rd, &word));
	return parse_u64("a count", word, rd->words->n, out);
}

/* ---- one value ---- */

static int append_unsigned(sd_bus_message *m, char type, const char *word)
{
	static const struct {
		char type;
		uint64_t max;
	} kinds[] = {
		{ 'y', UINT8_MAX }, { 'q', UINT16_MAX }, { 'u', UINT32_MAX }, { 't', UINT64_MAX }
	};
	uint64_t v = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == type)
			TRY(parse_u64("a property's value", word, kinds[i].max, &v));
	uint8_t y = (uint8_t)v;
	uint16_t q = (uint16_t)v;
	uint32_t u = (uint32_t)v;
	const void *p = type == 'y'   ? (void *)&y
			: type == 'q' ? (void *)&q
			: type == 'u' ? (void *)&u
				      : (void *)&v;
	int r = sd_bus_message_append_basic(m, type, p);
	return r < 0 ? bus_error(r, "pack a number") : 0;
}

static int append_signed(sd_bus_message *m, char type, const char *word)
{
	int64_t v, max = type == 'n' ? INT16_MAX : type == 'i' ? INT32_MAX : INT64_MAX;
	TRY(parse_i64("a property's value", word, -max - 1, max, &v));
	int16_t n = (int16_t)v;
	int32_t i = (int32_t)v;
	const void *p = type == 'n' ? (void *)&n : type == 'i' ? (void *)&i : (void *)&v;
	int r = sd_bus_message_append_basic(m, type, p);
	return r < 0 ? bus_error(r, "pack a number") : 0;
}

static int append_basic(sd_bus_message *m, char type, const char *word)
{
	int r;
	if (strchr("yqut", type))
		return append_unsigned(m, type, word);
	if (strchr("nix", type))
		return append_signed(m, type, word);
	if (type == 'b') {
		int yes = streq(word, "true");
		r = sd_bus_message_append_basic(m, 'b', &yes);
	} else if (type == 'd') {
		double d = strtod(word, NULL);
		r = sd_bus_message_append_basic(m, 'd', &d);
	} else if (strchr("sog", type)) {
		r = sd_bus_message_append_basic(m, type, word);
	} else {
		return err_msg(ERR_BUG, "a property of type \"%c\"", type);
	}
	return r < 0 ? bus_error(r, "pack a value") : 0;
}

/* Length of the first complete type of a signature. */
static size_t one_type(const char *sig)
{
	size_t n = 0;
	int depth = 0;
	while (sig[n] == 'a')
		n++;
	do {
		if (sig[n] == '\0')
			return 0;
		depth += (sig[n] == '(') - (sig[n] == ')');
		n++;
	} while (depth > 0);
	return n;
}

static int append_value(sd_bus_message *m, const char *sig, struct reader *rd, int depth);

static int append_inside(sd_bus_message *m, const char *members, struct reader *rd, int depth)
{
	char one[64];
	for (const char *p = members; *p;) {
		size_t n = one_type(p);
		if (!n || n >= sizeof(one))
			return err_msg(ERR_BUG, "a property of type \"%s\"", members);
		memcpy(one, p, n);
		one[n] = '\0';
		TRY(append_value(m, one, rd, depth + 1));
		p += n;
	}
	return 0;
}

/* sig is one complete type. */
static int append_value(sd_bus_message *m, const char *sig, struct reader *rd, int depth)
{
	char inner[64];
	uint64_t count = 1;
	const char *word = NULL;
	size_t len = strlen(sig);

	if (depth > 8 || len >= sizeof(inner))
		return err_msg(ERR_BUG, "a property of type \"%s\"", sig);
	if (*sig != 'a' && *sig != '(') {
		TRY(next_word(rd, &word));
		return append_basic(m, *sig, word);
	}
	bool array = *sig == 'a';
	snprintf(inner, sizeof(inner), "%.*s", (int)(array ? len - 1 : len - 2), sig + 1);
	if (array)
		TRY(next_count(rd, &count));
	int r = sd_bus_message_open_container(m, array ? 'a' : 'r', inner);
	if (r < 0)
		return bus_error(r, "pack a value");
	for (uint64_t i = 0; i < count; i++)
		TRY(append_inside(m, inner, rd, depth));
	r = sd_bus_message_close_container(m);
	return r < 0 ? bus_error(r, "pack a value") : 0;
}

/* ---- the list ---- */

static bool listed(const struct oci_strs *list, const char *name)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (streq(list->v[i], name))
			return true;
	return false;
}

static int append_property(sd_bus_message *m, struct reader *rd, const struct oci_strs *without)
{
	const char *name = "", *sig = "";
	uint64_t count = 0;

	TRY(next_word(rd, &name));
	TRY(next_word(rd, &sig));
	TRY(next_count(rd, &count));
	if (listed(without, name)) {
		rd->at += count;
		return 0;
	}
	if (one_type(sig) != strlen(sig))
		return err_msg(ERR_BUG, "a property of type \"%s\"", sig);
	int r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append_basic(m, 's', name + (*name == '?'));
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', sig);
	if (r < 0)
		return bus_error(r, "pack a property");
	TRY_AS(append_value(m, sig, rd, 0), "property %s", name + (*name == '?'));
	r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? bus_error(r, "pack a property") : 0;
}

int properties_append(sd_bus_message *m, const struct oci_strs *words, size_t at,
		      const struct oci_strs *without)
{
	struct reader rd = { words, at };
	int r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r < 0)
		return bus_error(r, "pack the properties");
	while (rd.at < words->n)
		TRY(append_property(m, &rd, without));
	r = sd_bus_message_close_container(m);
	return r < 0 ? bus_error(r, "pack the properties") : 0;
}

/* Is `name` in the text as a word of its own? CPUWeight is not in StartupCPUWeight. */
static bool names_it(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = text; (p = strstr(p, name)); p++) {
		bool left = p == text || !((p[-1] | 32) >= 'a' && (p[-1] | 32) <= 'z');
		bool right = !((p[n] | 32) >= 'a' && (p[n] | 32) <= 'z');
		if (left && right)
			return true;
	}
	return false;
}

const char *properties_blamed(const struct oci_strs *words, size_t at, const struct bus_refusal *no)
{
	uint64_t count = 0;
	for (size_t i = at; i + 2 < words->n; i += 3 + count) {
		if (words->v[i][0] == '?' && names_it(no->text, words->v[i] + 1))
			return words->v[i];
		if (parse_u64("a count", words->v[i + 2], words->n, &count) < 0) {
			err_clear();
			return NULL;
		}
	}
	return NULL;
}
