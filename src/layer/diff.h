/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in a tree since its snapshot. What the kernel says was not touched is not read. What
 * looks the same but was touched (chmod there and back, a copied bundle) is compared with what the
 * image's layers say: content and attributes. A new content with the old size and the old time is
 * therefore found, and a copy of a bundle has no changes. */
#pragma once

#include <ocispec/values.h>

#include "layer/snapshot.h"
#include "layer/unpack.h"

enum change_kind { CHANGE_ADDED = 'A', CHANGE_CHANGED = 'C', CHANGE_DELETED = 'D' };

struct change {
	enum change_kind kind;
	bool listed;         /* else only the layer needs it: another name of a changed file */
	bool opaque;         /* a folder that hides what the layers below have in it */
	const char *path;    /* "" is the root */
	const char *link_to; /* a hard link to this path, which comes earlier */
	struct facts facts;  /* as found; of what was, for CHANGE_DELETED */
	/* inside */
	bool suspect;
};

struct changes {
	struct change *v;
	size_t n;
	uint64_t sockets, mounts; /* passed over */
	struct layer_index *index; /* NULL: the layers did not have to be read */
};

struct diff_opts {
	struct oci_strs masks;             /* paths whose changes do not count, nor what is below */
	const struct unpack_layer *layers; /* of the image that was unpacked; NULL: not known,
					    * and what was touched counts as changed */
	size_t n_layers;
	bool rootless, mapped;             /* as it was unpacked */
	struct snapshot_writer *refresh;   /* gets what the tree is now; may be NULL */
};

/* In the order of walk_compare; of what was deleted only the topmost. */
int diff_tree(struct arena *a, const struct diff_opts *o, int root_fd, struct snapshot *s,
	      struct changes *out) MUST_CHECK;
/* Fills c->index if it is not there: who packs the changes of a tree without owners needs it. */
int diff_read_layers(struct arena *a, const struct diff_opts *o, int root_fd,
		     struct changes *c) MUST_CHECK;
bool diff_masked(const struct diff_opts *o, const char *path);
