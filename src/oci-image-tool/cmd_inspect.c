/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool inspect`: one image in full. */
#include "oci-image-tool/command.h"

struct inspect_opts {
	const char *format, *platform;
};

static const struct opt rows[] = {
	OPT_STRING('f', "format", struct inspect_opts, format, "FORMAT", "table (default) or json"),
	OPT_STRING(0, "platform", struct inspect_opts, platform, "OS/ARCH[/VARIANT]",
		   "choose from several (default: the host's)"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	const struct inspect_opts *o = opts;
	bool json;
	TRY(format_parse(o->format, &json));
	return image_inspect(t, args->v[0], o->platform, json);
}

const struct command cmd_inspect = {
	.name = "inspect",
	.args = "IMAGE[:REF]",
	.summary = "print manifest, config, history and layers of an image",
	.rows = rows,
	.opts_size = sizeof(struct inspect_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
