/* SPDX-License-Identifier: Apache-2.0 */
/* One image: its manifest, config and a row per layer. What the layers are compressed with, their
 * media type says and their first bytes must agree; in a docker-archive only the bytes do. */
#include "base/cleanup.h"
#include "base/log.h"
#include "image/resolve_parts.h"

int image_read_manifest(struct image *i, const struct oci_descriptor *d, struct oci_manifest **out)
{
	struct document doc = { .media_type = d->media_type };
	char *text;
	doc.what = arena_printf(i->arena, "%s: manifest %s", i->name, d->digest);
	TRY(source_document(i->source, d, MAX_MANIFEST, &text, &doc.len));
	doc.text = text;
	TRY(manifest_decode(i->arena, &doc, out));
	i->manifest_text = text;
	i->manifest_len = doc.len;
	return 0;
}

int image_read_config(struct image *i, const struct oci_descriptor *d,
		      struct oci_image_config **out)
{
	struct document doc = { .media_type = d->media_type };
	char *text;
	doc.what = arena_printf(i->arena, "%s: config %s", i->name, d->digest);
	TRY(source_document(i->source, d, MAX_IMAGE_CONFIG, &text, &doc.len));
	doc.text = text;
	TRY(config_decode(i->arena, &doc, out));
	i->config_text = text;
	i->config_len = doc.len;
	return 0;
}

static const char *layer_name(struct image *i, size_t n, const char *digest)
{
	return arena_printf(i->arena, "%s: layer %zu of %zu (%.19s)", i->name, n + 1, i->n_layers,
			    digest);
}

/* The magic of what is there. */
static int sniff(const struct unpack_layer *l, enum codec *out)
{
	uint8_t magic[6] = { 0 };
	size_t n = l->blob.size < sizeof(magic) ? (size_t)l->blob.size : sizeof(magic);
	TRY(region_read(&l->blob, l->name, 0, magic, n));
	*out = codec_sniff(magic, n);
	return 0;
}

static int load_layer(struct image *i, size_t n)
{
	const struct oci_descriptor *d = &i->manifest->layers.v[n];
	struct image_layer *l = &i->layers[n];
	enum codec found;
	l->descriptor = d;
	l->media_type = d->media_type;
	l->in.name = layer_name(i, n, d->digest);
	if (!codec_of_media_type(d->media_type, &l->in.codec))
		return err_msg(ERR_UNSUPPORTED, "%s: \"%s\" is no layer we know", l->in.name,
			       d->media_type);
	if (strstr(d->media_type, "nondistributable") || strstr(d->media_type, "foreign"))
		log_warn("%s may not be distributed (%s)", l->in.name, d->media_type);
	TRY(digest_parse(l->in.name, d->digest, &l->in.digest));
	TRY(digest_parse(l->in.name, i->config->rootfs->diff_ids.v[n], &l->in.diff_id));
	l->in.has_digest = true;
	TRY(source_blob(i->source, &l->in.digest, (uint64_t)d->size, &l->in.blob));
	TRY(sniff(&l->in, &found));
	if (found != l->in.codec)
		return err_msg(ERR_CONFIG, "%s: its media type says %s, its content is %s",
			       l->in.name, codec_name(l->in.codec), codec_name(found));
	return 0;
}

static int count_layers(struct image *i, size_t layers)
{
	size_t ids = i->config->rootfs->diff_ids.n;
	i->n_layers = layers;
	i->layers = arena_calloc(i->arena, layers, sizeof(*i->layers));
	if (ids == layers)
		return 0;
	return err_msg(ERR_CONFIG, "%s: %zu layers, but %zu diff_ids in the config", i->name,
		       layers, ids);
}

static int refuse_artifact(const struct image *i)
{
	const struct oci_manifest *m = i->manifest;
	if (media_type_is_config(m->config->media_type))
		return 0;
	return err_msg(ERR_UNSUPPORTED, "%s: artifact of type %s, not an image", i->name,
		       m->artifact_type ? m->artifact_type : m->config->media_type);
}

int image_load(struct image *i)
{
	struct oci_manifest *m;
	struct oci_image_config *c;
	TRY(image_read_manifest(i, i->descriptor, &m));
	i->manifest = m;
	TRY(refuse_artifact(i));
	TRY(image_read_config(i, m->config, &c));
	i->config = c;
	TRY(digest_parse(i->name, m->config->digest, &i->config_digest));
	TRY(count_layers(i, m->layers.n));
	for (size_t n = 0; n < i->n_layers; n++)
		TRY(load_layer(i, n));
	return 0;
}

static int load_docker_layer(struct image *i, const char *member, size_t n)
{
	static const char *const media_types[] = {
		"application/vnd.docker.image.rootfs.diff.tar",
		"application/vnd.docker.image.rootfs.diff.tar.gzip",
		"application/vnd.docker.image.rootfs.diff.tar.zstd",
	};
	struct image_layer *l = &i->layers[n];
	const char *id = i->config->rootfs->diff_ids.v[n];
	l->in.name = layer_name(i, n, id);
	TRY(digest_parse(l->in.name, id, &l->in.diff_id));
	TRY(source_member(i->source, member, &l->in.blob));
	TRY(sniff(&l->in, &l->in.codec));
	l->media_type = media_types[l->in.codec];
	return 0;
}

int image_load_docker(struct image *i, const struct oci_docker_archive_image *d)
{
	struct document doc = { .media_type = "application/vnd.docker.container.image.v1+json" };
	struct oci_image_config *c;
	struct region r;
	char *text;
	doc.what = arena_printf(i->arena, "%s: config \"%s\"", i->name, d->config);
	TRY(source_member(i->source, d->config, &r));
	TRY(region_text(i->arena, &r, doc.what, MAX_IMAGE_CONFIG, &text));
	doc.text = i->config_text = text;
	doc.len = i->config_len = (size_t)r.size;
	digest_of(DIGEST_SHA256, doc.text, doc.len, &i->config_digest);
	TRY(config_decode(i->arena, &doc, &c));
	i->config = c;
	TRY(count_layers(i, d->layers.n));
	for (size_t n = 0; n < i->n_layers; n++)
		TRY(load_docker_layer(i, d->layers.v[n], n));
	return 0;
}
