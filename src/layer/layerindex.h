/* SPDX-License-Identifier: Apache-2.0 */
/* What the layers of an image say about each path, the last one winning: owner, attributes, digest
 * of the content. Made by reading all of them once, and only where the tree alone cannot tell. */
#pragma once

#include "layer/tar.h"
#include "layer/unpack.h"
#include "layer/xattrs.h"

struct layer_file {
	const char *path;
	uint64_t number; /* over all layers: later is right */
	enum tar_type type;
	uint32_t uid, gid;
	struct digest content, xattrs;
	const char *link;            /* hard link: to this path, as it was then */
	struct tar_xattr *withheld;  /* what an unpack with these masks did not give to the tree */
	size_t n_withheld;
};

struct layer_index;
struct layer_index_opts {
	const struct unpack_layer *layers;
	size_t n;
	int root_fd;   /* of the tree: names are resolved by its symlinks */
	unsigned mask; /* classes of attributes that the tree has */
};
/* The digests and diffIDs are checked. */
int layer_index_read(struct arena *a, const struct layer_index_opts *o,
		     struct layer_index **out) MUST_CHECK;
/* NULL: no layer names it. Hard links are followed. */
const struct layer_file *layer_index_find(const struct layer_index *i, const char *path);
