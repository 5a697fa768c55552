/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a tree to a layer. In every folder what was deleted comes before what is there. The
 * folders above a change go in too: a tool that keeps layers apart takes a folder's owner and mode
 * from the topmost layer that has something in it. The same changes give the same bytes. */
#pragma once

#include "layer/diff.h"
#include "layer/tarwrite.h"

struct pack_opts {
	const struct unpack_map *uids, *gids; /* as it was unpacked; undone here */
	size_t n_uids, n_gids;
	bool rootless;     /* owners are what the layers say, and 0:0 for what they do not have */
	bool has_epoch;    /* no time is later than this */
	int64_t epoch;
	unsigned xattrs;   /* classes of attributes the tree has (xattrs.h) */
};

/* Writes the entries and the end of the archive; does not finish the sink behind it. */
int pack_changes(const struct pack_opts *o, int root_fd, const struct changes *c,
		 struct tarwriter *w) MUST_CHECK;
