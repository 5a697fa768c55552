/* SPDX-License-Identifier: Apache-2.0 */
/* zlib, where there is no ISA-L. */
#include "layer/inflate.h"

#include <zlib.h>

#include "base/cleanup.h"

enum { GZIP_WINDOW = 15 + 16 }; /* 32 KiB, and a gzip header is wanted */

struct inflate {
	z_stream s;
};

struct inflate *inflate_new(void)
{
	struct inflate *s = calloc(1, sizeof(*s));
	if (s && inflateInit2(&s->s, GZIP_WINDOW) != Z_OK) {
		free(s);
		return NULL;
	}
	return s;
}

void inflate_restart(struct inflate *s)
{
	inflateReset(&s->s);
}

void inflate_free(struct inflate *s)
{
	if (s)
		inflateEnd(&s->s);
	free(s);
}

int inflate_run(struct inflate *s, struct buffer *b)
{
	uInt in = b->in_len < UINT32_MAX ? (uInt)b->in_len : UINT32_MAX;
	uInt out = b->out_len < UINT32_MAX ? (uInt)b->out_len : UINT32_MAX;
	s->s.next_in = (Bytef *)(uintptr_t)b->in; /* it does not write there */
	s->s.avail_in = in;
	s->s.next_out = b->out;
	s->s.avail_out = out;
	int code = inflate(&s->s, Z_NO_FLUSH);
	b->in += in - s->s.avail_in;
	b->in_len -= in - s->s.avail_in;
	b->out += out - s->s.avail_out;
	b->out_len -= out - s->s.avail_out;
	if (code == Z_STREAM_END)
		return INFLATE_MEMBER_END;
	if (code == Z_MEM_ERROR)
		return err_sysno(ENOMEM, "inflate");
	if (code != Z_OK && code != Z_BUF_ERROR)
		return err_msg(ERR_CONFIG, "the gzip data is broken (%s)",
			       s->s.msg ? s->s.msg : "no dictionary");
	return INFLATE_MORE;
}
