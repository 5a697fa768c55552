/* SPDX-License-Identifier: Apache-2.0 */
/* How a struct oci_diag is filled: a JSON pointer that grows part by part, quoted data, and the
 * final text. Everything has a fixed size; what is too long ends in "...". */
#pragma once

#include <ocispec/ocispec.h>

#define DIAG_QUOTED 160

/* Append "/part" with JSON pointer escapes (~0 ~1); control characters become \n, \x1b ... */
void diag_pointer_key(char *pointer, size_t size, const char *part, size_t len);
void diag_pointer_index(char *pointer, size_t size, size_t index);

/* len bytes of s as "s" with quotes and escapes; gives buf. */
const char *diag_quote(char buf[DIAG_QUOTED], const char *s, size_t len);

/* "one of mount, pid" for a closed set of words. */
const char *diag_words(char *buf, size_t size, const struct oci_enum *e);

/* The text from what stands in d->pointer, d->line and d->col. Gives -1. */
int diag_say(struct oci_diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
