/* SPDX-License-Identifier: Apache-2.0 */
/* The namespace part of `ocirun explain` and of the golden plans.
 * Surprise: "forks" says whether there is a second clone, which costs a process; most have none. */
#include "ns/kinds.h"

static const char indent[] = "         ";

static void print_maps(const char *what, const struct ns_map *m, size_t n, bool helper,
		       struct str *s)
{
	str_addf(s, "%smap      %s", indent, what);
	for (size_t i = 0; i < n; i++)
		str_addf(s, " %u:%u:%u", m[i].inside, m[i].outside, m[i].size);
	str_add(s, helper ? "   by new" : "");
	str_add(s, helper ? what : "");
	str_add(s, helper ? "map\n" : "\n");
}

static void print_offsets(const char *text, struct str *s)
{
	str_addf(s, "%stime    ", indent);
	for (const char *c = text; *c; c++) {
		if (*c != '\n')
			str_addc(s, *c);
		else if (c[1])
			str_add(s, ", ");
	}
	str_addc(s, '\n');
}

void ns_plan_print(const struct ns_plan *p, struct str *s)
{
	str_add(s, "ns       new");
	size_t made = 0;
	for (const struct ns_kind *k = ns_kinds; k->word; k++) {
		if (!p->new_[k->type])
			continue;
		str_addf(s, " %s", k->word);
		made++;
	}
	str_add(s, made ? "" : " none");
	str_addf(s, "   forks %d\n", p->forks);
	for (size_t i = 0; i < p->joins.n; i++) {
		const struct ns_join *j = &p->joins.v[i];
		str_addf(s, "%sjoin     %s \"", indent, ns_kind_of(j->type)->word);
		str_add_quoted(s, j->path);
		str_add(s, j->early && p->userns ? "\" before the user namespace\n" : "\"\n");
	}
	if (p->need_maps) {
		print_maps("uid", p->uids, p->nuids, p->newuidmap, s);
		print_maps("gid", p->gids, p->ngids, p->newgidmap, s);
		str_addf(s, "%sroot     %u:%u%s\n", indent, p->root_uid, p->root_gid,
			 p->deny_setgroups ? ", setgroups denied" : "");
	}
	if (p->time_offsets)
		print_offsets(p->time_offsets, s);
}
