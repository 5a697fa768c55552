/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun run`: create and start in one, and attend the container unless detached. */
#include "ocirun/command.h"

static const struct opt rows[] = {
	{ OPT_K_SHARED, 0, NULL, 0, NULL, NULL, create_rows, 0 },
	OPT_FLAG('d', "detach", struct create_opts, detach, "return once the container runs"),
	OPT_FLAG(0, "keep", struct create_opts, keep, "do not delete the container when it ends"),
	OPT_FLAG(0, "no-subreaper", struct create_opts, no_subreaper,
		 "do not adopt orphans of the container"),
	OPT_END
};

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	return runtime_run(rt, opts, args->v[0]);
}

const struct command cmd_run = {
	.name = "run",
	.args = "ID",
	.summary = "create and start a container",
	.prefix = "run failed",
	.rows = rows,
	.opts_size = sizeof(struct create_opts),
	.min_args = 1,
	.max_args = 1,
	.enters = true,
	.run = run,
};
