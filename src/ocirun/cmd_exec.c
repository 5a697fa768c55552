/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun exec`: run a process more in a container. Options end at the container's id, what follows
 * belongs to the program. */
#include "ocirun/command.h"

static const struct opt rows[] = {
	OPT_STRING('p', "process", struct exec_opts, process, "FILE",
		   "the process as JSON (the spec's process object); - is standard input"),
	OPT_STRING(0, "cwd", struct exec_opts, cwd, "DIR", "working directory in the container"),
	OPT_STRINGS('e', "env", struct exec_opts, env, "KEY=VALUE",
		    "set an environment variable (repeatable)"),
	OPT_FLAG('t', "tty", struct exec_opts, tty, "give the process a terminal"),
	OPT_STRING('u', "user", struct exec_opts, user, "UID[:GID]", "run as this user"),
	OPT_STRINGS('g', "additional-gids", struct exec_opts, gids, "GID",
		    "a supplementary group (repeatable)"),
	OPT_FLAG('d', "detach", struct exec_opts, detach, "return once the program runs"),
	OPT_STRING(0, "pid-file", struct exec_opts, pid_file, "FILE",
		   "write the pid of the process to FILE"),
	OPT_STRING(0, "console-socket", struct exec_opts, console_socket, "PATH",
		   "send the terminal's master to this unix socket"),
	OPT_STRING(0, "pidfd-socket", struct exec_opts, pidfd_socket, "PATH",
		   "send a pidfd of the process to this unix socket"),
	OPT_STRING(0, "process-label", struct exec_opts, label, "LABEL", "SELinux label"),
	OPT_STRING(0, "apparmor", struct exec_opts, apparmor, "PROFILE", "AppArmor profile"),
	OPT_FLAG(0, "no-new-privs", struct exec_opts, no_new_privs,
		 "the process cannot gain privileges"),
	OPT_STRINGS('c', "cap", struct exec_opts, caps, "CAP", "add a capability (repeatable)"),
	OPT_UINT(0, "preserve-fds", struct exec_opts, preserve_fds, "N",
		 "pass N more descriptors (3, 4, ...) to the process"),
	OPT_STRING(0, "cgroup", struct exec_opts, cgroup, "PATH",
		   "start in this cgroup below the container's"),
	OPT_STRING(0, "resources", struct exec_opts, resources, "FILE",
		   "limits of its own (the spec's linux.resources); - is standard input"),
	OPT_FLAG(0, "ignore-paused", struct exec_opts, ignore_paused,
		 "exec in a paused container too"),
	OPT_END
};

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	struct oci_strs rest = { .v = args->v + 1, .n = args->n - 1 };
	return runtime_exec(rt, opts, args->v[0], &rest);
}

const struct command cmd_exec = {
	.name = "exec",
	.args = "ID [COMMAND [ARG...]]",
	.summary = "run a process in a container",
	.prefix = "exec failed",
	.rows = rows,
	.opts_size = sizeof(struct exec_opts),
	.min_args = 1,
	.max_args = SIZE_MAX,
	.enters = true,
	.opt_flags = OPT_STOP_AT_POSITIONAL,
	.fail_status = 255,
	.run = run,
};
