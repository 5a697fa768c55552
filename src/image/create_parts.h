/* SPDX-License-Identifier: Apache-2.0 */
/* What the two ways of making a bundle share: unpack.c copies, create_overlay.c mounts. */
#pragma once

#include "image/image.h"
#include "image/resolve.h"
#include "image/runtime_config.h"

int create_parse_wishes(struct arena *a, const struct unpack_wishes *w,
			struct unpack_opts *o) MUST_CHECK;
int create_write_config(struct arena *a, const struct image *i, const struct runtime_wishes *w,
			int root_fd, int bundle_fd) MUST_CHECK;
int create_overlay(struct image_tool *t, const struct image *i, const struct runtime_wishes *config,
		   const char *bundle, const struct create_wishes *w) MUST_CHECK;
