/* SPDX-License-Identifier: Apache-2.0 */
/* From a reference to one image: nested indexes walked (depth 4, 10,000 descriptors, each digest
 * once), the platform chosen, manifest and config verified and decoded, one row per layer. What is
 * ambiguous is refused with the list of what is there. */
#pragma once

#include "base/vec.h"
#include "image/source.h"
#include "layer/unpack.h"

/* "os/arch[/variant]" or image-tools' "os:arch". NULL = the host's. Normalised (x86_64 ->
 * amd64). */
int platform_parse(struct arena *a, const char *text, struct oci_platform *out) MUST_CHECK;
/* Does an image for `have` run where `want` is asked, and how well: 0 = no, more is better. */
int platform_match(const struct oci_platform *want, const struct oci_platform *have);
const char *platform_text(struct arena *a, const struct oci_platform *p); /* "linux/arm64/v8" */

struct image_layer {
	struct unpack_layer in;                  /* ready for layers_unpack */
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

/* One manifest below index.json. */
struct leaf {
	const struct oci_descriptor *descriptor;
	const struct oci_platform *platform; /* NULL: the descriptor says none */
	const char *ref;                     /* of its entry in index.json, NULL = none */
	size_t entry;                        /* number of that entry */
};
struct leaves {
	VEC(struct leaf) list;
	size_t visited;
};
/* The name of an entry: containerd's full name, or the annotation ref.name. NULL = none. */
const char *descriptor_ref(const struct oci_descriptor *d);
const char *descriptor_annotation(const struct oci_descriptor *d, const char *key);
/* Every manifest the reference may mean (all without a ref or digest). */
int leaves_find(struct arena *a, struct source *s, const struct reference *ref,
		struct leaves *out) MUST_CHECK;

/* Opens the source and resolves. The layers' blobs exist and have the right size; they are not yet
 * hashed. #diff_ids == #layers holds. Artifacts are refused: "artifact of type X, not an image". */
int image_open(struct arena *a, const char *text, const char *platform,
	       struct image *out) MUST_CHECK;
void image_close(struct image *i);

/* A text that was verified, and what its descriptor calls it. */
struct document {
	const char *what, *media_type, *text;
	size_t len;
};
/* Media type inside and outside, schemaVersion, and "manifests" beside "layers" (CVE-2021-41190)
 * are checked. Unknown keys are kept. */
int manifest_decode(struct arena *a, const struct document *doc,
		    struct oci_manifest **out) MUST_CHECK;
int index_decode(struct arena *a, const struct document *doc, struct oci_index **out) MUST_CHECK;
int config_decode(struct arena *a, const struct document *doc,
		  struct oci_image_config **out) MUST_CHECK;
bool media_type_is_index(const char *t); /* OCI's or docker's */
bool media_type_is_manifest(const char *t);
bool media_type_is_config(const char *t); /* of an image */
