/* SPDX-License-Identifier: Apache-2.0 */
/* Tar entries to files: the state that the apply_*.c files share. One apply goes through all layers
 * of an image. */
#pragma once

#include "layer/dircache.h"
#include "layer/dirlog.h"
#include "layer/pathset.h"
#include "layer/tar.h"
#include "layer/unpack.h"

/* A clean name, cut in two: the folder, and the last part ("" is the root itself). */
struct entry_name {
	char *text;
	size_t cap;
	const char *above, *base;
};

struct apply {
	const struct unpack_opts *o;
	int root_fd;
	uid_t uid; /* what new files get by themselves */
	gid_t gid;
	bool lower;         /* there are layers below this one */
	bool dir_xattrs;    /* some folder has attributes */
	uint64_t apparent;  /* bytes of files, holes too */
	struct unpack_report *report;
	struct dircache dirs;
	struct dirlog log;
	struct pathset mine;   /* canon paths of this layer, with the folders above them */
	struct pathset opaque; /* folders already cleaned of lower layers in this layer */
	struct entry_name name, target; /* of the entry, and of what a hard link leads to */
	/* its place, once the folder is known */
	const struct dir *dir;
	char *canon; /* dir->canon + name.base */
	size_t canon_len, canon_cap;
};

/* apply.c */
int apply_open(struct apply *a, const struct unpack_opts *o, int root_fd,
	       struct unpack_report *report) MUST_CHECK;
void apply_close(struct apply *a);
/* Between layers: what was "mine" is lower now. */
void apply_next_layer(struct apply *a);
/* One entry; payload is read from t. The error does not name the entry. */
int apply_entry(struct apply *a, struct tar *t, const struct tar_entry *e) MUST_CHECK;
/* After the last layer: times and modes of folders. */
int apply_finish(struct apply *a) MUST_CHECK;
/* Whatever is at the entry's place goes; a->dir is found anew. */
int apply_clear(struct apply *a) MUST_CHECK;

/* apply_name.c: split and check a name of the tar; then find, or make, its folder. */
int apply_name(const struct apply *a, const char *name, struct entry_name *out) MUST_CHECK;
int apply_place(struct apply *a) MUST_CHECK;
/* The folder of the entry if it is there; 1 when not. */
int apply_find(struct apply *a) MUST_CHECK;
/* After name.base was changed. */
int apply_set_canon(struct apply *a) MUST_CHECK;

/* apply_make.c, apply_link.c */
int apply_file(struct apply *a, struct tar *t, const struct tar_entry *e) MUST_CHECK;
int apply_dir(struct apply *a, const struct tar_entry *e) MUST_CHECK;
int apply_root(struct apply *a, const struct tar_entry *e) MUST_CHECK;
int apply_hardlink(struct apply *a, const struct tar_entry *e) MUST_CHECK;
int apply_symlink(struct apply *a, const struct tar_entry *e) MUST_CHECK;
int apply_node(struct apply *a, const struct tar_entry *e) MUST_CHECK;

/* apply_attr.c */
int apply_owner(const struct apply *a, const struct tar_entry *e, uid_t *uid,
		gid_t *gid) MUST_CHECK;
int apply_chown_failed(uid_t uid, gid_t gid) MUST_CHECK; /* errno to error and hint */
int apply_chown_at(struct apply *a, const struct tar_entry *e) MUST_CHECK;
/* Those of the entry, and without privileges its owner. */
int apply_xattrs(struct apply *a, int fd, const struct tar_entry *e) MUST_CHECK;
bool apply_notes_owner(const struct apply *a, const struct tar_entry *e);
int apply_drop_xattrs(int fd) MUST_CHECK;

/* apply_whiteout.c: 1 = the name is a whiteout and is dealt with. */
int apply_whiteout(struct apply *a) MUST_CHECK;
/* Overlay form: is the thing at the entry's place a whiteout of ours? And mark a folder opaque. */
bool apply_is_whiteout_node(const struct apply *a);
int apply_mark_opaque(struct apply *a, const struct dir *parent, const char *name) MUST_CHECK;
