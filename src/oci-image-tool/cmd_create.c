/* SPDX-License-Identifier: Apache-2.0 */
/* `oci-image-tool create`: an image to a bundle that runs. */
#include "oci-image-tool/command.h"
#include "oci-image-tool/shared_rows.h"

static const struct opt rows[] = {
	OPT_SHARED(struct create_wishes, unpack, unpack_rows),
	OPT_STRINGS(0, "args", struct create_wishes, args, "WORD",
		    "a word of the command line, instead of Entrypoint and Cmd"),
	OPT_STRINGS(0, "env", struct create_wishes, env, "NAME=VALUE",
		    "add to the environment, or replace"),
	OPT_STRING(0, "user", struct create_wishes, user, "USER[:GROUP]",
		   "instead of the image's User"),
	OPT_STRING(0, "cwd", struct create_wishes, cwd, "PATH", "instead of its WorkingDir"),
	OPT_STRING(0, "hostname", struct create_wishes, hostname, "NAME", "host name"),
	OPT_STRING(0, "volumes", struct create_wishes, volumes, "HOW",
		   "what becomes of Volumes: tmpfs (default) or ignore"),
	OPT_FLAG(0, "read-only", struct create_wishes, read_only, "a read-only root file system"),
	OPT_FLAG(0, "overlay", struct create_wishes, overlay,
		 "rootfs is an overlay of layers that bundles share"),
	OPT_STRING(0, "store", struct create_wishes, store, "DIR",
		   "where those layers are (default: /var/lib/oci-image-tool)"),
	OPT_FLAG('t', "terminal", struct create_wishes, terminal, "with a terminal"),
	OPT_END
};

static int run(struct image_tool *t, const void *opts, const struct oci_strs *args)
{
	struct oci_strs command = { .v = args->v + 2, .n = args->n - 2 };
	return image_create(t, args->v[0], args->v[1], &command, opts);
}

const struct command cmd_create = {
	.name = "create",
	.args = "IMAGE[:REF] BUNDLE [COMMAND...]",
	.summary = "make a bundle of an image: rootfs and config.json",
	.rows = rows,
	.opts_size = sizeof(struct create_wishes),
	.min_args = 2,
	.max_args = SIZE_MAX,
	.run = run,
};
