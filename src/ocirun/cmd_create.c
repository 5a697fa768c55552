/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun create`: set everything up and stop just before the container's program. */
#include "ocirun/command.h"

const struct opt bundle_rows[] = {
	OPT_STRING('b', "bundle", struct create_opts, bundle, "DIR",
		   "bundle directory (default: the working directory)"),
	OPT_STRING('f', "config", struct create_opts, config, "FILE",
		   "use FILE instead of DIR/config.json; - is standard input"),
	OPT_FLAG(0, "no-pivot", struct create_opts, no_pivot,
		 "move the root instead of pivot_root (for a rootfs on a ramdisk)"),
	OPT_UINT(0, "preserve-fds", struct create_opts, preserve_fds, "N",
		 "pass N more descriptors (3, 4, ...) to the container"),
	OPT_END
};

const struct opt create_rows[] = {
	{ OPT_K_SHARED, 0, NULL, 0, NULL, NULL, bundle_rows, 0 },
	OPT_STRING(0, "console-socket", struct create_opts, console_socket, "PATH",
		   "send the terminal's master to this unix socket"),
	OPT_STRING(0, "pidfd-socket", struct create_opts, pidfd_socket, "PATH",
		   "send a pidfd of the container's init to this unix socket"),
	OPT_STRING(0, "pid-file", struct create_opts, pid_file, "FILE",
		   "write the pid of the container's init to FILE"),
	OPT_STRING(0, "stdin", struct create_opts, stdin_path, "FILE",
		   "standard input of the container; null is /dev/null"),
	OPT_STRING(0, "stdout", struct create_opts, stdout_path, "FILE",
		   "append the standard output of the container to FILE"),
	OPT_STRING(0, "stderr", struct create_opts, stderr_path, "FILE",
		   "append the standard error of the container to FILE"),
	OPT_STRING(0, "stdio", struct create_opts, stdio, "null",
		   "the same for those of the three that are not given"),
	OPT_FLAG(0, "no-new-keyring", struct create_opts, no_new_keyring,
		 "keep the caller's session keyring"),
	OPT_END
};

static const struct opt rows[] = {
	{ OPT_K_SHARED, 0, NULL, 0, NULL, NULL, create_rows, 0 },
	OPT_IGNORED_FLAG("no-subreaper"), /* meaningless here, but callers of run send it */
	OPT_END
};

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	return runtime_create(rt, opts, args->v[0]);
}

const struct command cmd_create = {
	.name = "create",
	.args = "ID",
	.summary = "create a container",
	.prefix = "create failed",
	.rows = rows,
	.opts_size = sizeof(struct create_opts),
	.min_args = 1,
	.max_args = 1,
	.enters = true,
	.run = run,
};
