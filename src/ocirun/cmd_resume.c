/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun resume`: let a paused container go on. */
#include "ocirun/command.h"

static const struct opt rows[] = { OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	return runtime_resume(rt, args->v[0]);
}

const struct command cmd_resume = {
	.name = "resume",
	.args = "ID",
	.summary = "let a paused container go on",
	.rows = rows,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
