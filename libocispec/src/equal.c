/* SPDX-License-Identifier: Apache-2.0 */
/* Equality as a reader of the document would see it: no string and an empty string are the same,
 * the order of the keys of a map does not matter, an explicit zero and an absent number do differ.
 */
#include "value.h"

#include <string.h>

static bool equal_objects(const struct oci_type *t, const void *a, const void *b);

static bool equal_strings(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool equal_elements(const struct oci_field *f, const struct oci_list *a, size_t i,
			   const struct oci_list *b, size_t j)
{
	switch (f->kind) {
	case OCI_STRS:
		return equal_strings(((const char **)a->v)[i], ((const char **)b->v)[j]);
	case OCI_SMAP:
		return equal_strings(((struct oci_pair *)a->v)[i].value,
				     ((struct oci_pair *)b->v)[j].value);
	case OCI_U32S:
		return ((const uint32_t *)a->v)[i] == ((const uint32_t *)b->v)[j];
	default:
		return equal_objects(f->type(), element(f, a, i), element(f, b, j));
	}
}

/* Where b has the key; most maps have the same order, so try place i first. */
static size_t find_key(const struct oci_field *f, const struct oci_list *b, const char *key,
		       size_t i)
{
	if (equal_strings(*element_key(f, b, i), key))
		return i;
	for (size_t j = 0; j < b->n; j++)
		if (equal_strings(*element_key(f, b, j), key))
			return j;
	return b->n;
}

static bool equal_lists(const struct oci_field *f, const struct oci_list *a,
			const struct oci_list *b)
{
	bool map = f->kind == OCI_SMAP || f->kind == OCI_OMAP;

	if (a->n != b->n || (a->present || a->n) != (b->present || b->n))
		return false;
	for (size_t i = 0; i < a->n; i++) {
		size_t j = map ? find_key(f, b, *element_key(f, a, i), i) : i;

		if (j == b->n || !equal_elements(f, a, i, b, j))
			return false;
	}
	return true;
}

static bool equal_members(const struct oci_field *f, const void *a, const void *b)
{
	const void *p = member(f, a), *q = member(f, b);
	struct number m, n;

	if (is_list(f))
		return equal_lists(f, p, q);
	switch (f->kind) {
	case OCI_STR:
	case OCI_RAW:
		return equal_strings(*(const oci_pointer *)p, *(const oci_pointer *)q);
	case OCI_OBJ:
		p = *(const oci_pointer *)p;
		q = *(const oci_pointer *)q;
		return p && q ? equal_objects(f->type(), p, q) : p == q;
	case OCI_BOOL:
		return *(const bool *)p == *(const bool *)q;
	case OCI_BOOLO:
	case OCI_ENUM:
		return *(const oci_word_t *)p == *(const oci_word_t *)q;
	default:
		m = number_get(f, a);
		n = number_get(f, b);
		return m.set == n.set && (!m.set || m.u == n.u);
	}
}

/* Unknown keys count too, in any order. */
static bool equal_extra(const struct oci_extra *a, const struct oci_extra *b)
{
	static const struct oci_field as_map = { .kind = OCI_SMAP };
	struct oci_list x = { a->v, a->n, true }, y = { b->v, b->n, true };

	return equal_lists(&as_map, &x, &y);
}

static bool equal_objects(const struct oci_type *t, const void *a, const void *b)
{
	for (const struct oci_field *f = t->rows; f < t->rows + t->n; f++)
		if (!equal_members(f, a, b))
			return false;
	return equal_extra(extra_of(t, a), extra_of(t, b));
}

bool oci_equal(const struct oci_type *t, const void *a, const void *b)
{
	return equal_objects(t, a, b);
}
