/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of an image that is another one with a layer more: config, then manifest. What we
 * do not know of them is kept. Nothing is read or written here. */
#pragma once

#include "image/image.h"
#include "image/resolve.h"

struct new_layer {
	struct digest blob, diff_id;
	uint64_t size;
	enum codec codec;
};

/* "2026-01-31T12:00:00Z" of SOURCE_DATE_EPOCH, else of now. */
int derive_now(struct arena *a, const char **out) MUST_CHECK;
/* SOURCE_DATE_EPOCH: 1 = *out has it, 0 = it is not set. */
int source_date_epoch(int64_t *out) MUST_CHECK;

/* layer NULL: none was added; the history says so. Gives the text of the new config. */
int derive_config(const struct image *base, const struct new_layer *layer,
		  const struct history_wishes *w, const char **text, size_t *len) MUST_CHECK;
/* The base's manifest with `config` and, unless NULL, the layer; a new one if the base has none. */
int derive_manifest(const struct image *base, const struct oci_descriptor *config,
		    const struct oci_descriptor *layers, size_t n_layers,
		    struct oci_manifest *out) MUST_CHECK;
/* What a layer is called beside this base: OCI's words, or docker's. */
const char *derive_layer_type(const struct image *base, enum codec c);
