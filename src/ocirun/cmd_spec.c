/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun spec`: write a config.json to begin with. */
#include "ocirun/command.h"

struct spec_opts {
	const char *bundle;
	bool rootless;
};

static const struct opt rows[] = {
	OPT_STRING('b', "bundle", struct spec_opts, bundle, "DIR",
		   "write DIR/config.json (default: the working directory)"),
	OPT_FLAG(0, "rootless", struct spec_opts, rootless,
		 "write a config for an unprivileged user"),
	OPT_END
};

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct spec_opts *o = opts;
	(void)args;
	return runtime_spec(rt, o->bundle, o->rootless);
}

const struct command cmd_spec = {
	.name = "spec",
	.args = "",
	.summary = "write a config.json to begin with",
	.rows = rows,
	.opts_size = sizeof(struct spec_opts),
	.run = run,
};
