/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun ps`: the processes of a container. What follows the id belongs to ps(1). */
#include "ocirun/command.h"

struct ps_opts {
	const char *format;
};

static const struct opt rows[] = {
	OPT_STRING('f', "format", struct ps_opts, format, "FORMAT", "table (default) or json"),
	OPT_END
};

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct ps_opts *o = opts;
	return runtime_ps(rt, args->v[0], o->format, args->v + 1, args->n - 1);
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "ID [PS OPTIONS...]",
	.summary = "list the processes of a container",
	.rows = rows,
	.opts_size = sizeof(struct ps_opts),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.opt_flags = OPT_STOP_AT_POSITIONAL,
	.run = run,
};
