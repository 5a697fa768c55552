/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by libdeflate, a member per MiB. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "layer/compress_ways.h"

enum { MEMBER = 1 << 20, GZIP_LEVEL = 6 };

struct gzip_sink {
	struct sink sink;
	struct sink *to;
	struct libdeflate_compressor *c;
	uint8_t *in, *out;
	size_t len, out_cap;
	bool any;
};

static int gzip_flush(struct gzip_sink *s)
{
	size_t n = libdeflate_gzip_compress(s->c, s->in, s->len, s->out, s->out_cap);
	if (n == 0)
		return err_msg(ERR_BUG, "a gzip member did not fit");
	s->len = 0;
	s->any = true;
	return sink_write(s->to, s->out, n);
}

static int gzip_write(struct sink *sink, const void *data, size_t len)
{
	struct gzip_sink *s = (struct gzip_sink *)sink;
	const uint8_t *p = data;
	while (len > 0) {
		size_t n = len < MEMBER - s->len ? len : MEMBER - s->len;
		memcpy(s->in + s->len, p, n);
		s->len += n;
		p += n;
		len -= n;
		if (s->len == MEMBER)
			TRY(gzip_flush(s));
	}
	return 0;
}

static int gzip_finish(struct sink *sink)
{
	struct gzip_sink *s = (struct gzip_sink *)sink;
	if (s->len > 0 || !s->any)
		TRY(gzip_flush(s));
	return s->to->finish(s->to);
}

static void gzip_close(struct sink *sink)
{
	struct gzip_sink *s = (struct gzip_sink *)sink;
	libdeflate_free_compressor(s->c);
	free(s->in);
	free(s->out);
	s->c = NULL;
	s->in = s->out = NULL;
	if (s->to->close)
		s->to->close(s->to);
}

int compress_open_gzip(struct arena *a, int level, struct sink *to, struct sink **out)
{
	struct gzip_sink *s = arena_alloc(a, sizeof(*s));
	*s = (struct gzip_sink){ .sink = { gzip_write, gzip_finish, gzip_close }, .to = to };
	s->c = libdeflate_alloc_compressor(level ? level : GZIP_LEVEL);
	s->out_cap = s->c ? libdeflate_gzip_compress_bound(s->c, MEMBER) : 0;
	s->in = malloc(MEMBER);
	s->out = malloc(s->out_cap);
	if (!s->c || !s->in || !s->out)
		return err_sysno(ENOMEM, "compress with gzip");
	*out = &s->sink;
	return 0;
}
