/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in an overlay: its upper folder against the layers below. Whiteouts are deletions,
 * and so is what an opaque folder hides and does not have again. What was copied up and is as it
 * was is no change. */
#pragma once

#include "layer/diff.h"

/* lowers: the folders of the layers, topmost first. Of o, the masks count. The changes are those of
 * the tree at upper_fd: pack_changes reads it there. */
struct lower_layers { const int *fds; size_t n; };
int diff_upper(struct arena *a, const struct diff_opts *o, int upper_fd,
	       const struct lower_layers *lowers, struct changes *out) MUST_CHECK;

/* Has the open file or folder this mark of overlayfs ("opaque") with this value (NULL: any)? */
bool overlay_has_mark(int fd, const char *name, const char *value);
