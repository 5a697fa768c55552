/* SPDX-License-Identifier: Apache-2.0 */
/* zstd by its own threads, whose number does not change what comes out. */
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "layer/compress_ways.h"

enum { ZSTD_LEVEL = 3, FIRST_BIG_LEVEL = 21 /* whose window would be too large to read */ };

struct zstd_sink {
	struct sink sink;
	struct sink *to;
	ZSTD_CCtx *c;
	uint8_t *out;
	size_t out_cap;
};

static int zstd_run(struct zstd_sink *s, ZSTD_inBuffer *in, ZSTD_EndDirective how)
{
	size_t left;
	do {
		ZSTD_outBuffer out = { s->out, s->out_cap, 0 };
		left = ZSTD_compressStream2(s->c, &out, in, how);
		if (ZSTD_isError(left))
			return err_msg(ERR_BUG, "zstd: %s", ZSTD_getErrorName(left));
		if (out.pos > 0)
			TRY(sink_write(s->to, s->out, out.pos));
	} while (how == ZSTD_e_end ? left > 0 : in->pos < in->size);
	return 0;
}

static int zstd_write(struct sink *sink, const void *data, size_t len)
{
	ZSTD_inBuffer in = { data, len, 0 };
	return zstd_run((struct zstd_sink *)sink, &in, ZSTD_e_continue);
}

static int zstd_finish(struct sink *sink)
{
	struct zstd_sink *s = (struct zstd_sink *)sink;
	ZSTD_inBuffer in = { NULL, 0, 0 };
	TRY(zstd_run(s, &in, ZSTD_e_end));
	return s->to->finish(s->to);
}

static void zstd_close(struct sink *sink)
{
	struct zstd_sink *s = (struct zstd_sink *)sink;
	ZSTD_freeCCtx(s->c);
	free(s->out);
	s->c = NULL;
	s->out = NULL;
	if (s->to->close)
		s->to->close(s->to);
}

int compress_open_zstd(struct arena *a, int level, struct sink *to, struct sink **out)
{
	struct zstd_sink *s = arena_alloc(a, sizeof(*s));
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	*s = (struct zstd_sink){ { zstd_write, zstd_finish, zstd_close }, to, ZSTD_createCCtx(),
				 malloc(ZSTD_CStreamOutSize()), ZSTD_CStreamOutSize() };
	if (!s->c || !s->out)
		return err_sysno(ENOMEM, "compress with zstd");
	ZSTD_CCtx_setParameter(s->c, ZSTD_c_compressionLevel, level ? level : ZSTD_LEVEL);
	if (level >= FIRST_BIG_LEVEL)
		ZSTD_CCtx_setParameter(s->c, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
	ZSTD_CCtx_setParameter(s->c, ZSTD_c_checksumFlag, 1);
	/* at least one worker: without any the frames would be cut otherwise */
	ZSTD_CCtx_setParameter(s->c, ZSTD_c_nbWorkers, n > 1 ? (int)n : 1);
	*out = &s->sink;
	return 0;
}
