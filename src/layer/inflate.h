/* SPDX-License-Identifier: Apache-2.0 */
/* One gzip member to plain bytes: the same contract for ISA-L (inflate_isal.c) and zlib
 * (inflate_zlib.c); the build takes one of them. Header, CRC and length are checked. */
#pragma once

#include "layer/codec.h"

enum { INFLATE_MORE = 0, INFLATE_MEMBER_END = 1 };

struct inflate;
struct inflate *inflate_new(void); /* NULL: out of memory */
/* Consumes and produces what it can. At INFLATE_MEMBER_END in points behind the member. */
int inflate_run(struct inflate *s, struct buffer *b) MUST_CHECK;
void inflate_restart(struct inflate *s); /* for the next member */
void inflate_free(struct inflate *s);
