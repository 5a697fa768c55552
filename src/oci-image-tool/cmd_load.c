/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool load`: archives into a layout. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = {

	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return image_copy_in(t, args->v[0], args->v[1]);
}

const struct command cmd_load = {
	.name = "load",
	.args = "ARCHIVE[:REF] LAYOUT[:REF]",
	.summary = "copy images from an archive or layout into a layout",
	.rows = rows,
	.opts_size = 1,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
