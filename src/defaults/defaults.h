/* SPDX-License-Identifier: Apache-2.0 */
/* The config.json a container gets when nobody says otherwise: what `ocirun spec` writes, and what
 * the bundles of oci-image-tool begin with. A room of its own, so that both programs have the
 * same. */
#pragma once

#include <ocispec/runtime.h>

#include "base/err.h"

/* Decoded into `a`; NULL only if the built-in text is broken. */
struct oci_config *defaults_config(struct arena *a);
/* Its change for who is not root; the id mappings are the caller's. */
void defaults_rootless(struct arena *a, struct oci_config *c);
