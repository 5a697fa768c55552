/* SPDX-License-Identifier: Apache-2.0 */
/* Layers unpacked once, in the form of overlayfs, for bundles that share them
 *(docs/design/images.md, "The store"): lock			held shared while a bundle is made,
 *alone by gc layers/CHAINID		the tree of one layer, there by rename when its diffID held
 *	bundles/ID		a reference, written before a layer is relied on
 * A layer is used as long as a reference to it is, and a reference as long as the bundle it names
 * knows it. */
#pragma once

#include "image/bundle.h"

struct layerstore {
	struct arena *arena;
	const char *path; /* absolute */
	int fd, lock_fd, layers_fd, bundles_fd;
};

/* path NULL: /var/lib/oci-image-tool, or below $XDG_DATA_HOME for others than root. It is made.
 * alone: for gc; waits for those who are at work. */
int layerstore_open(struct arena *a, const char *path, bool alone,
		    struct layerstore *out) MUST_CHECK;
void layerstore_close(struct layerstore *s);

/* Write the reference of a bundle to be; o->id becomes its name. */
int layerstore_refer(struct layerstore *s, const char *bundle,
		     struct oci_bundle_overlay *o) MUST_CHECK;
int layerstore_unrefer(struct layerstore *s, const char *id) MUST_CHECK; /* not there is fine */

/* Every layer of i that is not there is unpacked; out gets the names, bottom first. */
int layerstore_fill(struct layerstore *s, const struct image *i, struct unpack_opts *o,
		    struct oci_strs *out) MUST_CHECK;

/* Removes references of bundles that are gone, then layers nobody refers to. */
struct layerstore_freed {
	size_t references, layers;
};
int layerstore_gc(struct layerstore *s, bool dry_run, struct layerstore_freed *out) MUST_CHECK;
