/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of oci-image-tool. They print their answer on stdout and warnings through base/log.h;
 * each gives 0, or negative with the slot filled, unless it says otherwise. IMAGE arguments are
 * "[oci:|oci-archive:|docker-archive:]PATH[:REF][@DIGEST]". */
#pragma once

#include <stdbool.h>

#include <ocispec/arena.h>
#include <ocispec/values.h>

#include "base/err.h"

/* What every verb gets. */
struct image_tool {
	struct arena *arena;
	bool quiet; /* no progress bar, even on a terminal */
};

/* How layers become files. */
struct unpack_wishes {
	const char *platform;               /* NULL = the host's */
	struct oci_strs uid_maps, gid_maps; /* "CONTAINER:HOST:COUNT" */
	const char *max_size, *max_entries; /* NULL = the defaults */
	bool rootless, devices, keep_dirlinks, no_sync;
};

/* What config.json shall say other than the image does. */
struct create_wishes {
	struct unpack_wishes unpack;
	struct oci_strs args, env;
	const char *user, *cwd, *hostname, *volumes;
	bool read_only, terminal;
	bool overlay;      /* rootfs is a mount of shared layers */
	const char *store; /* where those are; NULL = the default */
};

/* Root file system only, at `dest`, which must be absent or an empty directory. */
int image_unpack(struct image_tool *t, const char *image, const char *dest,
		 const struct unpack_wishes *w) MUST_CHECK;
/* A bundle: rootfs, config.json, and a record of where it came from. `command` stands behind the
 * image's Entrypoint instead of its Cmd. */
int image_create(struct image_tool *t, const char *image, const char *bundle,
		 const struct oci_strs *command, const struct create_wishes *w) MUST_CHECK;

/* Mount the rootfs of an overlay bundle again, after a reboot. Mounted already is fine. */
int image_mount(struct image_tool *t, const char *bundle) MUST_CHECK;
/* A bundle of ours, its mount, and its reference in the store. */
int image_delete(struct image_tool *t, const char *bundle) MUST_CHECK;
/* Layers of a store (NULL = the default) that no bundle uses any more. */
int image_store_gc(struct image_tool *t, const char *store, bool dry_run) MUST_CHECK;

/* Names and platforms of all images at `place`. */
int image_ls(struct image_tool *t, const char *place, bool json) MUST_CHECK;
/* Manifest, config, history and layers of one. */
int image_inspect(struct image_tool *t, const char *image, const char *platform,
		  bool json) MUST_CHECK;

/* What changed in a bundle since it was created: lines "A|C|D PATH", or JSON. */
struct diff_wishes {
	struct oci_strs masks; /* paths to leave out */
	bool no_mask_volumes, json;
};
int image_diff(struct image_tool *t, const char *bundle, const struct diff_wishes *w) MUST_CHECK;

/* An image of the bundle's image and its changes, in the layout IMAGE; prints its digest. */
struct history_wishes {
	const char *author, *comment, *created, *created_by; /* NULL: the default */
	bool none;
};
struct repack_wishes {
	const char *compress; /* NULL or "auto", "gzip", "zstd", "none" */
	struct oci_strs masks;
	struct history_wishes history;
	bool if_changed, refresh_bundle, no_mask_volumes;
};
int image_repack(struct image_tool *t, const char *bundle, const char *image,
		 const struct repack_wishes *w) MUST_CHECK;

/* Everything that can be wrong, not only the first. type: NULL = by content; "image",
 * "imageLayout", "manifest", "imageIndex", "config". 0 = nothing is wrong, 1 = something is (and
 * was printed). */
int image_validate(struct image_tool *t, const char *what, const char *type, bool json) MUST_CHECK;
