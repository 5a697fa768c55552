/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool repack`: a bundle's changes to a layer of a new image. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = {
	OPT_STRING(0, "compress", struct repack_wishes, compress, "CODEC",
		   "auto (as the image's last layer, the default), gzip, zstd or none"),
	OPT_FLAG(0, "if-changed", struct repack_wishes, if_changed,
		 "make no image when nothing changed"),
	OPT_FLAG(0, "refresh-bundle", struct repack_wishes, refresh_bundle,
		 "from now on the bundle is one of the new image"),
	OPT_STRINGS(0, "mask-path", struct repack_wishes, masks, "PATH",
		    "leave out PATH and what is below it"),
	OPT_FLAG(0, "no-mask-volumes", struct repack_wishes, no_mask_volumes,
		 "do not leave out the image's Volumes"),
	OPT_FLAG(0, "no-history", struct repack_wishes, history.none,
		 "add no line to the image's history"),
	OPT_STRING(0, "history-author", struct repack_wishes, history.author, "TEXT",
		   "author in the history"),
	OPT_STRING(0, "history-comment", struct repack_wishes, history.comment, "TEXT",
		   "comment in the history"),
	OPT_STRING(0, "history-created", struct repack_wishes, history.created, "TIME",
		   "time in the history (RFC 3339)"),
	OPT_STRING(0, "history-created-by", struct repack_wishes, history.created_by, "TEXT",
		   "command in the history"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	return image_repack(t, args->v[0], args->v[1], opts);
}

const struct command cmd_repack = {
	.name = "repack",
	.args = "BUNDLE IMAGE[:REF]",
	.summary = "make an image of a bundle and what changed in it",
	.rows = rows,
	.opts_size = sizeof(struct repack_wishes),
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
