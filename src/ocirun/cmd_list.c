/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun list`: the containers below the state directory. */
#include "ocirun/command.h"

struct list_opts {
	const char *format;
	bool quiet;
};

static const struct opt rows[] = {
	OPT_STRING('f', "format", struct list_opts, format, "FORMAT", "table (default) or json"),
	OPT_FLAG('q', "quiet", struct list_opts, quiet, "print ids only"), OPT_END
};

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct list_opts *o = opts;
	(void)args;
	return runtime_list(rt, o->format, o->quiet);
}

const struct command cmd_list = {
	.name = "list",
	.args = "",
	.summary = "list containers",
	.rows = rows,
	.opts_size = sizeof(struct list_opts),
	.run = run,
};
