/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's changes become a layer, the layer an image. Blobs first, then the manifest, then the
 * name; whatever kills us before the name leaves the old image, and blobs that gc takes. The
 * bundle's record and snapshot change last, each by rename. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "image/bundle_base.h"
#include "image/derive.h"
#include "image/image.h"
#include "image/layout.h"
#include "image/progress.h"
#include "image/publish.h"
#include "layer/compress.h"
#include "layer/pack.h"
#include "layer/xattrs.h"

struct repack {
	struct arena *arena;
	const struct repack_wishes *w;
	struct reference target;
	struct bundle_tree bundle;
	struct image base;
	struct layout *layout;
	struct bundle_changes changes;
	struct new_layer layer;
	bool has_layer, quiet;
	struct oci_descriptor manifest;
	const char *config_digest;
	struct oci_strs diff_ids;
};

static int codec_wanted(const struct repack *r, enum codec *out)
{
	const char *text = r->w->compress;
	if (text && !streq(text, "auto"))
		return codec_parse("--compress", text, out);
	*out = r->base.n_layers > 0 ? r->base.layers[r->base.n_layers - 1].in.codec : CODEC_GZIP;
	return 0;
}

/* ---- the layer */

static int pack_options(const struct repack *r, struct pack_opts *o)
{
	const struct bundle_tree *b = &r->bundle;
	*o = (struct pack_opts){
		.uids = b->uids,
		.gids = b->gids,
		.n_uids = b->record->uids.n,
		.n_gids = b->record->gids.n,
		.rootless = r->changes.how.rootless,
		.xattrs = xattr_classes(b->root_fd, r->changes.how.rootless, false),
	};
	int has = TRY(source_date_epoch(&o->epoch));
	o->has_epoch = has > 0;
	return 0;
}

/* Shows how far the packing is, and hears signals. */
struct counting_sink {
	struct sink sink;
	struct sink *to;
	struct progress progress;
	uint64_t done;
};

static int count(struct sink *sink, const void *data, size_t len)
{
	struct counting_sink *s = (struct counting_sink *)sink;
	s->done += len;
	TRY(progress_step(&s->progress, s->done));
	return sink_write(s->to, data, len);
}

static uint64_t bytes_of(const struct changes *c)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].kind != CHANGE_DELETED && S_ISREG(c->v[i].facts.mode))
			sum += c->v[i].facts.size;
	return sum;
}

static int write_changes(struct repack *r, const struct pack_opts *o, struct sink *to)
{
	struct counting_sink s = { .sink.write = count, .to = to };
	struct tarwriter *w = tarwriter_new(r->arena, &s.sink);
	progress_begin(&s.progress, "packing", bytes_of(&r->changes.list), r->quiet);
	int result = pack_changes(o, r->bundle.root_fd, &r->changes.list, w);
	progress_end(&s.progress);
	return result;
}

static int pack_into(struct repack *r, struct blob *blob)
{
	struct pack_opts o;
	struct sink *compress;
	uint64_t plain;
	TRY(pack_options(r, &o));
	TRY(codec_wanted(r, &r->layer.codec));
	TRY(compress_open(r->arena, r->layer.codec, 0, blob->sink, &compress));
	struct sink *sink =
		sink_hashing(r->arena, compress, DIGEST_SHA256, &r->layer.diff_id, &plain);
	int result = write_changes(r, &o, sink);
	if (result == 0)
		result = sink->finish(sink);
	if (sink->close)
		sink->close(sink);
	return result;
}

static int make_layer(struct repack *r)
{
	struct blob blob;
	if (r->changes.list.n == 0)
		return 0;
	if (r->changes.how.rootless || r->changes.how.mapped)
		TRY(diff_read_layers(r->arena, &r->changes.how, r->bundle.root_fd,
				     &r->changes.list));
	TRY(blob_begin(r->layout, &blob));
	int result = pack_into(r, &blob);
	if (result == 0)
		result = blob_commit(&blob);
	if (result < 0) {
		blob_abort(&blob);
		return err_wrap("pack the changes of \"%s\"", r->bundle.path);
	}
	r->layer.blob = blob.digest;
	r->layer.size = blob.size;
	r->has_layer = true;
	return 0;
}

/* ---- the image */

static int make_image(struct repack *r)
{
	size_t n = r->base.n_layers, len;
	struct oci_descriptor *layers = arena_calloc(r->arena, n + 1, sizeof(*layers));
	const char *text;
	struct digest config;
	TRY(derive_config(&r->base, r->has_layer ? &r->layer : NULL, &r->w->history, &text, &len));
	digest_of(DIGEST_SHA256, text, len, &config);
	r->config_digest = digest_text(r->arena, &config);
	for (size_t i = 0; i < n; i++)
		TRY(publish_layer(r->layout, &r->base, &r->base.layers[i], &layers[i]));
	if (r->has_layer)
		layers[n++] =
			(struct oci_descriptor){ .media_type = derive_layer_type(&r->base,
										 r->layer.codec),
						 .digest = digest_text(r->arena, &r->layer.blob),
						 .size = (int64_t)r->layer.size };
	const struct publication p = { .layout = r->layout,
				       .base = &r->base,
				       .config = text,
				       .config_len = len,
				       .layers = layers,
				       .n_layers = n,
				       .ref = r->target.ref };
	return publish(r->arena, &p, &r->manifest);
}

/* ---- the bundle afterwards */

static int refresh_record(struct repack *r)
{
	struct oci_bundle b = *r->bundle.record;
	struct oci_strs ids = r->base.config->rootfs->diff_ids;
	size_t len;
	const char **v = arena_calloc(r->arena, ids.n + 1, sizeof(*v));
	if (ids.n > 0)
		memcpy(v, ids.v, ids.n * sizeof(*v));
	if (r->has_layer)
		v[ids.n++] = digest_text(r->arena, &r->layer.diff_id);
	b.layers = (struct oci_strs){ .v = v, .n = ids.n, .present = true };
	const char *path = path_absolute(r->arena, r->target.path);
	if (!path)
		return err_sys("find the way to \"%s\"", r->target.path);
	b.image = arena_printf(r->arena, "%s:%s", path, r->target.ref);
	b.ref = r->target.ref;
	b.manifest = r->manifest.digest;
	b.config = r->config_digest;
	const char *text = oci_encode(r->arena, oci_bundle_type(), &b, "\t", &len);
	if (!text)
		return err_msg(ERR_BUG, "the record of the bundle cannot be written as JSON");
	return io_replace_file(r->bundle.fd, BUNDLE_RECORD, text, len, 0600);
}

/* The record first: a new record with the old snapshot finds too many changes, the reverse would
 * lose some. */
static int run(struct repack *r, struct snapshot_writer **refresh)
{
	const struct change_wishes how = { r->w->masks, r->w->no_mask_volumes };
	TRY(layout_open(r->arena, r->target.path, true, &r->layout));
	if (r->w->refresh_bundle)
		TRY(snapshot_begin(r->bundle.fd, refresh));
	TRY(bundle_diff(&r->bundle, &r->base, &how, *refresh, &r->changes));
	if (r->changes.list.n == 0 && r->w->if_changed) {
		fprintf(stderr, "no changes\n");
		return 0;
	}
	TRY(make_layer(r));
	TRY(make_image(r));
	printf("%s\n", r->manifest.digest);
	if (!r->w->refresh_bundle)
		return 0;
	TRY(refresh_record(r));
	return snapshot_commit(take_ptr(*refresh));
}

static int refuse_refresh(const char *bundle)
{
	return err_msg(ERR_USAGE, "--refresh-bundle: \"%s\" shares its layers (--overlay); create "
				  "a bundle of the new image instead", bundle);
}

int image_repack(struct image_tool *t, const char *bundle, const char *image,
		 const struct repack_wishes *w)
{
	struct repack r = { .arena = t->arena, .w = w, .quiet = t->quiet };
	struct snapshot_writer *refresh = NULL;
	TRY(publish_target(t->arena, image, &r.target));
	TRY(bundle_tree_open(t->arena, bundle, &r.bundle));
	int result = w->refresh_bundle && r.bundle.record->overlay
			     ? refuse_refresh(bundle)
			     : bundle_base_open(&r.bundle, r.target.path, &r.base);
	if (result == 0) {
		result = run(&r, &refresh);
		snapshot_abort(refresh);
		layout_close(r.layout);
		image_close(&r.base);
	}
	bundle_tree_close(&r.bundle);
	return result;
}
