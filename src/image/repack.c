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
	*out = CODEC_GZIP;
	if (text && streq(text, "zstd"))
		*out = CODEC_ZSTD;
	else if (text && (streq(text, "none") || streq(text, "plain")))
		*out = CODEC_PLAIN;
	else if (text && !streq(text, "gzip") && !streq(text, "auto"))
		return err_msg(ERR_USAGE, "--compress: expected auto, gzip, zstd or none, found "
					  "\"%s\"", text);
	/* as the image's last layer is */
	if ((!text || streq(text, "auto")) && r->base.n_layers > 0)
		*out = r->base.layers[r->base.n_layers - 1].in.codec;
	return 0;
}

/* ---- the layer */

static int pack_options(const struct repack *r, struct pack_opts *o)
{
	const struct bundle_tree *b = &r->bundle;
	*o = (struct pack_opts){
		.uids = b->uids, .gids = b->gids,
		.n_uids = b->record->uids.n, .n_gids = b->record->gids.n,
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
	struct sink *sink = sink_hashing(r->arena, compress, &r->layer.diff_id, &plain);
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

static int copy_layer(struct repack *r, const struct image_layer *l, struct oci_descriptor *out)
{
	struct digest d = l->in.digest;
	uint64_t size;
	bool there = l->in.has_digest && layout_has_blob(r->layout, &d, &size) &&
		     size == l->in.blob.size;
	if (!there)
		TRY(layout_copy(r->layout, &l->in.blob, l->in.has_digest ? &d : NULL, &d));
	if (l->descriptor) {
		*out = *l->descriptor;
		return 0;
	}
	*out = (struct oci_descriptor){ .media_type = derive_layer_type(&r->base, l->in.codec),
					.digest = digest_text(r->arena, &d),
					.size = (int64_t)l->in.blob.size };
	return 0;
}

static int put_document(struct repack *r, const char *text, size_t len, struct oci_descriptor *out)
{
	struct digest d;
	TRY(layout_put(r->layout, text, len, &d));
	out->digest = digest_text(r->arena, &d);
	out->size = (int64_t)len;
	return 0;
}

static int make_config(struct repack *r, struct oci_descriptor *out)
{
	const char *text;
	size_t len;
	TRY(derive_config(&r->base, r->has_layer ? &r->layer : NULL, &r->w->history, &text, &len));
	TRY(put_document(r, text, len, out));
	r->config_digest = out->digest;
	return 0;
}

static int make_manifest(struct repack *r, const struct oci_descriptor *config)
{
	size_t n = r->base.n_layers, len;
	struct oci_descriptor *layers = arena_calloc(r->arena, n + 1, sizeof(*layers));
	struct oci_manifest m;
	for (size_t i = 0; i < n; i++)
		TRY(copy_layer(r, &r->base.layers[i], &layers[i]));
	if (r->has_layer)
		layers[n++] = (struct oci_descriptor){
			.media_type = derive_layer_type(&r->base, r->layer.codec),
			.digest = digest_text(r->arena, &r->layer.blob),
			.size = (int64_t)r->layer.size };
	TRY(derive_manifest(&r->base, config, layers, n, &m));
	const char *text = oci_encode(r->arena, oci_manifest_type(), &m, NULL, &len);
	if (!text)
		return err_msg(ERR_BUG, "the new manifest cannot be written");
	r->manifest.media_type = m.media_type;
	r->manifest.platform = r->base.descriptor ? r->base.descriptor->platform : NULL;
	return put_document(r, text, len, &r->manifest);
}

static int make_image(struct repack *r)
{
	struct oci_descriptor config = { 0 };
	TRY(make_config(r, &config));
	TRY(make_manifest(r, &config));
	TRY(layout_tag(r->layout, &r->manifest, r->target.ref));
	return layout_commit(r->layout);
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

static int check_target(struct repack *r, const char *image)
{
	TRY(reference_parse(r->arena, image, &r->target));
	if (r->target.kind != SOURCE_ANY && r->target.kind != SOURCE_LAYOUT)
		return err_msg(ERR_USAGE, "repack writes to OCI layouts; \"%s\" is an archive",
			       image);
	if (r->target.has_digest)
		return err_msg(ERR_USAGE, "\"%s\": a new image has a name, its digest follows",
			       image);
	if (!r->target.ref)
		r->target.ref = "latest";
	return 0;
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
	TRY(check_target(&r, image));
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
