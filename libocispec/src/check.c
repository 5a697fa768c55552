/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder's rules for a struct that was built in memory: required rows, words, minimums, ranges
 * and UTF-8. What passes here can be encoded and decoded again.
 * Surprise: a required number that is 0 passes, because a plain number cannot tell 0 from absent.
 */
#include "diag.h"
#include "json.h"
#include "value.h"

#include <stdio.h>
#include <string.h>

/* Where we are; the links lie on the stack of the walk. */
struct place {
	const struct place *up;
	const char *key; /* NULL: an index */
	size_t index;
};

static int check_object(struct oci_diag *d, const struct place *here, const struct oci_type *t,
			const void *obj);

static void build_pointer(const struct place *p, char *out, size_t size)
{
	if (!p)
		return;
	build_pointer(p->up, out, size);
	if (p->key && *p->key)
		diag_pointer_key(out, size, p->key, strlen(p->key));
	else if (!p->key)
		diag_pointer_index(out, size, p->index);
}

static int complain(struct oci_diag *d, const struct place *here, const char *what)
{
	*d = (struct oci_diag){ .line = 0 };
	build_pointer(here, d->pointer, sizeof(d->pointer));
	return diag_say(d, "%s", what);
}

static int check_string(struct oci_diag *d, const struct place *here, const char *s)
{
	size_t len;

	if (!s)
		return complain(d, here, "expected a string, found nothing");
	len = strlen(s);
	if (len > OCI_MAX_STRING)
		return complain(d, here, "string is too long");
	if (json_utf8_check(s, len) < len)
		return complain(d, here, "text is not valid UTF-8");
	return 0;
}

static int check_element(struct oci_diag *d, const struct place *here, const struct oci_field *f,
			 const struct oci_list *l)
{
	size_t i = here->index;

	switch (f->kind) {
	case OCI_STRS:
		return check_string(d, here, ((const char **)l->v)[i]);
	case OCI_SMAP:
		return check_string(d, here, ((const struct oci_pair *)l->v)[i].value);
	case OCI_U32S:
		return 0;
	default:
		return check_object(d, here, f->type(), element(f, l, i));
	}
}

static int check_list(struct oci_diag *d, const struct place *here, const struct oci_field *f,
		      const struct oci_list *l)
{
	bool map = f->kind == OCI_SMAP || f->kind == OCI_OMAP;

	if (f->flags & REQ && !l->present && !l->n && f->flags & MIN1)
		return complain(d, here, "this key is required");
	if (f->flags & MIN1 && l->present && !l->n)
		return complain(d, here, "expected at least one element, found an empty list");
	for (size_t i = 0; i < l->n; i++) {
		struct place next = { here, map ? *element_key(f, l, i) : NULL, i };

		if (map && check_string(d, here, next.key) < 0)
			return -1;
		if (check_element(d, &next, f, l) < 0)
			return -1;
	}
	return 0;
}

static int check_number(struct oci_diag *d, const struct place *here, const struct oci_field *f,
			const void *obj)
{
	struct number n = number_get(f, obj);
	struct range r = number_range(f);
	bool plain = f->kind <= OCI_I64;
	char text[128];

	if (!plain && !n.set)
		return f->flags & REQ ? complain(d, here, "this key is required") : 0;
	if (n.is_signed ? n.s >= r.min && (n.s < 0 || n.u <= r.max)
			: n.u <= r.max && (r.min <= 0 || n.u >= (uint64_t)r.min))
		return 0;
	snprintf(text, sizeof(text), "expected an integer from %lld to %llu", (long long)r.min,
		 (unsigned long long)r.max);
	return complain(d, here, text);
}

static int check_word(struct oci_diag *d, const struct place *here, const struct oci_field *f,
		      unsigned int value)
{
	char words[256], text[320];

	if (!value && !(f->flags & REQ))
		return 0;
	if (!value)
		return complain(d, here, "this key is required");
	if (oci_word(f->words, (int)value))
		return 0;
	snprintf(text, sizeof(text), "expected %s", diag_words(words, sizeof(words), f->words));
	return complain(d, here, text);
}

static int check_member(struct oci_diag *d, const struct place *here, const struct oci_field *f,
			const void *obj)
{
	const void *p = member(f, obj);
	const char *s;

	if (is_list(f))
		return check_list(d, here, f, p);
	if (is_number(f))
		return check_number(d, here, f, obj);
	if (f->kind == OCI_BOOL)
		return 0;
	if (f->kind == OCI_ENUM)
		return check_word(d, here, f, *(const oci_word_t *)p);
	if (f->kind == OCI_BOOLO)
		return *(const oci_word_t *)p == OCI_BOOL_ABSENT && f->flags & REQ
			       ? complain(d, here, "this key is required")
			       : 0;
	if (!*(const oci_pointer *)p)
		return f->flags & REQ ? complain(d, here, "this key is required") : 0;
	if (f->kind == OCI_OBJ)
		return check_object(d, here, f->type(), *(const oci_pointer *)p);
	s = *(const oci_pointer *)p;
	if (f->flags & MIN1 && !*s)
		return complain(d, here, "expected a string that is not empty");
	return check_string(d, here, s);
}

static int check_object(struct oci_diag *d, const struct place *here, const struct oci_type *t,
			const void *obj)
{
	for (const struct oci_field *f = t->rows; f < t->rows + t->n; f++) {
		struct place next = { here, f->key, 0 };

		if (check_member(d, &next, f, obj) < 0)
			return -1;
	}
	return 0;
}

int oci_check(const struct oci_type *t, const void *obj, struct oci_diag *diag)
{
	return check_object(diag, NULL, t, obj);
}
