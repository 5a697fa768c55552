/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a source share. */
#pragma once

#include "base/vec.h"
#include "image/source.h"

/* A file of an archive: where its bytes are, or what it is a symlink to. */
struct member {
	const char *name; /* clean, relative */
	const char *link; /* NULL: a file */
	struct region region;
};

struct source {
	struct arena *arena;
	enum source_kind kind;
	const char *path;
	int fd; /* the layout's folder, or the archive (perhaps an unpacked copy of it) */
	struct oci_index *index;
	struct oci_docker_archive *docker;
	VEC(int) blobs;             /* descriptors of a layout's blobs that were handed out */
	VEC(struct member) members; /* of an archive */
};

/* source_layout.c */
int layout_source_open(struct source *s) MUST_CHECK;
int layout_source_blob(struct source *s, const struct digest *d, struct region *out) MUST_CHECK;
/* A file by name below the root, whole. */
int layout_source_text(struct source *s, const char *name, size_t max, char **text,
		       size_t *len) MUST_CHECK;

/* source_archive.c */
int archive_source_open(struct source *s, enum source_kind wanted) MUST_CHECK;
const struct member *archive_find(const struct source *s, const char *name);
