/* SPDX-License-Identifier: Apache-2.0 */
/* Structs -> JSON, row by row in the order of the table, then the unknown keys that were kept.
 * What is absent is not written: NULL and empty strings, unset numbers, zeros and false. REQ and
 * SHOWN rows are written always; a list that is `present` is written even when it is empty. */
#include "json.h"
#include "value.h"

#include <inttypes.h>
#include <stdio.h>

static void put_object(struct json_writer *w, const struct oci_type *t, const void *obj);

static void put_number(struct json_writer *w, const struct number *n)
{
	char text[32];

	if (n->is_signed)
		snprintf(text, sizeof(text), "%" PRId64, n->s);
	else
		snprintf(text, sizeof(text), "%" PRIu64, n->u);
	json_plain(w, text);
}

static bool is_plain_number(const struct oci_field *f)
{
	return f->kind >= OCI_U32 && f->kind <= OCI_I64;
}

static bool is_absent(const struct oci_field *f, const void *obj)
{
	const void *p = member(f, obj);
	const char *s;

	if (is_list(f))
		return !((const struct oci_list *)p)->present && !((const struct oci_list *)p)->n &&
		       !(f->flags & REQ);
	switch (f->kind) {
	case OCI_STR:
	case OCI_RAW:
		s = *(const oci_pointer *)p;
		return !s || (!*s && !(f->flags & REQ));
	case OCI_OBJ:
		return !*(const oci_pointer *)p;
	case OCI_BOOL:
		return !*(const bool *)p && !(f->flags & (REQ | SHOWN));
	case OCI_BOOLO:
		return *(const oci_word_t *)p == OCI_BOOL_ABSENT;
	case OCI_ENUM:
		return !oci_word(f->words, (int)*(const oci_word_t *)p);
	default:
		return !number_get(f, obj).set && !(is_plain_number(f) && f->flags & (REQ | SHOWN));
	}
}

static void put_element(struct json_writer *w, const struct oci_field *f, const struct oci_list *l,
			size_t i)
{
	struct number n = { .set = true };

	switch (f->kind) {
	case OCI_STRS:
		json_string(w, ((const char **)l->v)[i]);
		break;
	case OCI_SMAP:
		json_string(w, ((const struct oci_pair *)l->v)[i].value);
		break;
	case OCI_U32S:
		n.u = ((const uint32_t *)l->v)[i];
		put_number(w, &n);
		break;
	default:
		put_object(w, f->type(), element(f, l, i));
		break;
	}
}

static void put_list(struct json_writer *w, const struct oci_field *f, const struct oci_list *l)
{
	bool map = f->kind == OCI_SMAP || f->kind == OCI_OMAP;

	json_open(w, map ? '{' : '[');
	for (size_t i = 0; i < l->n; i++) {
		if (map)
			json_key(w, *element_key(f, l, i));
		else
			json_element(w);
		put_element(w, f, l, i);
	}
	json_close(w, map ? '}' : ']');
}

static void put_member(struct json_writer *w, const struct oci_field *f, const void *obj)
{
	const void *p = member(f, obj);
	struct number n;

	if (is_list(f)) {
		put_list(w, f, p);
		return;
	}
	switch (f->kind) {
	case OCI_STR:
		json_string(w, *(const oci_pointer *)p);
		break;
	case OCI_RAW:
		json_raw(w, *(const oci_pointer *)p);
		break;
	case OCI_OBJ:
		put_object(w, f->type(), *(const oci_pointer *)p);
		break;
	case OCI_BOOL:
		json_plain(w, *(const bool *)p ? "true" : "false");
		break;
	case OCI_BOOLO:
		json_plain(w, *(const oci_word_t *)p == OCI_BOOL_TRUE ? "true" : "false");
		break;
	case OCI_ENUM:
		json_string(w, oci_word(f->words, (int)*(const oci_word_t *)p));
		break;
	default:
		n = number_get(f, obj);
		put_number(w, &n);
		break;
	}
}

static void put_object(struct json_writer *w, const struct oci_type *t, const void *obj)
{
	const struct oci_extra *extra = extra_of(t, obj);

	if (is_bare_list(t)) {
		put_list(w, t->rows, member(t->rows, obj));
		return;
	}
	json_open(w, '{');
	for (const struct oci_field *f = t->rows; f < t->rows + t->n; f++) {
		if (is_absent(f, obj))
			continue;
		json_key(w, f->key);
		put_member(w, f, obj);
	}
	for (size_t i = 0; i < extra->n; i++) {
		json_key(w, extra->v[i].key);
		json_raw(w, extra->v[i].value);
	}
	json_close(w, '}');
}

char *oci_encode(struct arena *a, const struct oci_type *t, const void *obj, const char *indent,
		 size_t *len)
{
	struct json_writer w;

	json_begin(&w, a, indent);
	put_object(&w, t, obj);
	if (!w.buf)
		return NULL;
	w.buf[w.len] = '\0';
	if (len)
		*len = w.len;
	return w.buf;
}
