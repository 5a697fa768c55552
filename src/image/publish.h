/* SPDX-License-Identifier: Apache-2.0 */
/* The end of everything that makes an image in a layout: layers that are not there yet, config,
 * manifest, name. */
#pragma once

#include "image/layout.h"
#include "image/resolve.h"

/* A text becomes a blob; digest and size of `out` are set. */
int publish_text(struct arena *a, struct layout *l, const char *text, size_t len,
		 struct oci_descriptor *out) MUST_CHECK;
/* A layer of `base` as it is, verified when it has to be copied. */
int publish_layer(struct layout *l, const struct image *base, const struct image_layer *layer,
		  struct oci_descriptor *out) MUST_CHECK;

struct publication {
	struct layout *layout;
	const struct image *base; /* what its documents have that we do not know is kept */
	const char *config;
	size_t config_len;
	const struct oci_descriptor *layers;
	size_t n_layers;
	const struct oci_map *annotations; /* of the manifest, instead of the base's; NULL = keep */
	const char *ref;                   /* NULL: no name */
};
/* Puts the documents, tags, commits. `out` (may be NULL) gets the manifest's descriptor. */
int publish(struct arena *a, const struct publication *p, struct oci_descriptor *out) MUST_CHECK;

/* Where an image that is made shall go: "LAYOUT[:REF]"; REF is "latest" when there is none. An
 * archive or a digest is refused. */
int publish_target(struct arena *a, const char *text, struct reference *out) MUST_CHECK;
