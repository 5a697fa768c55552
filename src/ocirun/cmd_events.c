/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun events`: statistics and OOM kills of a container as lines of JSON. */
#include "base/parse.h"
#include "ocirun/command.h"

struct events_opts {
	const char *interval;
	bool stats;
};

static const struct opt rows[] = {
	OPT_STRING(0, "interval", struct events_opts, interval, "DUR",
		   "time between statistics, such as 500ms or 1m (default 5s)"),
	OPT_FLAG(0, "stats", struct events_opts, stats, "print the statistics once and end"),
	OPT_END
};

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct events_opts *o = opts;
	int64_t ns;
	TRY(parse_duration("--interval", o->interval ? o->interval : "5s", &ns));
	return runtime_events(rt, args->v[0], ns, o->stats);
}

const struct command cmd_events = {
	.name = "events",
	.args = "ID",
	.summary = "print statistics and OOM kills of a container as they come",
	.rows = rows,
	.opts_size = sizeof(struct events_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
