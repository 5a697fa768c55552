/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of libocispec: one engine for every OCI document, driven by the tables in spec/.
 * The library keeps no state and prints nothing; what is wrong goes to the caller's oci_diag. */
#pragma once

#include <ocispec/arena.h>
#include <ocispec/values.h>

struct oci_type; /* a document or object description: see runtime.h, image.h */

enum oci_decode_flags {
	OCI_KEEP_UNKNOWN = 1 << 0, /* keep unknown keys (raw) so that oci_encode writes them back */
	OCI_STRICT = 1 << 1,       /* an unknown key is an error */
};

/* Parse `len` bytes of JSON as one `t`. The text is copied into `a`; nothing points into `json`.
 * Gives: a pointer to the struct that belongs to `t`, or NULL with *diag filled. */
void *oci_decode(struct arena *a, const struct oci_type *t, const char *json, size_t len,
		 unsigned flags, struct oci_diag *diag);

/* Write `obj` as JSON. indent: NULL for one compact line, else the text of one level ("\t", "  ").
 * No trailing newline. Gives: text in `a` with *len, or NULL when out of memory. */
char *oci_encode(struct arena *a, const struct oci_type *t, const void *obj, const char *indent,
		 size_t *len);

/* Check a struct built in memory against the same rows (required keys, closed words, minimums).
 * 0, or -1 with *diag filled. */
int oci_check(const struct oci_type *t, const void *obj, struct oci_diag *diag);

/* A deep copy in `a`, including kept unknown keys; NULL when out of memory. */
void *oci_copy(struct arena *a, const struct oci_type *t, const void *obj);
/* As a reader sees it: no string equals an empty one, maps have no order, 0 and absent differ. */
bool oci_equal(const struct oci_type *t, const void *a, const void *b);

/* Called once per key of `json` that the tables of `t` do not know; pointer is a JSON pointer. */
typedef void oci_unknown_fn(void *ctx, const char *pointer);
/* 0, or -1 with *diag filled when the document does not parse at all. */
int oci_list_unknown(const struct oci_type *t, const char *json, size_t len, oci_unknown_fn *fn,
		     void *ctx, struct oci_diag *diag);

/* Closed word sets. */
struct oci_word { const char *word; int value; };
struct oci_enum { const char *name; const struct oci_word *words; size_t n; };
const char *oci_word(const struct oci_enum *e, int value);          /* NULL when there is none */
int oci_word_value(const struct oci_enum *e, const char *word);     /* 0 when there is none */
