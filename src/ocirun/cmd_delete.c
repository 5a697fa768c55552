/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun delete`: remove what a container leaves behind. */
#include "ocirun/command.h"

struct delete_opts {
	bool force;
};

static const struct opt rows[] = { OPT_FLAG('f', "force", struct delete_opts, force,
					    "kill it first; no error when it does not exist"),
				   OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct delete_opts *o = opts;
	return runtime_delete(rt, args->v[0], o->force);
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
