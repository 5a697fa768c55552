/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool tag`: another name in index.json. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = {

	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return image_tag(t, args->v[0], args->v[1]);
}

const struct command cmd_tag = {
	.name = "tag",
	.args = "IMAGE[:REF] NAME",
	.summary = "give an image of a layout another name",
	.rows = rows,
	.opts_size = 1,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
