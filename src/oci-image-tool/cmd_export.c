/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool export`: all layers as one tar. */
#include "oci-image-tool/command.h"

struct export_opts {
	const char *output, *platform;
};

static const struct opt rows[] = {
	OPT_STRING('o', "output", struct export_opts, output, "FILE", "the tar (default: stdout)"),
	OPT_STRING(0, "platform", struct export_opts, platform, "OS/ARCH[/VARIANT]",
		   "choose from several (default: the host's)"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	const struct export_opts *o = opts;
	return image_export(t, args->v[0], o->platform, o->output);
}

const struct command cmd_export = {
	.name = "export",
	.args = "IMAGE[:REF]",
	.summary = "write the root file system of an image as one tar",
	.rows = rows,
	.opts_size = sizeof(struct export_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
