/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables. The accepted forms are those of Go programs, because engines are written for runc:
 * "-long" with one dash is a long option, "--flag=false" works, options may follow positionals.
 * Surprise: with one dash a long name wins over bundled short flags. */
#include "base/opt.h"

#include <limits.h>
#include <stdint.h>

#include "base/parse.h"

struct parser {
	struct arena *arena;
	const struct opt *rows;
	char *base;   /* the struct that is filled */
	int argc, at; /* at: the next argument */
	char *const *argv;
	bool help;
};

/* A row and the struct its offset counts from. */
struct found {
	const struct opt *row;
	char *base;
};

static bool row_matches(const struct opt *o, const char *name, size_t len, char short_name)
{
	if (short_name)
		return o->short_name == short_name;
	return o->name && strlen(o->name) == len && memcmp(o->name, name, len) == 0;
}

/* By long name (short_name 0) or by letter. */
static struct found find_row(const struct opt *rows, char *base, const char *name, size_t len,
			     char short_name)
{
	for (const struct opt *o = rows; o->kind != OPT_K_END; o++) {
		if (o->kind == OPT_K_SHARED) {
			struct found f =
				find_row(o->shared, base + o->shared_offset, name, len, short_name);
			if (f.row)
				return f;
		} else if (row_matches(o, name, len, short_name)) {
			return (struct found){ o, base + o->offset };
		}
	}
	return (struct found){ 0 };
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_K_FLAG && o->kind != OPT_K_IGNORED_FLAG;
}

static void add_string(struct arena *a, struct oci_strs *list, const char *text)
{
	const char **grown = arena_calloc(a, list->n + 1, sizeof(*grown));

	if (list->n)
		memcpy(grown, list->v, list->n * sizeof(*grown));
	grown[list->n] = text;
	list->v = grown;
	list->n++;
	list->present = true;
}

static int store_flag(struct found f, const char *value)
{
	bool on = true;

	if (value && !parse_bool(value, &on))
		return err_msg(ERR_USAGE, "invalid value \"%s\" for flag --%s: not a boolean",
			       value, f.row->name);
	if (f.row->kind == OPT_K_FLAG)
		*(bool *)f.base = on;
	return 0;
}

static int store(struct parser *p, struct found f, const char *value)
{
	uint64_t number;

	switch (f.row->kind) {
	case OPT_K_STRING:
		*(const char **)f.base = value;
		return 0;
	case OPT_K_STRINGS:
		add_string(p->arena, (struct oci_strs *)f.base, value);
		return 0;
	case OPT_K_UINT:
		TRY(parse_u64(f.row->name, value, UINT_MAX, &number));
		*(unsigned *)f.base = (unsigned)number;
		return 0;
	case OPT_K_FLAG:
	case OPT_K_IGNORED_FLAG:
		return store_flag(f, value);
	case OPT_K_IGNORED_STRING:
	case OPT_K_SHARED:
	case OPT_K_END:
		break;
	}
	return 0;
}

/* Store with the value from after "=", or from the next argument. `shown`: as the user wrote it. */
static int take(struct parser *p, struct found f, const char *value, const char *shown,
		size_t shown_len)
{
	if (!value && takes_value(f.row)) {
		if (p->at == p->argc)
			return err_msg(ERR_USAGE, "flag needs an argument: %.*s", (int)shown_len,
				       shown);
		value = p->argv[p->at++];
	}
	return store(p, f, value);
}

enum { TAKEN = 0, NOT_AN_OPTION = 1 };

/* arg begins with "-" or "--"; name is what follows. Gives NOT_AN_OPTION when no row has it. */
static int take_long(struct parser *p, const char *arg, const char *name)
{
	size_t len = strcspn(name, "=");
	struct found f = find_row(p->rows, p->base, name, len, 0);

	if (f.row)
		return take(p, f, name[len] ? name + len + 1 : NULL, arg,
			    (size_t)(name - arg) + len);
	if (len == 4 && memcmp(name, "help", 4) == 0) {
		p->help = true;
		return TAKEN;
	}
	return NOT_AN_OPTION;
}

/* "-it", "-p VALUE", "-pVALUE", "-p=VALUE", "-ip VALUE" */
static int take_short(struct parser *p, const char *arg)
{
	for (const char *s = arg + 1; *s; s++) {
		struct found f = find_row(p->rows, p->base, NULL, 0, *s);
		char shown[3] = { '-', *s, '\0' };

		if (!f.row && *s == 'h') {
			p->help = true;
			continue;
		}
		if (!f.row)
			return NOT_AN_OPTION;
		if (s[1] == '=')
			return take(p, f, s + 2, shown, 2);
		if (takes_value(f.row))
			return take(p, f, s[1] ? s + 1 : NULL, shown, 2);
		TRY(store(p, f, NULL));
	}
	return TAKEN;
}

static int take_option(struct parser *p, const char *arg)
{
	bool two = arg[1] == '-';
	int r = NOT_AN_OPTION;

	if (two || arg[2])
		r = TRY(take_long(p, arg, arg + (two ? 2 : 1)));
	if (r == NOT_AN_OPTION && !two)
		r = TRY(take_short(p, arg));
	if (r == NOT_AN_OPTION)
		return err_msg(ERR_USAGE, "unknown option %.*s", (int)strcspn(arg, "="), arg);
	return 0;
}

int opt_parse(struct arena *a, const struct opt *rows, unsigned flags, int argc, char *const *argv,
	      void *into, struct oci_strs *positionals)
{
	struct parser p = { .arena = a, .rows = rows, .base = into, .argc = argc, .argv = argv };
	bool only_positionals = false;

	*positionals = (struct oci_strs){ .v = arena_calloc(a, (size_t)argc + 1, sizeof(char *)),
					  .present = true };
	while (p.at < argc && !p.help) {
		const char *arg = argv[p.at++];

		if (only_positionals || arg[0] != '-' || !arg[1]) {
			positionals->v[positionals->n++] = arg;
			only_positionals |= (flags & OPT_STOP_AT_POSITIONAL) != 0;
		} else if (streq(arg, "--")) {
			only_positionals = true;
		} else {
			TRY(take_option(&p, arg));
		}
	}
	return p.help ? OPT_HELP_ASKED : 0;
}

/* "--bundle DIR" */
static int left_width(const struct opt *o)
{
	return (int)(2 + strlen(o->name) + (o->arg ? 1 + strlen(o->arg) : 0));
}

static int widest(const struct opt *rows)
{
	int most = (int)strlen("--help");

	for (const struct opt *o = rows; o->kind != OPT_K_END; o++) {
		int w = o->kind == OPT_K_SHARED ? widest(o->shared) : o->help ? left_width(o) : 0;
		most = w > most ? w : most;
	}
	return most;
}

static void print_row(const struct opt *o, int width)
{
	char head[5] = "    ";

	if (o->short_name)
		snprintf(head, sizeof(head), "-%c, ", o->short_name);
	printf("  %s--%s%s%s%*s  %s\n", head, o->name, o->arg ? " " : "", o->arg ? o->arg : "",
	       width - left_width(o), "", o->help);
}

static void print_rows(const struct opt *rows, int width)
{
	for (const struct opt *o = rows; o->kind != OPT_K_END; o++) {
		if (o->kind == OPT_K_SHARED)
			print_rows(o->shared, width);
		else if (o->help)
			print_row(o, width);
	}
}

void opt_print(const struct opt *rows)
{
	static const struct opt help = { .short_name = 'h',
					 .name = "help",
					 .help = "show this help" };
	int width = widest(rows);

	print_rows(rows, width);
	print_row(&help, width);
}

static void list_rows(const struct opt *rows)
{
	for (const struct opt *o = rows; o->kind != OPT_K_END; o++) {
		if (o->kind == OPT_K_SHARED)
			list_rows(o->shared);
		if (!o->help)
			continue;
		printf("--%s\n", o->name);
		if (o->short_name)
			printf("-%c\n", o->short_name);
	}
}

void opt_list(const struct opt *rows)
{
	list_rows(rows);
	printf("--help\n-h\n");
}
