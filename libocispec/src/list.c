/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and maps by row: growing them in the arena, and finding a key that stands twice.
 * Surprise: no hash table. Documents from the net choose their keys, so a hash would need a secret;
 * sorting needs none and is as fast for the few maps that are long. */
#include "value.h"

#include <stdlib.h>
#include <string.h>

#define FEW 16

size_t list_element_size(const struct oci_field *f)
{
	switch (f->kind) {
	case OCI_STRS:
		return sizeof(char *);
	case OCI_U32S:
		return sizeof(uint32_t);
	case OCI_SMAP:
		return sizeof(struct oci_pair);
	default:
		return f->size;
	}
}

void *list_append(struct arena *a, struct oci_list *l, size_t *room, size_t size)
{
	if (l->n == *room) {
		size_t more = *room ? *room * 2 : 4;
		void *v = arena_calloc(a, more, size);

		if (!v)
			return NULL;
		if (l->n)
			memcpy(v, l->v, l->n * size);
		l->v = v;
		*room = more;
	}
	return (char *)l->v + l->n++ * size;
}

/* By text, then by age: of two equal keys the later one comes second. */
static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	int order = strcmp(*x, *y);

	return order ? order : (*x > *y) - (*x < *y);
}

const char *list_duplicate(struct arena *a, const struct oci_list *keys)
{
	const char **k = keys->v;

	if (keys->n <= FEW) {
		for (size_t i = 1; i < keys->n; i++)
			for (size_t j = 0; j < i; j++)
				if (strcmp(k[i], k[j]) == 0)
					return k[i];
		return NULL;
	}
	k = arena_memdup(a, k, keys->n * sizeof(*k));
	if (!k)
		return NULL;
	qsort(k, keys->n, sizeof(*k), by_text);
	for (size_t i = 1; i < keys->n; i++)
		if (strcmp(k[i], k[i - 1]) == 0)
			return k[i];
	return NULL;
}
