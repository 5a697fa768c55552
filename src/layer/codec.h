/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed bytes to plain ones, a buffer at a time. gzip: any number of members, zero padding
 * after the last one, CRC and length checked; other bytes after it are refused. zstd: any number of
 * frames and skippable frames (zstd:chunked), window up to 32 MiB, no dictionaries. */
#pragma once

#include "layer/region.h"

enum { ZSTD_WINDOW_LOG = 25 }; /* the largest window that is read, and so written */

enum codec { CODEC_PLAIN, CODEC_GZIP, CODEC_ZSTD };

const char *codec_name(enum codec c); /* "uncompressed", "gzip", "zstd" */
/* "gzip", "zstd", "none" (or "plain"). `what` names the option in the error. */
int codec_parse(const char *what, const char *text, enum codec *out) MUST_CHECK;
/* What the first bytes say (6 are enough): gzip and zstd magic, else CODEC_PLAIN. */
enum codec codec_sniff(const void *data, size_t len);
/* The codec of a layer's media type, OCI's or docker's, distributable or not. false: not a layer's
 * media type. */
bool codec_of_media_type(const char *media_type, enum codec *out);

struct decoder;
struct buffer {
	const uint8_t *in; /* moved on as it is consumed */
	size_t in_len;
	uint8_t *out;
	size_t out_len; /* room; lowered as it is filled */
};
enum { DECODER_MORE = 0, DECODER_END = 1 };

struct decoder *decoder_new(enum codec c); /* out of memory ends the program */
/* Consume and produce as much as possible. DECODER_MORE: give more input or more room.
 * DECODER_END: only with `last` set (no more input will come) and all of it properly ended. */
int decoder_run(struct decoder *d, struct buffer *b, bool last) MUST_CHECK;
void decoder_free(struct decoder *d);
