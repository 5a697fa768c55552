/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun checkpoint`: refused. Surprise: it must be there all the same, with the options of other
 * runtimes, because engines find out what a runtime can do from its help and its complaints. */
#include "ocirun/command.h"

const struct opt criu_rows[] = {
	OPT_IGNORED_STRING("image-path"),
	OPT_IGNORED_STRING("work-path"),
	OPT_IGNORED_STRING("manage-cgroups-mode"),
	OPT_IGNORED_STRING("network-lock"),
	OPT_IGNORED_STRING("empty-ns"),
	OPT_IGNORED_FLAG("tcp-established"),
	OPT_IGNORED_FLAG("ext-unix-sk"),
	OPT_IGNORED_FLAG("shell-job"),
	OPT_IGNORED_FLAG("file-locks"),
	OPT_IGNORED_FLAG("auto-dedup"),
	OPT_IGNORED_FLAG("lazy-pages"),
	OPT_END
};

static const struct opt rows[] = {
	{ OPT_K_SHARED, 0, NULL, 0, NULL, NULL, criu_rows, 0 },
	OPT_IGNORED_STRING("parent-path"),
	OPT_IGNORED_STRING("page-server"),
	OPT_IGNORED_STRING("status-fd"),
	OPT_IGNORED_FLAG("leave-running"),
	OPT_IGNORED_FLAG("tcp-skip-in-flight"),
	OPT_IGNORED_FLAG("link-remap"),
	OPT_IGNORED_FLAG("pre-dump"),
	OPT_END
};

int criu_refuse(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	(void)rt;
	(void)opts;
	return err_msg(ERR_UNSUPPORTED,
		       "container \"%s\": this version of ocirun has no checkpoints (CRIU)",
		       args->v[0]);
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.args = "ID",
	.summary = "save the processes of a container to disk (not supported by this version)",
	.prefix = "checkpoint failed",
	.rows = rows,
	.min_args = 1,
	.max_args = 1,
	.run = criu_refuse,
};
