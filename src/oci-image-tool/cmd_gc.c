/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool gc`: what nothing refers to any more, in the store of shared layers. */
#include "oci-image-tool/command.h"

struct gc_opts {
	const char *store;
	bool dry_run;
};

static const struct opt rows[] = {
	OPT_STRING(0, "store", struct gc_opts, store, "DIR",
		   "the store of shared layers (default: /var/lib/oci-image-tool)"),
	OPT_FLAG('n', "dry-run", struct gc_opts, dry_run, "only say what would go"), OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	const struct gc_opts *o = opts;
	(void)args;
	return image_store_gc(t, o->store, o->dry_run);
}

const struct command cmd_gc = {
	.name = "gc",
	.args = "",
	.summary = "remove layers that no bundle uses",
	.rows = rows,
	.opts_size = sizeof(struct gc_opts),
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
