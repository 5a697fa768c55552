/* SPDX-License-Identifier: Apache-2.0 */
/* What validate has found: a list that grows instead of a first error that ends everything. */
#pragma once

#include "base/vec.h"
#include "image/resolve.h"

struct faults {
	struct arena *arena;
	VEC(const char *) list;
	size_t checked; /* documents and blobs looked at */
};

/* Takes the recorded error, if r is one, into the list; true when it was. */
bool fault_taken(struct faults *f, int r);
void fault_add(struct faults *f, const char *fmt, ...) PRINTF(2, 3);

/* validate_config.c: rules that a schema cannot say. */
void validate_config(struct faults *f, const char *what, const struct oci_image_config *c,
		     size_t layers);
