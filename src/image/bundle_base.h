/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle and the image it was made of, found again: by its digest in one layout or the other,
 * tagged or not; for a docker-archive, by the place it had. */
#pragma once

#include "image/bundle.h"
#include "layer/diff.h"

struct bundle_tree {
	struct arena *arena;
	const char *path;
	int fd, root_fd; /* root_fd: what is the bundle's own: rootfs, or upper of an overlay */
	struct oci_bundle *record;
	struct unpack_map *uids, *gids;
};
int bundle_tree_open(struct arena *a, const char *path, struct bundle_tree *out) MUST_CHECK;
void bundle_tree_close(struct bundle_tree *b);

/* place: a layout to look in first, NULL = none. The image is as image_open gives it. */
int bundle_base_open(const struct bundle_tree *b, const char *place, struct image *out) MUST_CHECK;

struct change_wishes {
	struct oci_strs masks;
	bool no_mask_volumes;
};
/* What changed in the bundle. base may be NULL when it is not to be found: files that were touched
 * count as changed then, and no volumes are masked. refresh: NULL, or gets the new snapshot. */
struct bundle_changes {
	struct changes list;
	struct diff_opts how;
};
int bundle_diff(const struct bundle_tree *b, const struct image *base,
		const struct change_wishes *w, struct snapshot_writer *refresh,
		struct bundle_changes *out) MUST_CHECK;
