/* SPDX-License-Identifier: Apache-2.0 */
/* convert: the same layers, compressed otherwise; the config stays byte for byte. */
#include "base/cleanup.h"
#include "base/parse.h"
#include "image/derive.h"
#include "image/image.h"
#include "image/progress.h"
#include "image/publish.h"
#include "layer/compress.h"
#include "layer/feed.h"

struct convert {
	struct image_tool *tool;
	const struct image *image;
	struct layout *layout;
	enum codec codec;
	int level;
	struct progress progress;
	uint64_t done;
};

/* Through the compressor; the diffID must hold. */
static int pour(struct convert *c, const struct unpack_layer *l, struct sink *to)
{
	struct digest got;
	const uint8_t *data;
	struct feed *f;
	size_t n;
	int r;
	TRY(feed_open(c->tool->arena, &l->blob, l->codec, l->name, &f));
	feed_want_digest(f, l->diff_id.algo, &got);
	while ((r = f->next(f, &data, &n)) > 0) {
		r = sink_write(to, data, n);
		if (r >= 0)
			r = progress_step(&c->progress, c->done);
		if (r < 0)
			break;
	}
	feed_close(f);
	if (r >= 0 && !digest_equal(&got, &l->diff_id))
		r = err_msg(ERR_CONFIG, "%s: it unpacks to %s, which is not its diff_id", l->name,
			    digest_text(c->tool->arena, &got));
	return r >= 0 ? to->finish(to) : r;
}

static int convert_layer(struct convert *c, const struct image_layer *l, struct oci_descriptor *out)
{
	struct sink *to;
	struct blob b;
	if (l->in.codec == c->codec && l->descriptor)
		return publish_layer(c->layout, c->image, l, out);
	if (l->in.has_digest)
		TRY(region_verify(&l->in.blob, l->in.name, &l->in.digest));
	TRY(blob_begin(c->layout, &b));
	int r = compress_open(c->tool->arena, c->codec, c->level, b.sink, &to);
	if (r >= 0) {
		r = pour(c, &l->in, to);
		if (to != b.sink && to->close)
			to->close(to);
	}
	if (r >= 0)
		r = blob_commit(&b);
	blob_abort(&b);
	c->done += l->in.blob.size;
	if (r >= 0)
		*out = (struct oci_descriptor){
			.media_type = derive_layer_type(c->image, c->codec),
			.digest = digest_text(c->tool->arena, &b.digest),
			.size = (int64_t)b.size,
		};
	return r;
}

static int run(struct convert *c, const char *ref)
{
	const struct image *i = c->image;
	struct oci_descriptor *layers = arena_calloc(c->tool->arena, i->n_layers, sizeof(*layers));
	struct oci_descriptor made;
	for (size_t n = 0; n < i->n_layers; n++)
		TRY(convert_layer(c, &i->layers[n], &layers[n]));
	const struct publication p = { .layout = c->layout,
				       .base = i,
				       .config = i->config_text,
				       .config_len = i->config_len,
				       .layers = layers,
				       .n_layers = i->n_layers,
				       .ref = ref };
	TRY(publish(c->tool->arena, &p, &made));
	puts(made.digest);
	return 0;
}

int image_convert(struct image_tool *t, const char *image, const struct convert_wishes *w)
{
	struct convert c = { .tool = t, .codec = CODEC_ZSTD };
	struct reference from;
	struct image i;
	uint64_t total = 0;
	if (w->compress)
		TRY(codec_parse("--compress", w->compress, &c.codec));
	c.level = (int)w->level;
	TRY(reference_parse(t->arena, image, &from));
	TRY(image_open(t->arena, image, w->platform, &i));
	c.image = &i;
	for (size_t n = 0; n < i.n_layers; n++)
		total += i.layers[n].in.blob.size;
	progress_begin(&c.progress, "converting", total, t->quiet);
	const char *ref = w->tag ? w->tag : i.ref ? i.ref : "latest";
	int r = source_kind(i.source) == SOURCE_LAYOUT
			? layout_open(t->arena, from.path, false, &c.layout)
			: err_msg(ERR_USAGE, "\"%s\" is an archive; load it into a layout first",
				  from.path);
	if (r >= 0)
		r = run(&c, ref);
	progress_end(&c.progress);
	layout_close(c.layout);
	image_close(&i);
	return r;
}
