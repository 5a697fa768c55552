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

/* An empty layout at a place that does not exist yet, or is an empty directory. */
int image_init(struct image_tool *t, const char *layout) MUST_CHECK;
/* Another name for the entry; what had the name loses it. */
int image_tag(struct image_tool *t, const char *image, const char *name) MUST_CHECK;
/* The name, or the entry of a digest, goes; blobs stay until gc. */
int image_rm(struct image_tool *t, const char *image) MUST_CHECK;
/* Blobs that index.json does not lead to. */
int image_layout_gc(struct image_tool *t, const char *layout, bool dry_run) MUST_CHECK;

/* What shall be other in a config. Texts: NULL keeps, "" takes away. */
struct config_wishes {
	const char *platform, *tag;
	const char *user, *workdir, *stop_signal, *author, *created, *os, *architecture, *variant;
	struct oci_strs env, unset_env, entrypoint, cmd, labels, unset_labels, ports, volumes;
	struct oci_strs annotations, unset_annotations, clear;
};
struct oci_image_config;
int config_edit(struct arena *a, struct oci_image_config *c,
		const struct config_wishes *w) MUST_CHECK;
/* The image changed so, by its name or w->tag; prints the new digest. */
int image_config(struct image_tool *t, const char *image, const struct config_wishes *w) MUST_CHECK;

/* All images of an archive (or of a layout), or the one that is named, into the layout
 * "LAYOUT[:REF]". */
int image_copy_in(struct image_tool *t, const char *from, const char *to) MUST_CHECK;

struct save_wishes {
	const char *output, *format, *platform; /* format: NULL or "both", "oci-archive", ... */
};
int image_save(struct image_tool *t, const struct oci_strs *images,
	       const struct save_wishes *w) MUST_CHECK;

struct convert_wishes {
	const char *compress, *tag, *platform;
	unsigned level; /* 0 = the codec's default */
};
int image_convert(struct image_tool *t, const char *image,
		  const struct convert_wishes *w) MUST_CHECK;

/* An image of one layer, from a tar (compressed or not), at "LAYOUT[:REF]". */
struct import_wishes {
	struct config_wishes config;
	const char *compress;
};
int image_import(struct image_tool *t, const char *tar, const char *to,
		 const struct import_wishes *w) MUST_CHECK;
/* The root file system as one tar; output NULL or "-" is stdout. */
int image_export(struct image_tool *t, const char *image, const char *platform,
		 const char *output) MUST_CHECK;

/* Everything that can be wrong, not only the first. type: NULL = by content; "image",
 * "imageLayout", "manifest", "imageIndex", "config". 0 = nothing is wrong, 1 = something is (and
 * was printed). */
int image_validate(struct image_tool *t, const char *what, const char *type, bool json) MUST_CHECK;
