/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun restore`: refused. Surprise: it must be there all the same, with the options of other
 * runtimes, because engines find out what a runtime can do from its help and its complaints. */
#include "ocirun/command.h"

static const struct opt rows[] = {
	{ OPT_K_SHARED, 0, NULL, 0, NULL, NULL, create_rows, 0 },
	{ OPT_K_SHARED, 0, NULL, 0, NULL, NULL, criu_rows, 0 },
	OPT_IGNORED_STRING("lsm-profile"),
	OPT_IGNORED_STRING("lsm-mount-context"),
	OPT_IGNORED_FLAG("detach"),
	OPT_IGNORED_FLAG("no-subreaper"),
	OPT_IGNORED_FLAG("tcp-close"),
	OPT_END
};

const struct command cmd_restore = {
	.name = "restore",
	.args = "ID",
	.summary = "start a container from its checkpoint (not supported by this version)",
	.prefix = "restore failed",
	.rows = rows,
	.opts_size = sizeof(struct create_opts),
	.min_args = 1,
	.max_args = 1,
	.run = criu_refuse,
};
