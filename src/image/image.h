/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of oci-image-tool. They print their answer on stdout and warnings through base/log.h;
 * each gives 0, or negative with the slot filled, unless it says otherwise. */
#pragma once

#include <ocispec/values.h>

#include "base/err.h"

/* Lives in: the arena of the command. */
struct image_tool {
	struct arena *arena;
	bool quiet; /* no progress bar, even on a terminal */
};
