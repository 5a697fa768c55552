/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool gc`: what nothing refers to any more, in a layout or in the store of shared
 * layers. */
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
	if (args->n == 0)
		return image_store_gc(t, o->store, o->dry_run);
	if (o->store)
		return err_msg(ERR_USAGE, "gc: a layout or --store, not both");
	return image_layout_gc(t, args->v[0], o->dry_run);
}

const struct command cmd_gc = {
	.name = "gc",
	.args = "[LAYOUT]",
	.summary = "remove blobs, or shared layers, that nothing refers to",
	.rows = rows,
	.opts_size = sizeof(struct gc_opts),
	.min_args = 0,
	.max_args = 1,
	.run = run,
};
