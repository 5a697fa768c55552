/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool save`: images to one archive for podman, docker and skopeo. */
#include "oci-image-tool/command.h"

static const struct opt rows[] = { OPT_STRING('o', "output", struct save_wishes, output, "FILE",
					      "the archive; \"-\" is stdout"),
				   OPT_STRING('f', "format", struct save_wishes, format, "FORMAT",
					      "both (default), oci-archive or docker-archive"),
				   OPT_STRING(0, "platform", struct save_wishes, platform,
					      "OS/ARCH[/VARIANT]",
					      "choose from several (default: the host's); "
					      "\"all\": an oci-archive of all of them"),
				   OPT_END };

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	return image_save(t, args, opts);
}

const struct command cmd_save = {
	.name = "save",
	.args = "IMAGE[:REF]...",
	.summary = "write images to an archive",
	.rows = rows,
	.opts_size = sizeof(struct save_wishes),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.run = run,
};
