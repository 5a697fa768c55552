/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun mounts add|remove`: other mounts for a container that lives. */
#include "ocirun/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	bool add = streq(args->v[0], "add");
	(void)opts;
	if (!add && !streq(args->v[0], "remove"))
		return err_msg(ERR_USAGE, "mounts: expected add or remove, found \"%s\"",
			       args->v[0]);
	return runtime_mounts(rt, args->v[1], args->v[2], add);
}

const struct command cmd_mounts = {
	.name = "mounts",
	.args = "add|remove ID FILE",
	.summary = "add mounts to a container that lives, or remove them",
	.rows = rows,
	.opts_size = 1,
	.min_args = 3,
	.max_args = 3,
	.enters = true,
	.run = run,
};
