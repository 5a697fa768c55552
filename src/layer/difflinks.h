/* SPDX-License-Identifier: Apache-2.0 */
/* Names of one file. Two questions: was a link broken or made between names that were there before
 * (that is a change, though each file looks as it did); and which other names must go into a layer
 * with a changed one, so that all of them are one file again wherever the layer is applied. */
#pragma once

#include "base/vec.h"
#include "layer/diff.h"

struct link_name {
	const char *path;
	struct facts facts;
	uint64_t was_ino; /* 0: a new name */
	struct change *change;
};

struct link_names { struct link_name *v; size_t n, cap; };
struct link_changes { struct change *v; size_t n, cap; };

/* In the order of the walk. */
void link_names_add(struct arena *a, struct link_names *l, const char *path,
		    const struct facts *now, uint64_t was_ino);
/* list: the changes, in order. Sets link_to in them; out gets changes to be added. */
void link_names_check(struct arena *a, struct link_names *l, struct change *list, size_t n,
		      struct link_changes *out);
