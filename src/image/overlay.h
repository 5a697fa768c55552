/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle whose rootfs is an overlay of layers in a store and its own folder `upper`. The mount is
 * made when the bundle is; after a reboot `mount` makes it again. */
#pragma once

#include "image/layerstore.h"

/* Mount BUNDLE/rootfs; there is nothing mounted yet. */
int overlay_mount(struct arena *a, int bundle_fd, const struct oci_bundle_overlay *o) MUST_CHECK;
/* Not mounted is fine. */
int overlay_umount(int bundle_fd, const char *bundle) MUST_CHECK;
/* Is there a mount on BUNDLE/rootfs? */
bool overlay_is_mounted(int bundle_fd);
/* The folders of a new bundle: rootfs, upper (with the attributes of the topmost root), work. */
int overlay_folders(struct layerstore *s, const struct oci_strs *layers, int bundle_fd) MUST_CHECK;
