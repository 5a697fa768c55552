/* SPDX-License-Identifier: Apache-2.0 */
/* A place where images are read: an OCI layout (a directory), an oci-archive (a layout in a tar) or
 * a docker-archive (`docker save`). Blobs come out as regions; nothing that comes out of
 * source_blob has been verified, everything from source_document has. The root of a layout is
 * pinned by its descriptor, and nothing below it may be a symlink. */
#pragma once

#include <ocispec/image.h>

#include "layer/region.h"

enum source_kind { SOURCE_ANY, SOURCE_LAYOUT, SOURCE_OCI_ARCHIVE, SOURCE_DOCKER_ARCHIVE };

/* Ceilings: nothing bigger is even read. */
#define MAX_MANIFEST     (4u << 20)
#define MAX_IMAGE_CONFIG (16u << 20)

/* "[oci:|oci-archive:|docker-archive:]PATH[:REF][@DIGEST]". PATH is the shortest piece before a ':'
 * that exists (REF may have '/' and ':'); when none does, it ends at the first ':'. */
struct reference {
	enum source_kind kind;
	const char *path, *ref; /* ref NULL = none given */
	bool has_digest;
	struct digest digest;
};
int reference_parse(struct arena *a, const char *text, struct reference *out) MUST_CHECK;

/* Does an image called `name` answer to `ref`: the whole name, the name without docker.io/ or
 * docker.io/library/, or its tag alone. */
bool reference_names(const char *name, const char *ref);

struct source;
int source_open(struct arena *a, const struct reference *ref, struct source **out) MUST_CHECK;
void source_close(struct source *s); /* NULL is fine */
/* Closes the blobs opened so far: their regions end here. */
void source_forget_blobs(struct source *s);
enum source_kind source_kind(const struct source *s);
const char *source_path(const struct source *s);
/* index.json: NULL for a docker-archive without one. */
const struct oci_index *source_index(const struct source *s);
/* manifest.json of a docker-archive; NULL elsewhere. */
const struct oci_docker_archive *source_docker(const struct source *s);
/* The blob's place. Its size must be `size` (SOURCE_SIZE_UNKNOWN: any). The descriptor in it lives
 * as long as the source. */
#define SOURCE_SIZE_UNKNOWN UINT64_MAX
int source_blob(struct source *s, const struct digest *d, uint64_t size,
		struct region *out) MUST_CHECK;
bool source_has_blob(struct source *s, const struct digest *d);
/* A member of a docker-archive by name, one symlink followed. */
int source_member(struct source *s, const char *name, struct region *out) MUST_CHECK;
/* The bytes of a small document, digest and size verified first; a copy in the descriptor's `data`
 * was when the document with the descriptor was decoded. `max` is one of the ceilings above. */
int source_document(struct source *s, const struct oci_descriptor *d, size_t max, char **text,
		    size_t *len) MUST_CHECK;
