/* SPDX-License-Identifier: Apache-2.0 */
/* Where bytes go that are pushed: a file, a compressor in front of a file, a hasher on the way. */
#pragma once

#include "layer/codec.h"

struct sink {
	int (*write)(struct sink *s, const void *data, size_t len); /* all of it, or negative */
	/* Everything was written; flush what is held back. Called once; not after an error. */
	int (*finish)(struct sink *s);
	void (*close)(struct sink *s); /* frees what finish did not; may be NULL */
};

static inline int sink_write(struct sink *s, const void *data, size_t len)
{
	return s->write(s, data, len);
}
