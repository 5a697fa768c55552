/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun features`: print what this runtime can do, as JSON. */
#include "ocirun/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	(void)args;
	return runtime_features(rt);
}

const struct command cmd_features = {
	.name = "features",
	.args = "",
	.summary = "print what this runtime can do, as JSON",
	.rows = rows,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
