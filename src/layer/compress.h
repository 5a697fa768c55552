/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that compresses into another sink, on as many threads as there are processors. gzip: one
 * member per MiB (RFC 1952 2.2), so the result does not depend on how many threads there were. */
#pragma once

#include "layer/sink.h"

/* level 0 = the default of the codec. CODEC_PLAIN hands through. finish() finishes `to` as well. */
int compress_open(struct arena *a, enum codec c, int level, struct sink *to,
		  struct sink **out) MUST_CHECK;
/* Passes everything on and gives its digest and length at finish. */
struct sink *sink_hashing(struct arena *a, struct sink *to, enum digest_algo algo,
			  struct digest *digest, uint64_t *len);
/* Plain writes to a descriptor, which stays the caller's. `what` names it in errors. */
struct sink *sink_fd(struct arena *a, int fd, const char *what);
