/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool diff`: what changed in a bundle since it was created. */
#include "oci-image-tool/command.h"

struct diff_opts {
	struct diff_wishes w;
	const char *format;
};

static const struct opt rows[] = {
	OPT_STRING(0, "format", struct diff_opts, format, "FORMAT", "table or json"),
	OPT_STRINGS(0, "mask-path", struct diff_opts, w.masks, "PATH",
		    "leave out PATH and what is below it"),
	OPT_FLAG(0, "no-mask-volumes", struct diff_opts, w.no_mask_volumes,
		 "do not leave out the image's Volumes"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	const struct diff_opts *o = opts;
	struct diff_wishes w = o->w;
	TRY(format_parse(o->format, &w.json));
	return image_diff(t, args->v[0], &w);
}

const struct command cmd_diff = {
	.name = "diff",
	.args = "BUNDLE",
	.summary = "what changed in a bundle since it was created",
	.rows = rows,
	.opts_size = sizeof(struct diff_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
