/* SPDX-License-Identifier: Apache-2.0 */
/* Layers to a tree, by three threads over a ring of buffers: read and inflate, hash, create files.
 * Every blob's digest and size hold before its first byte is parsed, and both hashing and inflating
 * read the same descriptor; the diffID is compared at the end of the layer. The caller gives an
 * empty private directory and throws it away when this fails: nothing here is ever half right. */
#pragma once

#include <sys/stat.h>

#include "layer/codec.h"

struct unpack_layer {
	const char *name; /* for messages: "layer 2 of 5 (sha256:0123...)" */
	struct region blob;
	enum codec codec;
	bool has_digest;       /* docker-archive knows none: the diffID is the check */
	struct digest digest;  /* of the blob */
	struct digest diff_id; /* of the plain tar */
};

/* first inside, first outside, how many */
struct unpack_map {
	uint32_t inside, outside, count;
};

struct unpack_opts {
	uint64_t max_bytes;   /* of all plain tars; 0 = 64 GiB */
	uint64_t max_entries; /* of all layers; 0 = 2 million */
	unsigned max_ratio;   /* plain : compressed once past 1 GiB; 0 = 1000 */
	unsigned max_depth;   /* components of a path; 0 = 512 */
	bool devices;         /* make character and block nodes; else they are skipped */
	bool rootless;        /* every file is ours; what needs privileges is left out */
	bool overlay;         /* write whiteouts in the form of overlayfs, for one layer alone */
	bool keep_dirlinks;   /* a folder over a symlink to a folder goes through it */
	const struct unpack_map *uids, *gids; /* owner in the layer -> owner on disk; none: as is */
	size_t n_uids, n_gids;
	/* Overlay form: a folder that no entry of this layer makes would cover one of the layers
	 * below with attributes of nobody. 1 = *st is the folder `path` of below, 0 = there is
	 * none. May be NULL. Uses the next member. */
	int (*below)(void *below_ctx, const char *path, struct stat *st);
	void *below_ctx;
	/* Called now and then from the calling thread with compressed bytes done; negative (with
	 * the slot filled) stops everything. May be NULL. */
	int (*progress)(void *ctx, uint64_t done);
	void *ctx;
};

struct unpack_report {
	uint64_t entries, bytes; /* of the plain tars */
	uint64_t devices_skipped, xattrs_dropped, owners_dropped;
	bool trailing_garbage;
};

/* Unpack layers[0..n) in order below root_fd. report may be NULL. Errors name the layer and the
 * entry. */
int layers_unpack(const struct unpack_opts *o, const struct unpack_layer *layers, size_t n,
		  int root_fd, struct unpack_report *report) MUST_CHECK;
