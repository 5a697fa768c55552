/* SPDX-License-Identifier: Apache-2.0 */
/* Private to decode.c (where we are: frames, keys, brackets) and decode_value.c (what stands there:
 * one value into one member). A frame is one open bracket. */
#pragma once

#include "json.h"
#include "value.h"

struct frame {
	enum { IN_OBJECT, IN_LIST, IN_MAP } shape;
	const struct oci_type *type; /* IN_OBJECT */
	const struct oci_field
		*row;            /* IN_OBJECT: of the current key, NULL unknown; else our own row */
	void *at;                /* the struct, or its list member */
	uint64_t seen, given;    /* rows whose key stood there; whose value was not null */
	size_t start;            /* of the bracket */
	size_t room, extra_room; /* elements allocated */
	size_t index;            /* IN_LIST: the current element */
	bool inside;             /* IN_LIST: there is a current element */
	const char *key;         /* the current key */
	struct oci_list keys;    /* all keys of a map, the unknown keys of an object */
	size_t keys_room;
};

struct decoder {
	struct arena *arena;
	const struct oci_type *type;
	unsigned flags;
	oci_unknown_fn *on_unknown;
	void *ctx;
	struct oci_diag *diag;
	char *text;
	size_t len;
	void *root;
	unsigned skip;    /* open brackets of a value that is kept raw or not at all */
	size_t raw_start; /* where it began */
	unsigned depth;
	struct frame frames[OCI_MAX_DEPTH];
};

/* decode.c. All give -1 after filling the diag. */
int decode_fail(struct decoder *d, size_t at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int decode_no_memory(struct decoder *d);
int decode_push(struct decoder *d, const struct json_token *t, struct frame f);
int decode_begin_raw(struct decoder *d, const struct json_token *t);

/* decode_value.c */
int decode_unexpected(struct decoder *d, const struct json_token *t, const char *expected);
char *decode_keep_text(struct decoder *d, const struct json_token *t);
int decode_document(struct decoder *d, const struct json_token *t);
int decode_member(struct decoder *d, const struct oci_field *row, const struct json_token *t,
		  void *obj);
int decode_element(struct decoder *d, struct frame *f, const struct json_token *t);
