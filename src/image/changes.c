/* SPDX-License-Identifier: Apache-2.0 */
/* `diff`: the changes of a bundle, printed. Without its image what can be said is said: files that
 * were touched count as changed. */
#include <stdio.h>

#include "base/log.h"
#include "base/quote.h"
#include "base/str.h"
#include "image/bundle_base.h"
#include "image/image.h"

static bool is_utf8(const char *s)
{
	while (*s) {
		const char *from = s;
		char out[QUOTE_MAX];
		size_t n = quote_next(QUOTE_SHOWN, &s, out);
		if ((unsigned char)*from >= 0x80 && n == 4 && out[0] == '\\')
			return false;
	}
	return true;
}

static void add_hex(struct str *s, const char *path)
{
	str_add(s, ", \"pathHex\": \"2f");
	for (; *path; path++)
		str_addf(s, "%02x", (unsigned char)*path);
	str_addc(s, '"');
}

static const char *word_of(const struct change *c)
{
	switch (c->kind) {
	case CHANGE_ADDED: return "added";
	case CHANGE_DELETED: return "deleted";
	default: return "changed";
	}
}

static void print_json(struct arena *a, const struct changes *list)
{
	struct str s;
	bool first = true;
	str_init(&s, a, 1u << 30);
	str_add(&s, "[");
	for (size_t i = 0; i < list->n; i++) {
		const struct change *c = &list->v[i];
		if (!c->listed)
			continue;
		str_add(&s, first ? "\n\t{ \"change\": \"" : ",\n\t{ \"change\": \"");
		str_addf(&s, "%s\", \"path\": ", word_of(c));
		str_add_json(&s, arena_printf(a, "/%s", c->path));
		if (!is_utf8(c->path))
			add_hex(&s, c->path);
		str_add(&s, " }");
		first = false;
	}
	str_add(&s, first ? "]\n" : "\n]\n");
	fwrite(s.v, 1, s.n, stdout);
}

static void print_lines(const struct changes *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct change *c = &list->v[i];
		const char *p = c->path;
		if (!c->listed)
			continue;
		printf("%c /", c->kind);
		while (*p) {
			char out[QUOTE_MAX];
			size_t n = quote_next(QUOTE_SHOWN, &p, out);
			fwrite(out, 1, n, stdout);
		}
		putchar('\n');
	}
}

static int print_changes(struct arena *a, const struct bundle_tree *b, const struct image *base,
			 const struct diff_wishes *w)
{
	const struct change_wishes how = { w->masks, w->no_mask_volumes };
	struct bundle_changes c;
	TRY(bundle_diff(b, base, &how, NULL, &c));
	if (w->json)
		print_json(a, &c.list);
	else
		print_lines(&c.list);
	return fflush(stdout) == 0 ? 0 : err_sys("write the answer");
}

int image_diff(struct image_tool *t, const char *bundle, const struct diff_wishes *w)
{
	struct bundle_tree b;
	struct image base;
	TRY(bundle_tree_open(t->arena, bundle, &b));
	int there = bundle_base_open(&b, NULL, &base);
	if (there < 0) {
		log_warn("%s; files that were touched count as changed", err_get()->text);
		err_dropped(there);
	}
	int r = print_changes(t->arena, &b, there < 0 ? NULL : &base, w);
	if (there == 0)
		image_close(&base);
	bundle_tree_close(&b);
	return r;
}
