/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are pulled piece by piece, whoever makes them: a decoder in the same thread
 * (feed_open), or the ring of the unpacking pipeline. */
#pragma once

#include "layer/codec.h"

struct feed {
	/* The next piece, valid until the next call. 1 = there is one (never empty), 0 = the end,
	 * negative = the error slot is filled. */
	int (*next)(struct feed *f, const uint8_t **data, size_t *n);
	/* Leave out up to n bytes that nobody wants; how many were, 0 = it cannot. May be NULL. */
	uint64_t (*skip)(struct feed *f, uint64_t n);
	void (*close)(struct feed *f); /* may be NULL */
};

/* Read and decode `r` in this thread. */
int feed_open(struct arena *a, const struct region *r, enum codec c, const char *what,
	      struct feed **out) MUST_CHECK;
/* Before the first next() of a feed of feed_open: *out gets the digest of the plain bytes once
 * next() has given 0. */
void feed_want_digest(struct feed *f, enum digest_algo algo, struct digest *out);
/* Plain bytes in memory. */
struct feed *feed_memory(struct arena *a, const void *data, size_t len);
void feed_close(struct feed *f); /* NULL is fine */
