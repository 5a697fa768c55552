/* SPDX-License-Identifier: Apache-2.0 */
/* What a tree was when it was unpacked, so that a change is found without reading a byte: one
 * record per file with its inode, times, owner, mode, size; in the order of the walk. It is kept in
 * the bundle, for this machine alone. Whoever copies a bundle gets other inodes: then contents are
 * compared (diff.h). */
#pragma once

#include "layer/walk.h"

#define SNAPSHOT_NAME "oci-image-tool.snapshot"

/* Walk the tree and put the file into the bundle (0600, by rename). A change made after this
 * returns has a later ctime than anything in it. */
int snapshot_write(int root_fd, int bundle_fd) MUST_CHECK;

/* The same, record by record, in the order of the walk, by somebody who walks anyway. */
struct snapshot_writer;
int snapshot_begin(int bundle_fd, struct snapshot_writer **out) MUST_CHECK;
/* The offset of the record, or negative. */
int64_t snapshot_add(struct snapshot_writer *w, const struct walk_entry *e) MUST_CHECK;
int snapshot_amend(struct snapshot_writer *w, uint64_t at, const struct facts *now) MUST_CHECK;
int snapshot_commit(struct snapshot_writer *w) MUST_CHECK; /* and close, if negative too */
void snapshot_abort(struct snapshot_writer *w);            /* NULL is fine */

struct snapshot;
int snapshot_open(int bundle_fd, struct snapshot **out) MUST_CHECK; /* 1 = there is none */
void snapshot_close(struct snapshot *s); /* NULL is fine */
/* 1 = the next record, valid until the next call; 0 = the end. What is no record is refused. */
int snapshot_next(struct snapshot *s, struct walk_entry *e) MUST_CHECK;
