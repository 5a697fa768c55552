/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a layout on disk. One writer at a time (flock on the directory); blobs appear by rename
 * when their digest is known; index.json is replaced last, so a reader, or a crash, sees the old
 * image or the new one. Keys of index.json that we do not know are kept. */
#pragma once

#include "base/newfile.h"
#include "image/source.h"
#include "layer/sink.h"

struct layout;
/* Makes a new empty layout; `path` must not exist or be an empty directory. */
int layout_create(struct arena *a, const char *path) MUST_CHECK;
/* Waits for the lock. `create`: make it when there is none. */
int layout_open(struct arena *a, const char *path, bool create, struct layout **out) MUST_CHECK;
void layout_close(struct layout *l); /* NULL is fine; what was not committed is forgotten */
struct oci_index *layout_index(struct layout *l); /* to be changed in place, then committed */
int layout_commit(struct layout *l) MUST_CHECK;

bool layout_has_blob(struct layout *l, const struct digest *d, uint64_t *size);
/* A blob from memory; nothing is written when it is there already. */
int layout_put(struct layout *l, const void *data, size_t len, enum digest_algo algo,
	       struct digest *out) MUST_CHECK;
/* A blob from a region of another source; with `want` by its algorithm and verified, else by
 * sha256. Whole files are reflinked where the file system can. */
int layout_copy(struct layout *l, const struct region *r, const struct digest *want,
		struct digest *out) MUST_CHECK;
/* A blob written piece by piece. Give the bytes to blob->sink (compressors and hashers in front of
 * it as you like), finish the chain, then blob_commit. */
struct blob {
	struct sink *sink;
	struct digest digest; /* after finish */
	uint64_t size;        /* after finish */
	struct layout *layout;
	struct newfile file;
};
/* By sha256. */
int blob_begin(struct layout *l, struct blob *out) MUST_CHECK;
int blob_commit(struct blob *b) MUST_CHECK;
void blob_abort(struct blob *b); /* fine after commit */

/* The entry named ref (annotation org.opencontainers.image.ref.name) becomes `d`, or goes. */
int layout_tag(struct layout *l, const struct oci_descriptor *d, const char *ref) MUST_CHECK;
/* How many entries went. */
int layout_untag(struct layout *l, const char *ref) MUST_CHECK;
