/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun delete`: remove what a container leaves behind. */
#include "ocirun/command.h"

struct delete_opts {
	bool force, regex;
};

static const struct opt rows[] = {
	OPT_FLAG('f', "force", struct delete_opts, force,
		 "kill it first; no error when it does not exist or a poststop hook fails"),
	OPT_FLAG('r', "regex", struct delete_opts, regex,
		 "ID is a regular expression: all containers that match"),
	OPT_END
};

static int delete_one(struct runtime *rt, const char *id, const void *ctx)
{
	const struct delete_opts *o = ctx;
	return runtime_delete(rt, id, o->force);
}

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct delete_opts *o = opts;
	if (o->regex)
		return runtime_each(rt, args->v[0], delete_one, o);
	return delete_one(rt, args->v[0], o);
}

const struct command cmd_delete = {
	.name = "delete",
	.args = "ID",
	.summary = "delete a container",
	.rows = rows,
	.opts_size = sizeof(struct delete_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
