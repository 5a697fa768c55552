/* SPDX-License-Identifier: Apache-2.0 */
/* The choice of a compressor. */
#include "layer/compress_ways.h"

int compress_open(struct arena *a, enum codec c, int level, struct sink *to, struct sink **out)
{
	*out = to;
	switch (c) {
	case CODEC_GZIP: return compress_open_gzip(a, level, to, out);
	case CODEC_ZSTD: return compress_open_zstd(a, level, to, out);
	case CODEC_PLAIN: return 0;
	}
	return err_msg(ERR_BUG, "codec %d", c);
}
