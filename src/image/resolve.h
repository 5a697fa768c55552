/* SPDX-License-Identifier: Apache-2.0 */
/* From a reference to one image: nested indexes walked (depth 4, 10,000 descriptors, each digest
 * once), the platform chosen, manifest and config verified and decoded, one row per layer. What is
 * ambiguous is refused with the list of what is there. */
#pragma once

#include "image/source.h"
#include "layer/unpack.h"

/* "os/arch[/variant]" or image-tools' "os:arch". NULL = the host's. Normalised (x86_64 ->
 * amd64). */
int platform_parse(struct arena *a, const char *text, struct oci_platform *out) MUST_CHECK;
/* Does an image for `have` run where `want` is asked, and how well: 0 = no, more is better. */
int platform_match(const struct oci_platform *want, const struct oci_platform *have);
const char *platform_text(struct arena *a, const struct oci_platform *p); /* "linux/arm64/v8" */

struct image_layer {
	struct unpack_layer in; /* ready for layers_unpack */
	const struct oci_descriptor *descriptor; /* NULL in a docker-archive that has none */
	const char *media_type;                  /* never NULL */
};

struct image {
	struct arena *arena;
	struct source *source;
	const char *name;                        /* for messages: what the user typed */
	const char *ref;                         /* the name it was found by; NULL when by digest */
	const struct oci_descriptor *descriptor; /* of the manifest; NULL in a docker-archive */
	const struct oci_manifest *manifest;     /* the same */
	const char *manifest_text;
	size_t manifest_len;
	const struct oci_image_config *config;
	const char *config_text;
	size_t config_len;
	struct digest config_digest;
	struct image_layer *layers;
	size_t n_layers;
};

/* Opens the source and resolves. The layers' blobs exist and have the right size; they are not yet
 * hashed. #diff_ids == #layers holds. Artifacts are refused ("artifact of type X, not an image")
 * unless allow_artifact, and then config is NULL and n_layers counts blobs. */
int image_open(struct arena *a, const char *text, const char *platform,
	       struct image *out) MUST_CHECK;
void image_close(struct image *i);

/* Decode a manifest or index text: media type, schemaVersion, "manifests" beside "layers"
 * (CVE-2021-41190) checked against what the descriptor says. */
int manifest_decode(struct arena *a, const char *what, const char *media_type, const char *text,
		    size_t len, struct oci_manifest **out) MUST_CHECK;
int index_decode(struct arena *a, const char *what, const char *media_type, const char *text,
		 size_t len, struct oci_index **out) MUST_CHECK;
bool media_type_is_index(const char *t);    /* OCI's or docker's */
bool media_type_is_manifest(const char *t);
bool media_type_is_config(const char *t);   /* of an image */
