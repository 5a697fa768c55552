/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun explain`: print what create would do with a bundle, and do nothing. */
#include "ocirun/command.h"

static const struct opt rows[] = { { OPT_K_SHARED, 0, NULL, 0, NULL, NULL, bundle_rows, 0 },
				   OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	struct create_opts o = *(const struct create_opts *)opts;
	if (args->n)
		o.bundle = args->v[0];
	return runtime_explain(rt, &o);
}

const struct command cmd_explain = {
	.name = "explain",
	.args = "[BUNDLE]",
	.summary = "print what create would do, and do nothing",
	.rows = rows,
	.opts_size = sizeof(struct create_opts),
	.max_args = 1,
	.run = run,
};
