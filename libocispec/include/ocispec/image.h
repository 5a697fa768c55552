/* SPDX-License-Identifier: Apache-2.0 */
/* The structs of the image-spec documents, made from spec/image.def. Docker's schema 2 documents
 * are read with the same types; which it is, the media type says. */
#pragma once

#include <ocispec/ocispec.h>

/* clang-format off */
#include <ocispec/structs_on.h>
#include "../../spec/image.def"
#include <ocispec/structs_off.h>
/* clang-format on */

const struct oci_type *oci_index_type(void);        /* index.json, also docker's manifest list */
const struct oci_type *oci_manifest_type(void);     /* also docker's manifest, schema 2 */
const struct oci_type *oci_image_config_type(void); /* also docker's image config */
const struct oci_type *oci_descriptor_type(void);
const struct oci_type *oci_platform_type(void);
const struct oci_type *oci_layout_type(void);         /* the file oci-layout */
const struct oci_type *oci_docker_archive_type(void); /* manifest.json of `docker save` */
