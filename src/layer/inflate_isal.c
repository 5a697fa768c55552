/* SPDX-License-Identifier: Apache-2.0 */
/* ISA-L: twice zlib's speed. Its state is 87 KB, hence on the heap, and its lengths are 32 bits. */
#include "layer/inflate.h"

#include <isa-l/igzip_lib.h>

#include "base/cleanup.h"

struct inflate {
	struct inflate_state s;
};

struct inflate *inflate_new(void)
{
	struct inflate *s = malloc(sizeof(*s));
	if (!s)
		return NULL;
	isal_inflate_init(&s->s);
	s->s.crc_flag = ISAL_GZIP;
	return s;
}

void inflate_restart(struct inflate *s)
{
	isal_inflate_reset(&s->s);
	s->s.crc_flag = ISAL_GZIP;
}

void inflate_free(struct inflate *s)
{
	free(s);
}

static const char *reason(int code)
{
	switch (code) {
	case ISAL_INVALID_WRAPPER: return "the gzip header is wrong";
	case ISAL_UNSUPPORTED_METHOD: return "the gzip header names an unknown method";
	case ISAL_INCORRECT_CHECKSUM: return "the gzip checksum is wrong";
	default: return "the gzip data is broken";
	}
}

int inflate_run(struct inflate *s, struct buffer *b)
{
	uint32_t in = b->in_len < UINT32_MAX ? (uint32_t)b->in_len : UINT32_MAX;
	uint32_t out = b->out_len < UINT32_MAX ? (uint32_t)b->out_len : UINT32_MAX;
	s->s.next_in = (uint8_t *)(uintptr_t)b->in; /* it does not write there */
	s->s.avail_in = in;
	s->s.next_out = b->out;
	s->s.avail_out = out;
	int code = isal_inflate(&s->s);
	b->in += in - s->s.avail_in;
	b->in_len -= in - s->s.avail_in;
	b->out += out - s->s.avail_out;
	b->out_len -= out - s->s.avail_out;
	if (code < 0 || code == ISAL_NEED_DICT)
		return err_msg(ERR_CONFIG, "%s", reason(code));
	return s->s.block_state == ISAL_BLOCK_FINISH ? INFLATE_MEMBER_END : INFLATE_MORE;
}
