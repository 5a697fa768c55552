/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun kill`: send a signal to a container. */
#include "base/names.h"
#include "ocirun/command.h"

struct kill_opts {
	bool all, regex;
	int signo;
};

static const struct opt rows[] = {
	OPT_FLAG('a', "all", struct kill_opts, all,
		 "signal every process of the container's cgroup; no error when it has ended"),
	OPT_FLAG('r', "regex", struct kill_opts, regex,
		 "ID is a regular expression: all containers that match"),
	OPT_END
};

static int kill_one(struct runtime *rt, const char *id, const void *ctx)
{
	const struct kill_opts *o = ctx;
	return runtime_kill(rt, id, o->signo, o->all);
}

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	struct kill_opts o = *(const struct kill_opts *)opts;
	const char *text = args->n > 1 ? args->v[1] : "TERM";
	o.signo = signal_parse(text);
	if (o.signo < 0)
		return err_msg(ERR_USAGE, "unknown signal \"%s\"", text);
	if (o.regex)
		return runtime_each(rt, args->v[0], kill_one, &o);
	return kill_one(rt, args->v[0], &o);
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
