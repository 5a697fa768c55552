/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the tar reader share: the header block, the reader's state, and its pieces. */
#pragma once

#include "layer/tar.h"

enum { TAR_BLOCK_SIZE = 512, TAR_NAME_MAX = 4096, TAR_XATTRS_MAX = 100, TAR_XATTR_MAX = 65536 };

struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char linkname[100], magic[6], version[2], uname[32], gname[32], major[8], minor[8];
	char prefix[155], pad[12];
};
_Static_assert(sizeof(struct tar_header) == TAR_BLOCK_SIZE, "a header is a block");

/* What extended headers said about the next entry. Members point into tar.pax, but for sparse_name
 * and path, link, which may come from GNU long names. */
struct tar_said {
	const char *path, *link, *sparse_name;
	bool has_size, has_uid, has_gid, has_mtime, has_real_size;
	uint64_t size, real_size;
	uint64_t pair_at; /* half of a pair of a sparse map */
	uint32_t uid, gid;
	struct timespec mtime;
	unsigned sparse_major, sparse_minor;
	bool sparse;
	size_t n_xattrs;
	struct tar_xattr xattrs[TAR_XATTRS_MAX];
};

struct tar {
	struct feed *feed;
	const char *what;
	struct tar_limits limits;
	const uint8_t *piece; /* what is left of the feed's last piece */
	size_t piece_len;
	uint64_t at;             /* bytes of the archive consumed */
	uint64_t header_at, payload_at;
	uint64_t number;
	uint64_t payload_left, padding;
	/* the entry */
	struct tar_said said;
	char name[TAR_BLOCK_SIZE], link[101];
	char *pax, *long_name, *long_link; /* malloc'd */
	/* sparse */
	struct tar_hole_map *map;
	size_t n_map, map_cap;
	size_t map_i;            /* the piece that is being read */
	uint64_t map_done;       /* of it */
	bool sparse, ended;
	uint64_t global_bytes;
};

/* tar.c */
int tar_exact(struct tar *t, void *into, size_t len) MUST_CHECK;
int tar_bad(const struct tar *t, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;

/* tar_field.c: numbers of a header: octal, or base-256 (GNU). `max` included. */
struct tar_field {
	const char *name, *text;
	size_t len;
};
int tar_number(const struct tar *t, struct tar_field f, uint64_t max, uint64_t *out) MUST_CHECK;
/* A time that not every file system can hold is no reason to refuse an image; it becomes 0. */
#define TAR_MTIME_MIN (-(INT64_C(1) << 31))
#define TAR_MTIME_MAX (INT64_C(1) << 33)
struct timespec tar_clamp(int64_t seconds, long nsec);
int tar_mtime(const struct tar *t, struct tar_field f, struct timespec *out) MUST_CHECK;
bool tar_checksum_ok(const struct tar_header *h);
#define TAR_FIELD(h_, member_) \
	((struct tar_field){ #member_, (h_)->member_, sizeof((h_)->member_) })

/* tar_pax.c: the records of one extended header, text[0..len) being NUL-terminated. */
int tar_pax_parse(struct tar *t, char *text, size_t len) MUST_CHECK;

/* tar_sparse.c */
int tar_map_add(struct tar *t, uint64_t at, uint64_t len) MUST_CHECK;
int tar_sparse_gnu(struct tar *t, const struct tar_header *h, uint64_t *real) MUST_CHECK;
int tar_sparse_pax1(struct tar *t) MUST_CHECK; /* 1.0: the map is in front of the payload */
int tar_sparse_check(struct tar *t, uint64_t real) MUST_CHECK;
