/* SPDX-License-Identifier: Apache-2.0 */
/* Members seen through their row. The engine does not know the struct, only offset and kind; these
 * are the few shapes behind all of them. may_alias, because the same bytes have another type in the
 * code that reads the struct. */
#pragma once

#include <ocispec/desc.h>

/* What every list and map has in common. */
struct oci_list {
	void *v;
	size_t n;
	bool present;
} __attribute__((may_alias));

typedef void *__attribute__((may_alias)) oci_pointer;       /* STR, RAW, OBJ */
typedef unsigned int __attribute__((may_alias)) oci_word_t; /* ENUM, BOOLO */

/* The number behind a row, whatever its width. */
struct number {
	bool is_signed, set;
	int64_t s;
	uint64_t u;
};

/* Smallest and largest value a row takes. */
struct range {
	int64_t min;
	uint64_t max;
};

static inline void *member(const struct oci_field *f, const void *obj)
{
	return (char *)(uintptr_t)obj + f->at;
}

static inline struct oci_extra *extra_of(const struct oci_type *t, const void *obj)
{
	return (struct oci_extra *)((char *)(uintptr_t)obj + t->extra_at);
}

/* The object behind element i of an OBJS or OMAP. */
static inline void *element(const struct oci_field *f, const struct oci_list *l, size_t i)
{
	return (char *)l->v + i * f->size + (f->kind == OCI_OMAP ? f->value_at : 0);
}

/* The key of element i of an OMAP or SMAP: both begin with it. */
static inline const char **element_key(const struct oci_field *f, const struct oci_list *l,
				       size_t i)
{
	size_t size = f->kind == OCI_OMAP ? f->size : sizeof(struct oci_pair);

	return (const char **)((char *)l->v + i * size);
}

static inline bool is_list(const struct oci_field *f)
{
	return f->kind >= OCI_STRS;
}

static inline bool is_number(const struct oci_field *f)
{
	return f->kind >= OCI_U32 && f->kind <= OCI_I64O;
}

/* The document is a bare list: its only row has no key. */
static inline bool is_bare_list(const struct oci_type *t)
{
	return t->n == 1 && t->rows[0].key_len == 0;
}

/* scalar.c */
struct range number_range(const struct oci_field *f);
struct number number_get(const struct oci_field *f, const void *obj);
bool number_parse(const char *text, size_t len, struct range r, struct number *out);
void number_set(const struct oci_field *f, void *obj, const struct number *n);

/* list.c: the next element, zeroed; *room is how many fit. NULL when out of memory. */
void *list_append(struct arena *a, struct oci_list *l, size_t *room, size_t size);
size_t list_element_size(const struct oci_field *f);
/* A key that stands twice, the later one of the two; NULL when all differ. */
const char *list_duplicate(struct arena *a, const struct oci_list *keys);
