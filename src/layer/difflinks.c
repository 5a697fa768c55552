/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting by inode brings the names of a file together; the first of them in the order of the walk
 * stands for it. */
#include "layer/difflinks.h"

#include <stdlib.h>

void link_names_add(struct arena *a, struct link_names *l, const char *path,
		    const struct facts *now, uint64_t was_ino)
{
	vec_push(a, l, ((struct link_name){ .path = arena_strdup(a, path), .facts = *now,
					    .was_ino = was_ino }));
}

static int by_was(const void *a, const void *b)
{
	const struct link_name *const *x = a, *const *y = b;
	if ((*x)->was_ino != (*y)->was_ino)
		return (*x)->was_ino < (*y)->was_ino ? -1 : 1;
	return *x < *y ? -1 : 1; /* their order in the walk */
}

static int by_now(const void *a, const void *b)
{
	const struct link_name *const *x = a, *const *y = b;
	if ((*x)->facts.ino != (*y)->facts.ino)
		return (*x)->facts.ino < (*y)->facts.ino ? -1 : 1;
	return *x < *y ? -1 : 1;
}

/* The changes of these names; both are in the order of the walk. */
static void join(struct link_names *l, struct change *list, size_t n)
{
	size_t i = 0;
	for (size_t k = 0; k < l->n; k++) {
		while (i < n && walk_compare(list[i].path, l->v[k].path) < 0)
			i++;
		if (i < n && walk_compare(list[i].path, l->v[k].path) == 0)
			l->v[k].change = &list[i];
	}
}

static struct change *need(struct arena *a, struct link_name *name, bool listed,
			   struct link_changes *out)
{
	struct change *c = arena_alloc(a, sizeof(*c));
	*c = (struct change){ .kind = CHANGE_CHANGED, .path = name->path, .facts = name->facts,
			      .listed = listed };
	name->change = c;
	vec_push(a, out, *c); /* copied again when link_to is known */
	return c;
}

/* Names that were one file and are two, or the reverse. Only names that were there before count:
 * a new name is a change of its own. */
static void find_regrouped(struct arena *a, struct link_names *l, struct link_changes *out)
{
	struct link_name **v = arena_calloc(a, l->n, sizeof(struct link_name *));
	const struct link_name **was = arena_calloc(a, l->n, sizeof(*was));
	const struct link_name *first = NULL;
	for (size_t i = 0; i < l->n; i++)
		v[i] = &l->v[i];
	qsort(v, l->n, sizeof(struct link_name *), by_was);
	for (size_t i = 0; i < l->n; i++) {
		if (i == 0 || v[i]->was_ino != v[i - 1]->was_ino)
			first = v[i];
		was[v[i] - l->v] = first;
	}
	qsort(v, l->n, sizeof(struct link_name *), by_now);
	for (size_t i = 0; i < l->n; i++) {
		if (i == 0 || v[i]->facts.ino != v[i - 1]->facts.ino)
			first = NULL;
		if (v[i]->was_ino == 0)
			continue;
		first = first ? first : v[i];
		if (was[v[i] - l->v] != first && !v[i]->change)
			need(a, v[i], true, out);
	}
}

/* All names of a file go into the layer if one does: the first as the file, the others as links. */
static void hold_together(struct arena *a, struct link_name **v, size_t n,
			  struct link_changes *out)
{
	bool changed = false;
	for (size_t i = 0; i < n; i++)
		changed |= v[i]->change != NULL;
	if (!changed || n < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!v[i]->change)
			need(a, v[i], false, out);
		v[i]->change->link_to = i > 0 ? v[0]->path : NULL;
	}
}

void link_names_check(struct arena *a, struct link_names *l, struct change *list, size_t n,
		      struct link_changes *out)
{
	*out = (struct link_changes){ 0 };
	if (l->n == 0)
		return;
	join(l, list, n);
	find_regrouped(a, l, out);
	struct link_name **v = arena_calloc(a, l->n, sizeof(struct link_name *));
	for (size_t i = 0; i < l->n; i++)
		v[i] = &l->v[i];
	qsort(v, l->n, sizeof(struct link_name *), by_now);
	for (size_t i = 0, k; i < l->n; i = k) {
		for (k = i; k < l->n && v[k]->facts.ino == v[i]->facts.ino; k++)
			;
		hold_together(a, v + i, k - i, out);
	}
	out->n = 0; /* anew, with link_to */
	for (size_t i = 0; i < l->n; i++) {
		const struct change *c = l->v[i].change;
		if (c && !(c >= list && c < list + n))
			vec_push(a, out, *c);
	}
}
