/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool unpack`: layers to a root file system. */
#include "oci-image-tool/command.h"
#include "oci-image-tool/shared_rows.h"

const struct opt unpack_rows[] = {
	OPT_STRING(0, "platform", struct unpack_wishes, platform, "OS/ARCH[/VARIANT]",
		   "choose from several (default: the host's)"),
	OPT_FLAG(0, "rootless", struct unpack_wishes, rootless,
		 "make everything yours and leave out what needs privileges"),
	OPT_STRINGS(0, "uid-map", struct unpack_wishes, uid_maps, "CONTAINER:HOST:COUNT",
		    "owners on disk for owners in the image"),
	OPT_STRINGS(0, "gid-map", struct unpack_wishes, gid_maps, "CONTAINER:HOST:COUNT",
		    "the same for groups"),
	OPT_FLAG(0, "devices", struct unpack_wishes, devices,
		 "make the image's device nodes instead of leaving them out"),
	OPT_FLAG(0, "keep-dirlinks", struct unpack_wishes, keep_dirlinks,
		 "a folder of a layer does not replace a symlink to a folder"),
	OPT_STRING(0, "max-size", struct unpack_wishes, max_size, "SIZE",
		   "refuse to unpack more (default: 64g)"),
	OPT_STRING(0, "max-entries", struct unpack_wishes, max_entries, "N",
		   "refuse more files (default: 2000000)"),
	OPT_FLAG(0, "no-sync", struct unpack_wishes, no_sync,
		 "do not wait for the disk before the result appears"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	return image_unpack(t, args->v[0], args->v[1], opts);
}

const struct command cmd_unpack = {
	.name = "unpack",
	.args = "IMAGE[:REF] DEST",
	.summary = "unpack the layers of an image into a root file system",
	.rows = unpack_rows,
	.opts_size = sizeof(struct unpack_wishes),
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
