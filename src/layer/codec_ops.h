/* SPDX-License-Identifier: Apache-2.0 */
/* What codec.c chooses from: the steps of one compression. */
#pragma once

#include "layer/codec.h"

struct codec_ops {
	void *(*make)(void); /* NULL: out of memory */
	/* Consume and produce what it can; what cannot go on simply makes no progress. */
	int (*step)(void *state, struct buffer *b);
	bool (*at_end)(const void *state); /* could the stream end here? */
	void (*free)(void *state);
};

extern const struct codec_ops gunzip_ops, unzstd_ops;
