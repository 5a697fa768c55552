/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool ls`: what images are there. */
#include "oci-image-tool/command.h"

struct ls_opts {
	const char *format;
};

static const struct opt rows[] = { OPT_STRING('f', "format", struct ls_opts, format, "FORMAT",
					      "table (default) or json"),
				   OPT_END };

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	const struct ls_opts *o = opts;
	bool json;
	TRY(format_parse(o->format, &json));
	return image_ls(t, args->v[0], json);
}

const struct command cmd_ls = {
	.name = "ls",
	.args = "LAYOUT|ARCHIVE",
	.summary = "list the images of a layout or archive",
	.rows = rows,
	.opts_size = sizeof(struct ls_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
