/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool delete`: a bundle and all that belongs to it. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return image_delete(t, args->v[0]);
}

const struct command cmd_delete = {
	.name = "delete",
	.args = "BUNDLE",
	.summary = "remove a bundle, its mount and its reference to shared layers",
	.rows = rows,
	.opts_size = 1,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
