/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs first, the name last: whoever is killed leaves the old image and blobs that gc takes. */
#include "image/publish.h"

#include "base/cleanup.h"
#include "image/derive.h"

int publish_text(struct arena *a, struct layout *l, const char *text, size_t len,
		 struct oci_descriptor *out)
{
	struct digest d;
	TRY(layout_put(l, text, len, DIGEST_SHA256, &d));
	out->digest = digest_text(a, &d);
	out->size = (int64_t)len;
	return 0;
}

int publish_layer(struct layout *l, const struct image *base, const struct image_layer *layer,
		  struct oci_descriptor *out)
{
	struct digest d = layer->in.digest;
	uint64_t size;
	bool there = layer->in.has_digest && layout_has_blob(l, &d, &size) &&
		     size == layer->in.blob.size;
	if (!there)
		TRY(layout_copy(l, &layer->in.blob, layer->in.has_digest ? &d : NULL, &d));
	*out = layer->descriptor
		       ? *layer->descriptor
		       : (struct oci_descriptor){ .media_type =
							  derive_layer_type(base, layer->in.codec),
						  .digest = digest_text(base->arena, &d),
						  .size = (int64_t)layer->in.blob.size };
	return 0;
}

int publish(struct arena *a, const struct publication *p, struct oci_descriptor *out)
{
	struct oci_descriptor config = { 0 }, manifest = { 0 };
	struct oci_manifest m;
	size_t len;
	TRY(publish_text(a, p->layout, p->config, p->config_len, &config));
	TRY(derive_manifest(p->base, &config, p->layers, p->n_layers, &m));
	if (p->annotations)
		m.annotations = *p->annotations;
	const char *text = oci_encode(a, oci_manifest_type(), &m, NULL, &len);
	if (!text)
		return err_msg(ERR_BUG, "the new manifest cannot be written");
	manifest.media_type = m.media_type;
	manifest.platform = p->base->descriptor ? p->base->descriptor->platform : NULL;
	TRY(publish_text(a, p->layout, text, len, &manifest));
	if (p->ref)
		TRY(layout_tag(p->layout, &manifest, p->ref));
	TRY(layout_commit(p->layout));
	if (out)
		*out = manifest;
	return 0;
}

int publish_target(struct arena *a, const char *text, struct reference *out)
{
	TRY(reference_parse(a, text, out));
	if (out->kind != SOURCE_ANY && out->kind != SOURCE_LAYOUT)
		return err_msg(ERR_USAGE, "images are made in OCI layouts; \"%s\" is an archive",
			       text);
	if (out->has_digest)
		return err_msg(ERR_USAGE, "\"%s\": a new image has a name, its digest follows",
			       text);
	if (!out->ref)
		out->ref = "latest";
	return 0;
}
