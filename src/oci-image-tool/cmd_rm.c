/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool rm`: a name goes; gc removes what it held. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = {

	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return image_rm(t, args->v[0]);
}

const struct command cmd_rm = {
	.name = "rm",
	.args = "LAYOUT:REF",
	.summary = "take a name out of a layout",
	.rows = rows,
	.opts_size = 1,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
