/* SPDX-License-Identifier: Apache-2.0 */
/* zstd frames one after the other, skippable ones among them (zstd:chunked keeps its index there).
 * The window is capped, because the frame's writer chooses how much memory we need. */
#include <zstd.h>
#include <zstd_errors.h>

#include "base/cleanup.h"
#include "layer/codec_ops.h"

enum { MAX_FRAMES = 1000000 };

struct unzstd {
	ZSTD_DCtx *ctx;
	bool inside;
	unsigned frames;
};

static void *make(void)
{
	struct unzstd *z = calloc(1, sizeof(*z));
	if (z)
		z->ctx = ZSTD_createDCtx();
	if (z && z->ctx) {
		ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
		return z;
	}
	free(z);
	return NULL;
}

static void unzstd_free(void *state)
{
	struct unzstd *z = state;
	ZSTD_freeDCtx(z->ctx);
	free(z);
}

static int too_large(void)
{
	int r = err_msg(ERR_UNSUPPORTED, "the zstd data needs a window of more than %u MiB",
			(1u << ZSTD_WINDOW_LOG) >> 20);
	err_hint("compress it with a level below 21 and without --long");
	return r;
}

static int step(void *state, struct buffer *b)
{
	struct unzstd *z = state;
	ZSTD_inBuffer in = { b->in, b->in_len, 0 };
	ZSTD_outBuffer out = { b->out, b->out_len, 0 };
	size_t r = ZSTD_decompressStream(z->ctx, &out, &in);
	b->in += in.pos;
	b->in_len -= in.pos;
	b->out += out.pos;
	b->out_len -= out.pos;
	if (ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge)
		return too_large();
	if (ZSTD_isError(r))
		return err_msg(ERR_CONFIG, "the zstd data is broken (%s)", ZSTD_getErrorName(r));
	if (in.pos > 0 || out.pos > 0)
		z->inside = true;
	if (r == 0 && z->inside) {
		z->inside = false;
		if (++z->frames > MAX_FRAMES)
			return err_msg(ERR_CONFIG, "more than %d zstd frames", MAX_FRAMES);
	}
	return 0;
}

static bool at_end(const void *state)
{
	const struct unzstd *z = state;
	return z->frames > 0 && !z->inside;
}

const struct codec_ops unzstd_ops = { make, step, at_end, unzstd_free };
