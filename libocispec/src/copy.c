/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies: the bytes of a struct first, then everything a row or `extra` points to. */
#include "value.h"

static bool copy_object(struct arena *a, const struct oci_type *t, void *obj);

static bool copy_string(struct arena *a, oci_pointer *p)
{
	if (*p)
		*p = arena_strdup(a, *p);
	return *p;
}

static bool copy_pairs(struct arena *a, struct oci_pair *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!copy_string(a, (oci_pointer *)&v[i].key) ||
		    !copy_string(a, (oci_pointer *)&v[i].value))
			return false;
	return true;
}

static bool copy_list(struct arena *a, const struct oci_field *f, struct oci_list *l)
{
	if (!l->n)
		return true;
	l->v = arena_memdup(a, l->v, l->n * list_element_size(f));
	if (!l->v)
		return false;
	if (f->kind == OCI_SMAP)
		return copy_pairs(a, l->v, l->n);
	for (size_t i = 0; i < l->n; i++) {
		if (f->kind == OCI_STRS && !copy_string(a, (oci_pointer *)l->v + i))
			return false;
		if (f->kind == OCI_OMAP && !copy_string(a, (oci_pointer *)element_key(f, l, i)))
			return false;
		if (f->type && !copy_object(a, f->type(), element(f, l, i)))
			return false;
	}
	return true;
}

static bool copy_member(struct arena *a, const struct oci_field *f, void *obj)
{
	oci_pointer *p = member(f, obj);

	if (is_list(f))
		return copy_list(a, f, member(f, obj));
	if (f->kind == OCI_STR || f->kind == OCI_RAW)
		return !*p || copy_string(a, p);
	if (f->kind != OCI_OBJ || !*p)
		return true;
	*p = arena_memdup(a, *p, f->type()->size);
	return *p && copy_object(a, f->type(), *p);
}

/* obj already is a copy of the bytes. */
static bool copy_object(struct arena *a, const struct oci_type *t, void *obj)
{
	struct oci_extra *extra = extra_of(t, obj);

	for (const struct oci_field *f = t->rows; f < t->rows + t->n; f++)
		if (!copy_member(a, f, obj))
			return false;
	if (!extra->n)
		return true;
	extra->v = arena_memdup(a, extra->v, extra->n * sizeof(*extra->v));
	return extra->v && copy_pairs(a, extra->v, extra->n);
}

void *oci_copy(struct arena *a, const struct oci_type *t, const void *obj)
{
	void *copy = arena_memdup(a, obj, t->size);

	return copy && copy_object(a, t, copy) ? copy : NULL;
}
