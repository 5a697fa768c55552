/* SPDX-License-Identifier: Apache-2.0 */
/* THE TABLE for exec: a process more in a container that runs. What is inside may be hostile by
 * now, so everything the host knows (handles, memory, environment) is out of its sight before the
 * first namespace is entered. tests/unit/test_init_steps.c pins the orders that matter. */
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "init/steps.h"
#include "sys/clone.h"

static int step_guard_again(struct init *in)
{
	(void)in;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys("set the parent death signal");
	/* Inherited from the runtime, which became undumpable before the clone: whoever shares the
	 * pid namespace sees us from the first moment. */
	if (prctl(PR_GET_DUMPABLE) != 0)
		return err_msg(ERR_BUG, "the process for exec may be traced");
	return 0;
}

static int step_enter_first(struct init *in)
{
	return ns_target_enter(in->target, in->target->first);
}

static int step_fork(struct init *in)
{
	if (in->plan->ns.forks) {
		pid_t pid = sys_clone3(CLONE_PARENT, -1, NULL, NULL);
		if (pid < 0)
			return err_sys("start the final process");
		if (pid > 0)
			_exit(0);
		TRY(step_guard_again(in));
	}
	TRY(security_labels_open(&in->plan->security, &in->labels_fd));
	return handshake_ask(&in->sock, ASK_INIT, -1);
}

static int step_enter_last(struct init *in)
{
	TRY(ns_target_enter(in->target, in->target->last));
	TRY(ns_target_chroot(in->target));
	ns_target_close(in->target);
	return 0;
}

static int step_exec_terminal(struct init *in)
{
	_cleanup_close_ int master = -1, slave = -1, root = -1;
	if (!in->plan->process.terminal)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys("open the container's root");
	TRY(tty_open_in_root(root, &in->plan->process, &master, &slave));
	TRY(handshake_ask(&in->sock, ASK_CONSOLE, master));
	return tty_make_controlling(slave);
}

/* clang-format off */
const struct step exec_steps[] = {
	{ "shed handles", step_shed,
	  "neither the state directory nor the caller's descriptors may be seen from inside" },
	{ "guard", step_guard_again,
	  "undumpable before the first namespace; dies with the runtime" },
	{ "placed in cgroup", step_place,
	  "before the cgroup namespace hides the path" },
	{ "first namespaces", step_enter_first,
	  "an ordinary user gets its rights from the user namespace" },
	{ "final process", step_fork,
	  "a pid namespace takes effect for children only; labels need the host's /proc" },
	{ "last namespaces", step_enter_last,
	  "the mount namespace: no host path is visible below here" },
	{ "be root inside", step_root_inside,
	  "the rest needs it" },
	{ "new session", step_session,
	  "no way back to the caller's terminal; the container's keyring" },
	{ "terminal", step_exec_terminal,
	  "from the container's devpts" },
	{ "limits", step_limits,
	  "raising a hard limit needs privilege" },
	{ "labels for exec", step_labels,
	  "before privileges go" },
	{ "no new privileges", step_nnp,
	  "before a filter that needs it" },
	{ "seccomp, early", step_seccomp_early,
	  "only when noNewPrivileges is off, or a listener wants the fd" },
	{ "home", step_home,
	  "from the container's /etc/passwd, which may be readable by root only" },
	{ "enter cwd as root", step_cwd_early,
	  "a directory that only root may enter" },
	{ "bounding set", step_bound,
	  "needs CAP_SETPCAP" },
	{ "identity", step_identity,
	  "groups, gid, uid, in this order" },
	{ "capabilities", step_caps,
	  "the uid change cleared them" },
	{ "working directory", step_cwd,
	  "as the user; must be inside the container" },
	{ "find program", step_program,
	  "a clear error instead of that of execve" },
	{ "ready", step_ready,
	  "the pid file is there before the program is" },
	{ "close fds", step_close,
	  "after the last use of any handle" },
	{ "seccomp, late", step_seccomp_late,
	  "the normal case: nothing left to filter but execve" },
	{ "execve", step_exec,
	  "" },
	{ NULL, NULL, NULL },
};
/* clang-format on */

const char *exec_step_name(size_t i)
{
	return i < ARRAY_SIZE(exec_steps) ? exec_steps[i].name : NULL;
}

size_t exec_step_exec(void)
{
	return ARRAY_SIZE(exec_steps) - 2;
}
