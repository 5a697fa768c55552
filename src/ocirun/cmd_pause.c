/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun pause`: stop the processes of a container until resume. */
#include "ocirun/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return runtime_pause(rt, args->v[0]);
}

const struct command cmd_pause = {
	.name = "pause",
	.args = "ID",
	.summary = "stop the processes of a container until resume",
	.rows = rows,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
