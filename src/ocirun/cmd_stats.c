/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun stats`: what containers use, once. */
#include "ocirun/command.h"

struct stats_opts {
	const char *format;
};

static const struct opt rows[] = { OPT_STRING('f', "format", struct stats_opts, format, "FORMAT",
					      "table (default) or json"),
				   OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct stats_opts *o = opts;
	return runtime_stats(rt, args, o->format);
}

const struct command cmd_stats = {
	.name = "stats",
	.args = "[ID...]",
	.summary = "print what containers use",
	.rows = rows,
	.opts_size = sizeof(struct stats_opts),
	.max_args = SIZE_MAX,
	.run = run,
};
