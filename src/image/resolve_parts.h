/* SPDX-License-Identifier: Apache-2.0 */
/* Between the choice of an image and its loading. */
#pragma once

#include "image/resolve.h"

/* load.c: fills manifest, config and layers of i->descriptor. */
int image_load(struct image *i) MUST_CHECK;
int image_load_docker(struct image *i, const struct oci_docker_archive_image *d) MUST_CHECK;
int image_read_manifest(struct image *i, const struct oci_descriptor *d,
			struct oci_manifest **out) MUST_CHECK;
int image_read_config(struct image *i, const struct oci_descriptor *d,
		      struct oci_image_config **out) MUST_CHECK;
/* embedded.c: the bytes in d->data, if any, are d->size and have d->digest. `what` is the document
 * and the JSON path of d, NULL is fine for d. */
int descriptor_check_data(struct arena *a, const char *what,
			  const struct oci_descriptor *d) MUST_CHECK;
