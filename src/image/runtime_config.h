/* SPDX-License-Identifier: Apache-2.0 */
/* Image config to config.json, by image-spec conversion.md, on top of the default configuration. */
#pragma once

#include <ocispec/image.h>
#include <ocispec/runtime.h>

#include "base/err.h"

struct runtime_wishes {
	struct oci_strs args;    /* the whole command line; none = the image's */
	struct oci_strs command; /* instead of Cmd, behind Entrypoint */
	struct oci_strs env;     /* K=V, added or replacing */
	const char *user, *cwd, *hostname;
	const char *volumes; /* NULL or "tmpfs", "ignore" */
	bool read_only, terminal, rootless;
};

/* root_fd: the unpacked root file system, for names of users. */
int runtime_config_make(struct arena *a, const struct oci_image_config *image,
			const struct runtime_wishes *w, int root_fd,
			struct oci_config **out) MUST_CHECK;
