/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON value into one member or element, by the kind of its row. Objects and lists only open a
 * frame here; what is in them comes with the next tokens. */
#include "decode.h"
#include "diag.h"

#include <stdio.h>
#include <string.h>

int decode_unexpected(struct decoder *d, const struct json_token *t, const char *expected)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",
		[JSON_OBJECT] = "an object",
		[JSON_LIST] = "a list",
	};
	char quoted[DIAG_QUOTED];

	if (t->kind == JSON_STRING)
		return decode_fail(d, t->start, "expected %s, found %s", expected,
				   diag_quote(quoted, t->text, t->len));
	if (t->kind == JSON_NUMBER)
		return decode_fail(d, t->start, "expected %s, found %.*s%s", expected,
				   (int)(t->len < 40 ? t->len : 40), t->text,
				   t->len < 40 ? "" : "...");
	if (t->kind == JSON_BOOL)
		return decode_fail(d, t->start, "expected %s, found %s", expected,
				   t->yes ? "true" : "false");
	return decode_fail(d, t->start, "expected %s, found %s", expected, names[t->kind]);
}

/* The text of a string or key, terminated; NULL when it is refused. */
char *decode_keep_text(struct decoder *d, const struct json_token *t)
{
	char *s;

	if (t->len > OCI_MAX_STRING) {
		decode_fail(d, t->start, "string of %zu bytes, at most %u are read", t->len,
			    OCI_MAX_STRING);
		return NULL;
	}
	if (memchr(t->text, '\0', t->len)) {
		decode_fail(d, t->start, "string contains a NUL character");
		return NULL;
	}
	if (t->in_place) {
		t->text[t->len] = '\0';
		return t->text;
	}
	s = arena_strndup(d->arena, t->text, t->len);
	if (!s)
		decode_no_memory(d);
	return s;
}

static int push_object(struct decoder *d, const struct json_token *t, const struct oci_type *type,
		       void *obj)
{
	return decode_push(d, t, (struct frame){ .shape = IN_OBJECT, .type = type, .at = obj });
}

static int push_list(struct decoder *d, const struct json_token *t, const struct oci_field *row,
		     void *at)
{
	bool map = row->kind == OCI_SMAP || row->kind == OCI_OMAP;

	if (t->kind != (map ? JSON_OBJECT : JSON_LIST))
		return decode_unexpected(d, t, map ? "an object" : "a list");
	((struct oci_list *)at)->present = true;
	return decode_push(d, t,
			   (struct frame){ .shape = map ? IN_MAP : IN_LIST, .row = row, .at = at });
}

int decode_document(struct decoder *d, const struct json_token *t)
{
	d->root = arena_alloc(d->arena, d->type->size);
	if (!d->root)
		return decode_no_memory(d);
	if (is_bare_list(d->type))
		return push_list(d, t, d->type->rows, member(d->type->rows, d->root));
	if (t->kind != JSON_OBJECT)
		return decode_unexpected(d, t, "an object");
	return push_object(d, t, d->type, d->root);
}

static int set_word(struct decoder *d, const struct oci_field *row, const struct json_token *t,
		    void *p)
{
	char words[256];

	for (size_t i = 0; t->kind == JSON_STRING && i < row->words->n; i++) {
		const struct oci_word *w = &row->words->words[i];

		if (strncmp(w->word, t->text, t->len) == 0 && !w->word[t->len]) {
			*(oci_word_t *)p = (unsigned int)w->value;
			return 0;
		}
	}
	return decode_unexpected(d, t, diag_words(words, sizeof(words), row->words));
}

static int parse_number(struct decoder *d, const struct oci_field *row, const struct json_token *t,
			struct number *out)
{
	struct range r = number_range(row);
	char expected[96];

	if (t->kind == JSON_NUMBER && number_parse(t->text, t->len, r, out))
		return 0;
	snprintf(expected, sizeof(expected), "an integer from %lld to %llu", (long long)r.min,
		 (unsigned long long)r.max);
	return decode_unexpected(d, t, expected);
}

static int set_string(struct decoder *d, const struct oci_field *row, const struct json_token *t,
		      void *p)
{
	char *s;

	if (t->kind != JSON_STRING)
		return decode_unexpected(d, t, "a string");
	if (row->kind == OCI_STR && row->flags & MIN1 && !t->len)
		return decode_unexpected(d, t, "a string that is not empty");
	s = decode_keep_text(d, t);
	*(oci_pointer *)p = s;
	return s ? 0 : -1;
}

static int begin_member_object(struct decoder *d, const struct oci_field *row,
			       const struct json_token *t, void *p)
{
	const struct oci_type *type = row->type();
	void *obj;

	if (t->kind != JSON_OBJECT)
		return decode_unexpected(d, t, "an object");
	obj = arena_alloc(d->arena, type->size);
	if (!obj)
		return decode_no_memory(d);
	*(oci_pointer *)p = obj;
	return push_object(d, t, type, obj);
}

int decode_member(struct decoder *d, const struct oci_field *row, const struct json_token *t,
		  void *obj)
{
	void *p = member(row, obj);
	struct number n;

	if (is_list(row))
		return push_list(d, t, row, p);
	switch (row->kind) {
	case OCI_STR:
		return set_string(d, row, t, p);
	case OCI_ENUM:
		return set_word(d, row, t, p);
	case OCI_OBJ:
		return begin_member_object(d, row, t, p);
	case OCI_RAW:
		return t->kind == JSON_OBJECT ? decode_begin_raw(d, t)
					      : decode_unexpected(d, t, "an object");
	case OCI_BOOL:
	case OCI_BOOLO:
		if (t->kind != JSON_BOOL)
			return decode_unexpected(d, t, "true or false");
		if (row->kind == OCI_BOOL)
			*(bool *)p = t->yes;
		else
			*(oci_word_t *)p = t->yes ? OCI_BOOL_TRUE : OCI_BOOL_FALSE;
		return 0;
	default:
		if (parse_number(d, row, t, &n) < 0)
			return -1;
		number_set(row, obj, &n);
		return 0;
	}
}

int decode_element(struct decoder *d, struct frame *f, const struct json_token *t)
{
	const struct oci_field *row = f->row;
	struct oci_list *l = f->at;
	struct number n;
	void *slot;

	f->index = l->n;
	f->inside = true;
	if (l->n == OCI_MAX_ELEMENTS)
		return decode_fail(d, t->start, "more than %u elements", OCI_MAX_ELEMENTS);
	slot = list_append(d->arena, l, &f->room, list_element_size(row));
	if (!slot)
		return decode_no_memory(d);
	if (f->shape == IN_MAP)
		*element_key(row, l, f->index) = f->key;
	switch (row->kind) {
	case OCI_STRS:
		return set_string(d, row, t, slot);
	case OCI_SMAP:
		return set_string(d, row, t, (char *)slot + offsetof(struct oci_pair, value));
	case OCI_U32S:
		if (parse_number(d, row, t, &n) < 0)
			return -1;
		*(uint32_t *)slot = (uint32_t)n.u;
		return 0;
	default:
		if (t->kind != JSON_OBJECT)
			return decode_unexpected(d, t, "an object");
		return push_object(d, t, row->type(), element(row, l, f->index));
	}
}
