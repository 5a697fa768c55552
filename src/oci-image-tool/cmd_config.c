/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool config`: an image with another config. */
#include "oci-image-tool/command.h"
#include "oci-image-tool/shared_rows.h"

struct config_opts {
	struct config_wishes wishes;
};

static const struct opt rows[] = {
	OPT_SHARED(struct config_opts, wishes, config_rows),
	OPT_STRINGS(0, "annotation", struct config_opts, wishes.annotations, "NAME=VALUE",
		    "an annotation of the manifest"),
	OPT_STRINGS(0, "unset-annotation", struct config_opts, wishes.unset_annotations, "NAME",
		    "take one away"),
	OPT_STRING(0, "tag", struct config_opts, wishes.tag, "NAME",
		   "name of the result, instead of the image's own"),
	OPT_STRING(0, "platform", struct config_opts, wishes.platform, "OS/ARCH[/VARIANT]",
		   "choose from several (default: the host's)"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	const struct config_opts *o = opts;
	return image_config(t, args->v[0], &o->wishes);
}

const struct command cmd_config = {
	.name = "config",
	.args = "IMAGE[:REF]",
	.summary = "change the config of an image",
	.rows = rows,
	.opts_size = sizeof(struct config_opts),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
