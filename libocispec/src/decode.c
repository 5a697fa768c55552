/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens -> structs, in one pass. A stack of frames says where we are: in an object, in a list or
 * in a map. A key looks up its row, a value is stored by the row's kind (decode_value.c), a closing
 * bracket checks what must have been there. The stack is also the JSON pointer of every error.
 * Surprise: strings stay in the copy of the text that the decoder made; only their closing quote
 * becomes a NUL (json.h). That is why values nobody keeps are left untouched while skipped. */
#include "decode.h"
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct frame *top(struct decoder *d)
{
	return &d->frames[d->depth - 1];
}

static void build_pointer(const struct decoder *d, char *out, size_t size)
{
	out[0] = '\0';
	for (unsigned i = 0; i < d->depth; i++) {
		const struct frame *f = &d->frames[i];

		if (f->shape == IN_LIST && f->inside)
			diag_pointer_index(out, size, f->index);
		if (f->shape != IN_LIST && f->key)
			diag_pointer_key(out, size, f->key, strlen(f->key));
	}
}

int decode_fail(struct decoder *d, size_t at, const char *fmt, ...)
{
	struct oci_diag *diag = d->diag;
	char what[sizeof(diag->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	build_pointer(d, diag->pointer, sizeof(diag->pointer));
	diag->line = diag->col = 1;
	for (size_t i = 0; i < at && i < d->len; i++) {
		if (d->text[i] == '\n') {
			diag->line++;
			diag->col = 1;
		} else if (((unsigned char)d->text[i] & 0xc0) != 0x80) {
			diag->col++; /* characters, not bytes */
		}
	}
	return diag_say(diag, "%s", what);
}

int decode_no_memory(struct decoder *d)
{
	return decode_fail(d, 0, "out of memory");
}

int decode_push(struct decoder *d, const struct json_token *t, struct frame f)
{
	if (d->depth == OCI_MAX_DEPTH)
		return decode_fail(d, t->start, "nested deeper than %u levels", OCI_MAX_DEPTH);
	f.start = t->start;
	d->frames[d->depth++] = f;
	return 0;
}

/* json[0..len) without the white space between tokens. */
static char *compact(struct decoder *d, const char *json, size_t len)
{
	char *out = arena_alloc(d->arena, len + 1), *w = out;
	bool in_string = false;

	for (size_t i = 0; out && i < len; i++) {
		char c = json[i];

		if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		if (c == '"')
			in_string = !in_string;
		*w++ = c;
		if (in_string && c == '\\')
			*w++ = json[++i];
	}
	return out;
}

/* A value without a row, or of kind RAW, has ended. */
static int end_raw(struct decoder *d, size_t end)
{
	struct frame *f = top(d);
	struct oci_pair *pair;
	char *json;

	if (!f->row && !(d->flags & OCI_KEEP_UNKNOWN))
		return 0;
	json = compact(d, d->text + d->raw_start, end - d->raw_start);
	if (!json)
		return decode_no_memory(d);
	if (f->row) {
		*(oci_pointer *)member(f->row, f->at) = json;
		return 0;
	}
	pair = list_append(d->arena, (struct oci_list *)extra_of(f->type, f->at), &f->extra_room,
			   sizeof(*pair));
	if (!pair)
		return decode_no_memory(d);
	*pair = (struct oci_pair){ f->key, json };
	return 0;
}

int decode_begin_raw(struct decoder *d, const struct json_token *t)
{
	d->raw_start = t->start;
	if (t->kind != JSON_OBJECT && t->kind != JSON_LIST)
		return end_raw(d, t->end);
	if (d->depth == OCI_MAX_DEPTH)
		return decode_fail(d, t->start, "nested deeper than %u levels", OCI_MAX_DEPTH);
	d->skip = 1;
	return 0;
}

static int in_raw(struct decoder *d, const struct json_token *t)
{
	if (t->kind == JSON_OBJECT || t->kind == JSON_LIST) {
		if (d->depth + d->skip == OCI_MAX_DEPTH)
			return decode_fail(d, t->start, "nested deeper than %u levels",
					   OCI_MAX_DEPTH);
		d->skip++;
	} else if (t->kind == JSON_OBJECT_END || t->kind == JSON_LIST_END) {
		d->skip--;
		if (!d->skip)
			return end_raw(d, t->end);
	}
	return 0;
}

static int on_value(struct decoder *d, const struct json_token *t)
{
	struct frame *f;

	if (!d->depth)
		return decode_document(d, t);
	f = top(d);
	if (f->shape == IN_OBJECT && !f->row)
		return decode_begin_raw(d, t);
	if (t->kind == JSON_NULL && f->shape != IN_LIST)
		return 0; /* null is the same as no key */
	if (f->shape != IN_OBJECT)
		return decode_element(d, f, t);
	f->given |= UINT64_C(1) << (f->row - f->type->rows);
	return decode_member(d, f->row, t, f->at);
}

/* The key is not in the table of the object, or it is the name of an entry of a map. */
static int add_free_key(struct decoder *d, struct frame *f, const struct json_token *t)
{
	const char **slot;
	char pointer[sizeof(d->diag->pointer)];

	if (f->keys.n == OCI_MAX_ELEMENTS)
		return decode_fail(d, t->start, "more than %u keys", OCI_MAX_ELEMENTS);
	slot = list_append(d->arena, &f->keys, &f->keys_room, sizeof(*slot));
	if (!slot)
		return decode_no_memory(d);
	*slot = f->key;
	if (f->shape == IN_MAP)
		return 0;
	if (d->flags & OCI_STRICT)
		return decode_fail(d, t->start, "unknown key");
	if (d->on_unknown) {
		build_pointer(d, pointer, sizeof(pointer));
		d->on_unknown(d->ctx, pointer);
	}
	return 0;
}

/* Documents tend to have their keys in the order of the table or near it, so look onwards from the
 * last hit. */
static const struct oci_field *find_row(const struct oci_type *t, const struct oci_field *last,
					const char *key, size_t len)
{
	size_t i = last ? (size_t)(last - t->rows) + 1 : 0;

	for (size_t tried = 0; tried < t->n; tried++, i++) {
		const struct oci_field *row = &t->rows[i < t->n ? i : i - t->n];

		if (row->key_len == len && memcmp(row->key, key, len) == 0)
			return row;
	}
	return NULL;
}

static int on_key(struct decoder *d, const struct json_token *t)
{
	struct frame *f = top(d);
	uint64_t bit;

	f->key = NULL;
	f->key = decode_keep_text(d, t);
	if (!f->key)
		return -1;
	if (f->shape == IN_MAP)
		return add_free_key(d, f, t);
	f->row = find_row(f->type, f->row, t->text, t->len);
	if (!f->row)
		return add_free_key(d, f, t);
	bit = UINT64_C(1) << (f->row - f->type->rows);
	if (f->seen & bit)
		return decode_fail(d, t->start, "this key stands twice");
	f->seen |= bit;
	return 0;
}

static int end_object(struct decoder *d)
{
	struct frame *f = top(d);
	const char *twice = list_duplicate(d->arena, &f->keys);

	f->key = twice;
	if (twice)
		return decode_fail(d,
				   twice > d->text && twice < d->text + d->len
					   ? (size_t)(twice - d->text) - 1
					   : f->start,
				   "this key stands twice");
	for (size_t i = 0; f->shape == IN_OBJECT && i < f->type->n; i++) {
		if (!(f->type->rows[i].flags & REQ) || f->given >> i & 1)
			continue;
		f->key = f->type->rows[i].key;
		return decode_fail(d, f->start, "this key is required");
	}
	d->depth--;
	return 0;
}

static int end_list(struct decoder *d)
{
	struct frame *f = top(d);

	f->inside = false;
	if (f->row->flags & MIN1 && !((struct oci_list *)f->at)->n)
		return decode_fail(d, f->start,
				   "expected at least one element, found an empty list");
	d->depth--;
	return 0;
}

static int on_token(void *ctx, const struct json_token *t)
{
	struct decoder *d = ctx;

	if (d->skip)
		return in_raw(d, t);
	switch (t->kind) {
	case JSON_KEY:
		return on_key(d, t);
	case JSON_OBJECT_END:
		return end_object(d);
	case JSON_LIST_END:
		return end_list(d);
	default:
		return on_value(d, t);
	}
}

/* 0 with d->root, or -1 with the diag filled. */
static int decode(struct decoder *d, const char *json, size_t len)
{
	struct json_fault fault;

	*d->diag = (struct oci_diag){ .line = 0 };
	if (len > OCI_MAX_DOCUMENT)
		return diag_say(d->diag, "document of %zu bytes, at most %u are read", len,
				OCI_MAX_DOCUMENT);
	d->text = arena_memdup(d->arena, json, len);
	if (!d->text)
		return diag_say(d->diag, "out of memory");
	d->len = len;
	switch (json_parse(d->text, len, on_token, d, &fault)) {
	case 0:
		return 0;
	case JSON_STOPPED:
		return -1;
	default:
		return decode_fail(d, fault.at, "%s", fault.text);
	}
}

void *oci_decode(struct arena *a, const struct oci_type *t, const char *json, size_t len,
		 unsigned flags, struct oci_diag *diag)
{
	struct decoder d = { .arena = a, .type = t, .flags = flags, .diag = diag };

	return decode(&d, json, len) < 0 ? NULL : d.root;
}

int oci_list_unknown(const struct oci_type *t, const char *json, size_t len, oci_unknown_fn *fn,
		     void *ctx, struct oci_diag *diag)
{
	struct arena *a = arena_new();
	struct decoder d = { .arena = a, .type = t, .diag = diag, .on_unknown = fn, .ctx = ctx };
	int r;

	if (!a) {
		*diag = (struct oci_diag){ .line = 0 };
		return diag_say(diag, "out of memory");
	}
	r = decode(&d, json, len);
	arena_free(a);
	return r < 0 ? -1 : 0;
}
