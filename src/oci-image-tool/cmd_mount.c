/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool mount`: the rootfs of an overlay bundle, after a reboot. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return image_mount(t, args->v[0]);
}

const struct command cmd_mount = {
	.name = "mount",
	.args = "BUNDLE",
	.summary = "mount the rootfs of a bundle made with --overlay again",
	.rows = rows,
	.opts_size = 1,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
