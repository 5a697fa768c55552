/* SPDX-License-Identifier: Apache-2.0 */
/* tar archives, read strictly (docs/design/layers.md has the rows): ustar, v7, pax records,
 * GNU long
 * names, GNU and pax sparse files, base-256 numbers, xattrs of SCHILY and LIBARCHIVE. Names are
 * bytes. What no honest writer makes is refused, with the number of the entry in the error. */
#pragma once

#include <sys/types.h>
#include <time.h>

#include "layer/feed.h"

enum tar_type {
	TAR_FILE = '0', TAR_HARDLINK = '1', TAR_SYMLINK = '2', TAR_CHAR = '3', TAR_BLOCK = '4',
	TAR_DIR = '5', TAR_FIFO = '6',
};

struct tar_xattr {
	const char *name;
	const void *value;
	size_t len;
};

struct tar_hole_map { uint64_t at, len; }; /* a piece that has data */

struct tar_entry {
	enum tar_type type;
	const char *path;      /* as written but for trailing slashes; never empty, no NUL inside */
	const char *link;      /* target of links, else "" */
	uint64_t size;         /* of the file as it will be; 0 for all but TAR_FILE */
	mode_t mode;           /* 07777 */
	uint32_t uid, gid;
	struct timespec mtime; /* 0 when not in -2^31 .. 2^33 */
	uint32_t major, minor;
	struct tar_xattr *xattrs;
	size_t n_xattrs;
	bool sparse;
	struct tar_hole_map *map; /* sparse: where the payload goes, in order */
	size_t n_map;
	uint64_t number;          /* 1 for the first entry of the archive */
};

struct tar_limits {
	uint64_t max_map;   /* pieces of a sparse file; 0 = 1 million */
	size_t max_pax;     /* bytes of one extended header; 0 = 1 MiB */
};

struct tar;
/* Reads from f, which stays the caller's. */
struct tar *tar_new(struct feed *f, const char *what, const struct tar_limits *limits);
void tar_free(struct tar *t);
/* The next entry; what it points to is valid until the next call. Payload that was not read is
 * skipped. 1 = there is one, 0 = the end: the end blocks were seen and the rest was zeros. */
int tar_next(struct tar *t, struct tar_entry *e) MUST_CHECK;
/* The next piece of the payload of the entry, straight from the feed. 1, or 0 at its end. For
 * sparse files `at` tells where in the file the piece belongs, and a piece never crosses a hole. */
int tar_data(struct tar *t, const uint8_t **data, size_t *len, uint64_t *at) MUST_CHECK;
/* Where the header of the current entry began, in bytes of the archive, and where its payload
 * begins (for indexes of archives: an uncompressed one can be read in place). */
void tar_position(const struct tar *t, uint64_t *header, uint64_t *payload);
