/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool convert`: the same layers with another compression. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = {
	OPT_STRING(0, "compress", struct convert_wishes, compress, "CODEC",
		   "zstd (default), gzip or none"),
	OPT_UINT(0, "level", struct convert_wishes, level, "N", "how hard (default: the codec's)"),
	OPT_STRING(0, "tag", struct convert_wishes, tag, "NAME", "name of the result"),
	OPT_STRING(0, "platform", struct convert_wishes, platform, "OS/ARCH[/VARIANT]",
		   "choose from several (default: the host's)"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	return image_convert(t, args->v[0], opts);
}

const struct command cmd_convert = {
	.name = "convert",
	.args = "IMAGE[:REF]",
	.summary = "compress the layers of an image otherwise",
	.rows = rows,
	.opts_size = sizeof(struct convert_wishes),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
