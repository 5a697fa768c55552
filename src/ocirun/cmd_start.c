/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun start`: start the program of a created container. */
#include "ocirun/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return runtime_start(rt, args->v[0]);
}

const struct command cmd_start = {
	.name = "start",
	.args = "ID",
	.summary = "start the program of a created container",
	.rows = rows,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
