/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun kill`: send a signal to a container. */
#include "base/names.h"
#include "ocirun/command.h"

struct kill_opts {
	bool all;
};

static const struct opt rows[] = { OPT_FLAG('a', "all", struct kill_opts, all,
					    "succeed when the container is no longer running"),
				   OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct kill_opts *o = opts;
	const char *text = args->n > 1 ? args->v[1] : "TERM";
	int signo = signal_parse(text);
	if (signo < 0)
		return err_msg(ERR_USAGE, "unknown signal \"%s\"", text);
	return runtime_kill(rt, args->v[0], signo, o->all);
}

const struct command cmd_kill = {
	.name = "kill",
	.args = "ID [SIGNAL]",
	.summary = "send a signal (default SIGTERM) to a container",
	.rows = rows,
	.opts_size = sizeof(struct kill_opts),
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
