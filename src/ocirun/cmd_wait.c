/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun wait`: exit with the status of a container that others have started. */
#include "base/log.h"
#include "ocirun/command.h"

/* Any failure of ours: it must not look like a status that programs commonly have. */
enum { WAIT_FAILED = 255 };

static const struct opt rows[] = { OPT_END };

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	(void)opts;
	int r = runtime_wait(rt, args->v[0]);
	if (r >= 0)
		return r;
	err_report(NULL);
	return WAIT_FAILED;
}

const struct command cmd_wait = {
	.name = "wait",
	.args = "ID",
	.summary = "wait for the end of a container and exit with its status",
	.rows = rows,
	.opts_size = 1,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
