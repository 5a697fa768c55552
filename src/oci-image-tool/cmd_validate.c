/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool validate`: everything that is wrong with an image. */
#include "oci-image-tool/command.h"

struct validate_opts {
	const char *format, *type;
};

static const struct opt rows[] = {
	OPT_STRING('f', "format", struct validate_opts, format, "FORMAT",
		   "table (default) or json"),
	OPT_STRING(0, "type", struct validate_opts, type, "TYPE",
		   "image, imageLayout, manifest, imageIndex or config (default: by content)"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	const struct validate_opts *o = opts;
	bool json;
	int bad = 0;
	TRY(format_parse(o->format, &json));
	for (size_t i = 0; i < args->n; i++)
		bad |= TRY(image_validate(t, args->v[i], o->type, json));
	return bad;
}

const struct command cmd_validate = {
	.name = "validate",
	.args = "IMAGE[:REF]|FILE...",
	.summary = "check images, or single documents, and report every fault",
	.rows = rows,
	.opts_size = sizeof(struct validate_opts),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
