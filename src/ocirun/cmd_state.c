/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun state`: print the state of a container as JSON. */
#include "ocirun/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return runtime_state(rt, args->v[0]);
}

const struct command cmd_state = {
	.name = "state",
	.args = "ID",
	.summary = "print the state of a container as JSON",
	.rows = rows,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
