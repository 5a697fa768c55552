/* SPDX-License-Identifier: Apache-2.0 */
/* What `create` leaves in a bundle beside rootfs and config.json. */
#pragma once

#include "image/resolve.h"

/* clang-format off */
#include <ocispec/structs_on.h>
#include "image/bundle.def"
#include <ocispec/structs_off.h>
/* clang-format on */

#define BUNDLE_RECORD  "oci-image-tool.json"
#define BUNDLE_VERSION 1

const struct oci_type *oci_bundle_type(void);

/* Write the record of `i`, unpacked with `o`, into the directory bundle_fd. overlay: NULL, or how
 * its rootfs is mounted. */
int bundle_record_write(const struct image *i, const struct unpack_opts *o,
			struct oci_bundle_overlay *overlay, int bundle_fd) MUST_CHECK;
/* Read it; ERR_USAGE when the directory is no bundle of ours. */
int bundle_record_read(struct arena *a, int bundle_fd, const char *path,
		       struct oci_bundle **out) MUST_CHECK;
