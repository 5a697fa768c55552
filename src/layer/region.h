/* SPDX-License-Identifier: Apache-2.0 */
/* A piece of an open file: a blob is a whole file in a layout, and a part of one in an archive.
 * Always read with pread, so one descriptor serves several regions and threads. */
#pragma once

#include "layer/digest.h"

struct region {
	int fd; /* borrowed */
	uint64_t at, size;
};

/* Exactly `len` bytes from `at` of the region; a short file is an error. `what` names it. */
int region_read(const struct region *r, const char *what, uint64_t at, void *into,
		size_t len) MUST_CHECK;
/* The whole region, r->size bytes and a NUL; refused when it is more than `max` bytes. */
int region_text(struct arena *a, const struct region *r, const char *what, size_t max,
		char **out) MUST_CHECK;
/* Hash all of it. */
int region_digest(const struct region *r, const char *what, enum digest_algo algo,
		  struct digest *out) MUST_CHECK;
/* Hash it and compare; the error names both digests. */
int region_verify(const struct region *r, const char *what, const struct digest *want) MUST_CHECK;
