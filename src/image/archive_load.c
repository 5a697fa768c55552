/* SPDX-License-Identifier: Apache-2.0 */
/* load: the images of an archive, or of another layout, into a layout. Blobs are copied as they are
 * and verified on the way; what a docker-archive has no digests for is checked by its diffIDs and
 * gets a manifest. */
#include "base/cleanup.h"
#include "image/image.h"
#include "image/publish.h"
#include "image/resolve_parts.h"
#include "layer/feed.h"

enum { MAX_DEPTH = 8 };

struct load {
	struct arena *arena;
	struct source *source;
	struct layout *layout;
	const char *rename; /* the name for a single image, NULL = its own */
	size_t images;
};

static int copy_tree(struct load *l, const struct oci_descriptor *d, unsigned depth);

static int copy_document(struct load *l, const struct oci_descriptor *d, unsigned depth)
{
	struct document doc = { .what = d->digest, .media_type = d->media_type };
	struct oci_manifest *m;
	struct oci_index *x;
	struct digest want, put;
	char *text;
	TRY(digest_parse("descriptor", d->digest, &want));
	TRY(source_document(l->source, d, MAX_MANIFEST, &text, &doc.len));
	doc.text = text;
	if (media_type_is_index(d->media_type)) {
		TRY(index_decode(l->arena, &doc, &x));
		for (size_t i = 0; i < x->manifests.n; i++)
			TRY(copy_tree(l, &x->manifests.v[i], depth + 1));
	} else {
		TRY(manifest_decode(l->arena, &doc, &m));
		TRY(copy_tree(l, m->config, depth + 1));
		for (size_t i = 0; i < m->layers.n; i++)
			TRY(copy_tree(l, &m->layers.v[i], depth + 1));
	}
	return layout_put(l->layout, doc.text, doc.len, want.algo, &put);
}

static int copy_tree(struct load *l, const struct oci_descriptor *d, unsigned depth)
{
	struct digest want, got;
	struct region r;
	uint64_t size;
	if (depth > MAX_DEPTH)
		return err_msg(ERR_CONFIG, "%s: more than %d documents one in the other", d->digest,
			       MAX_DEPTH);
	if (media_type_is_index(d->media_type) || media_type_is_manifest(d->media_type))
		return copy_document(l, d, depth);
	TRY(digest_parse("descriptor", d->digest, &want));
	if (layout_has_blob(l->layout, &want, &size) && size == (uint64_t)d->size)
		return 0;
	TRY(source_blob(l->source, &want, (uint64_t)d->size, &r));
	int copied = layout_copy(l->layout, &r, &want, &got);
	source_forget_blobs(l->source);
	return copied;
}

static int tag(struct load *l, const struct oci_descriptor *d, const char *name)
{
	l->images++;
	if (l->rename)
		name = l->rename;
	return layout_tag(l->layout, d, name ? name : "latest");
}

static int load_oci(struct load *l, const struct reference *from)
{
	const struct oci_index *x = source_index(l->source);
	for (size_t i = 0; i < x->manifests.n; i++) {
		const struct oci_descriptor *d = &x->manifests.v[i];
		const char *name = descriptor_ref(d);
		if (from->ref && !(name && reference_names(name, from->ref)))
			continue;
		TRY(copy_tree(l, d, 0));
		TRY(tag(l, d, name));
	}
	return 0;
}

/* What the archive says the layer is, by reading all of it. */
static int check_diff_id(struct arena *a, const struct unpack_layer *l)
{
	char one[DIGEST_TEXT_MAX], two[DIGEST_TEXT_MAX];
	struct digest got;
	const uint8_t *data;
	struct feed *f;
	size_t n;
	int r;
	TRY(feed_open(a, &l->blob, l->codec, l->name, &f));
	feed_want_digest(f, l->diff_id.algo, &got);
	while ((r = f->next(f, &data, &n)) > 0)
		;
	feed_close(f);
	TRY(r);
	if (digest_equal(&got, &l->diff_id))
		return 0;
	return err_msg(ERR_CONFIG, "%s: it unpacks to %s, but the config's diff_id is %s", l->name,
		       digest_format(&got, one), digest_format(&l->diff_id, two));
}

static int load_docker_image(struct load *l, struct image *i,
			     const struct oci_docker_archive_image *d)
{
	struct oci_descriptor *layers = arena_calloc(l->arena, d->layers.n, sizeof(*layers));
	struct oci_descriptor manifest;
	TRY(image_load_docker(i, d));
	for (size_t n = 0; n < i->n_layers; n++) {
		TRY(check_diff_id(l->arena, &i->layers[n].in));
		TRY(publish_layer(l->layout, i, &i->layers[n], &layers[n]));
	}
	const struct publication p = { .layout = l->layout,
				       .base = i,
				       .config = i->config_text,
				       .config_len = i->config_len,
				       .layers = layers,
				       .n_layers = i->n_layers };
	TRY(publish(l->arena, &p, &manifest));
	for (size_t n = 0; n < d->repo_tags.n; n++)
		TRY(tag(l, &manifest, d->repo_tags.v[n]));
	return d->repo_tags.n ? 0 : tag(l, &manifest, NULL);
}

static int load_docker(struct load *l, const struct reference *from)
{
	const struct oci_docker_archive *d = source_docker(l->source);
	for (size_t k = 0; k < d->images.n; k++) {
		struct image i = { .arena = l->arena, .source = l->source, .name = from->path };
		bool wanted = !from->ref;
		for (size_t n = 0; n < d->images.v[k].repo_tags.n; n++)
			wanted |= from->ref &&
				  reference_names(d->images.v[k].repo_tags.v[n], from->ref);
		if (wanted)
			TRY(load_docker_image(l, &i, &d->images.v[k]));
	}
	return 0;
}

static int run(struct load *l, const struct reference *from)
{
	TRY(source_docker(l->source) ? load_docker(l, from) : load_oci(l, from));
	if (l->images == 0)
		return err_msg(ERR_USAGE, "%s has no image%s%s", from->path, from->ref ? " " : "",
			       from->ref ? from->ref : "");
	if (l->rename && l->images > 1)
		return err_msg(ERR_USAGE, "%s has %zu images, they cannot all be \"%s\"",
			       from->path, l->images, l->rename);
	return layout_commit(l->layout);
}

int image_copy_in(struct image_tool *t, const char *from, const char *to)
{
	struct load l = { .arena = t->arena };
	struct reference source, target;
	TRY(reference_parse(t->arena, from, &source));
	TRY(reference_parse(t->arena, to, &target));
	l.rename = target.ref;
	TRY(source_open(t->arena, &source, &l.source));
	int r = layout_open(t->arena, target.path, true, &l.layout);
	if (r >= 0)
		r = run(&l, &source);
	layout_close(l.layout);
	source_close(l.source);
	TRY(r);
	if (!t->quiet)
		printf("loaded %zu image%s\n", l.images, l.images == 1 ? "" : "s");
	return 0;
}
