/* SPDX-License-Identifier: Apache-2.0 */
/* Which codec, and the loop around one: it alone decides what "truncated" means. */
#include "layer/codec.h"

#include "base/cleanup.h"
#include "layer/codec_ops.h"

struct decoder {
	enum codec codec;
	const struct codec_ops *ops; /* NULL: plain */
	void *state;
};

static const struct {
	const char *media_type;
	enum codec codec;
} media_types[] = {
	{ "application/vnd.oci.image.layer.v1.tar", CODEC_PLAIN },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", CODEC_GZIP },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", CODEC_ZSTD },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", CODEC_PLAIN },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", CODEC_GZIP },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", CODEC_ZSTD },
	{ "application/vnd.docker.image.rootfs.diff.tar", CODEC_PLAIN },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", CODEC_GZIP },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", CODEC_ZSTD },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", CODEC_PLAIN },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", CODEC_GZIP },
};

const char *codec_name(enum codec c)
{
	static const char *const names[] = { "uncompressed", "gzip", "zstd" };
	return names[c];
}

int codec_parse(const char *what, const char *text, enum codec *out)
{
	if (streq(text, "gzip"))
		*out = CODEC_GZIP;
	else if (streq(text, "zstd"))
		*out = CODEC_ZSTD;
	else if (streq(text, "none") || streq(text, "plain"))
		*out = CODEC_PLAIN;
	else
		return err_msg(ERR_USAGE, "%s: expected gzip, zstd or none, found \"%s\"", what,
			       text);
	return 0;
}

enum codec codec_sniff(const void *data, size_t len)
{
	const uint8_t *p = data;
	if (len >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return CODEC_GZIP;
	if (len >= 4 && p[1] == 0xb5 && p[0] == 0x28 && p[2] == 0x2f && p[3] == 0xfd)
		return CODEC_ZSTD;
	/* a skippable frame in front */
	if (len >= 4 && (p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d && p[3] == 0x18)
		return CODEC_ZSTD;
	return CODEC_PLAIN;
}

bool codec_of_media_type(const char *media_type, enum codec *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(media_types); i++)
		if (streq(media_types[i].media_type, media_type)) {
			*out = media_types[i].codec;
			return true;
		}
	return false;
}

struct decoder *decoder_new(enum codec c)
{
	static const struct codec_ops *const ops[] = { NULL, &gunzip_ops, &unzstd_ops };
	struct decoder *d = calloc(1, sizeof(*d));
	if (d) {
		d->codec = c;
		d->ops = ops[c];
		d->state = d->ops ? d->ops->make() : NULL;
	}
	if (d && (!d->ops || d->state))
		return d;
	free(d);
	arena_oom(sizeof(*d));
	return NULL;
}

void decoder_free(struct decoder *d)
{
	if (d && d->ops)
		d->ops->free(d->state);
	free(d);
}

static int copy(struct buffer *b, bool last)
{
	size_t n = b->in_len < b->out_len ? b->in_len : b->out_len;
	if (n > 0)
		memcpy(b->out, b->in, n);
	b->in += n;
	b->in_len -= n;
	b->out += n;
	b->out_len -= n;
	return last && b->in_len == 0 ? DECODER_END : DECODER_MORE;
}

int decoder_run(struct decoder *d, struct buffer *b, bool last)
{
	if (!d->ops)
		return copy(b, last);
	for (;;) {
		struct buffer before = *b;
		TRY(d->ops->step(d->state, b));
		if (b->in_len == 0 && last && d->ops->at_end(d->state))
			return DECODER_END;
		if (b->out_len == 0 || (b->in_len == 0 && !last))
			return DECODER_MORE;
		if (b->in_len == before.in_len && b->out_len == before.out_len)
			return err_msg(ERR_CONFIG, "the %s data ends too early",
				       codec_name(d->codec));
	}
}
