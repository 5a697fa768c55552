/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool import`: a tar to an image of one layer. */
#include "oci-image-tool/command.h"
#include "oci-image-tool/shared_rows.h"

static const struct opt rows[] = { OPT_SHARED(struct import_wishes, config, config_rows),
				   OPT_STRING(0, "compress", struct import_wishes, compress,
					      "CODEC", "gzip (default), zstd or none"),
				   OPT_END };

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	return image_import(t, args->v[0], args->v[1], opts);
}

const struct command cmd_import = {
	.name = "import",
	.args = "TAR LAYOUT[:REF]",
	.summary = "make an image of the tar of a root file system",
	.rows = rows,
	.opts_size = sizeof(struct import_wishes),
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
