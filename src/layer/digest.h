/* SPDX-License-Identifier: Apache-2.0 */
/* "sha256:<64 hex>" and the hashing behind it (image-spec descriptor.md, Digests). Two algorithms
 * are known, sha256 and sha512; a digest of another one cannot be checked and is therefore refused.
 * The only file that knows libcrypto is digest.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ocispec/arena.h>

#include "base/err.h"

enum digest_algo { DIGEST_SHA256, DIGEST_SHA512 };

#define DIGEST_MAX 64           /* bytes */
#define DIGEST_TEXT_MAX (7 + 128 + 1) /* "sha512:" hex NUL */

struct digest {
	enum digest_algo algo;
	uint8_t bytes[DIGEST_MAX]; /* the rest beyond the algorithm's length is 0 */
};

/* Exact: known algorithm, right length, lower-case hex. `what` names the thing in the error. */
int digest_parse(const char *what, const char *text, struct digest *out) MUST_CHECK;
/* "sha256:..." into out; returns out. */
char *digest_format(const struct digest *d, char out[DIGEST_TEXT_MAX]);
const char *digest_text(struct arena *a, const struct digest *d);
const char *digest_hex(struct arena *a, const struct digest *d);      /* without the algorithm */
const char *digest_algo_name(enum digest_algo algo);                  /* "sha256" */
bool digest_equal(const struct digest *a, const struct digest *b);
/* The digest of a buffer. */
void digest_of(enum digest_algo algo, const void *data, size_t len, struct digest *out);

/* Streaming. A hasher belongs to one thread at a time; out of memory ends the program. */
struct hasher;
struct hasher *hasher_new(enum digest_algo algo);
void hasher_add(struct hasher *h, const void *data, size_t len);
/* The digest of all that was added; the hasher starts anew. */
void hasher_end(struct hasher *h, struct digest *out);
void hasher_free(struct hasher *h); /* NULL is fine */
