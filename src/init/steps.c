/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters for the steps up to the pivot: while host paths are still visible. */
#include "init/steps.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "hooks/hooks.h"
#include "sys/clone.h"
#include "sys/inroot.h"

int step_shed(struct init *in)
{
	for (size_t i = 0; i < in->nshed; i++)
		close_fd(&in->shed[i]);
	/* A created container may wait for days: it must not hold the caller's pipes open. */
	return fd_close_inherited(3 + (int)in->plan->process.keep_fds);
}

int step_guard(struct init *in)
{
	/* execve replaces the name: so `start` can tell whether the program ever ran. */
	if (prctl(PR_SET_NAME, INIT_COMM) < 0)
		return err_sys("name the init process");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys("set the parent death signal");
	/* An ordinary user must still be able to write our maps: the ns room makes us undumpable.
	 */
	if (!in->plan->ns.stay_dumpable && prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys("become undumpable");
	return 0;
}

int step_place(struct init *in)
{
	return handshake_ask(&in->sock, ASK_PLACE, -1);
}

int step_join_early(struct init *in)
{
	TRY(ns_time_offsets_open(&in->plan->ns, &in->time_fd));
	return ns_join_early(&in->plan->ns, in->joins);
}

int step_userns(struct init *in)
{
	return ns_enter_user(&in->plan->ns, in->joins);
}

int step_map_ids(struct init *in)
{
	return handshake_ask(&in->sock, ASK_IDS, -1);
}

int step_root_inside(struct init *in)
{
	return ns_become_root(&in->plan->ns);
}

int step_namespaces(struct init *in)
{
	TRY(ns_enter_rest(&in->plan->ns, in->joins));
	return ns_time_offsets_write(&in->plan->ns, in->time_fd);
}

int step_final(struct init *in)
{
	close_fd(&in->time_fd);
	if (in->plan->ns.forks) {
		pid_t pid = sys_clone3(CLONE_PARENT, -1, NULL, NULL);
		if (pid < 0)
			return err_sys("start the final process of the container");
		if (pid > 0)
			_exit(0);
		TRY(step_guard(in));
	}
	TRY(security_labels_open(&in->plan->security, &in->labels_fd));
	return handshake_ask(&in->sock, ASK_INIT, -1);
}

int step_session(struct init *in)
{
	if (setsid() < 0)
		return err_sys("start a new session");
	return in->plan->new_keyring ? process_keyring(in->plan->id) : 0;
}

int step_cgroupns(struct init *in)
{
	return ns_unshare_cgroup(&in->plan->ns);
}

int step_network(struct init *in)
{
	if (in->plan->ns.new_[OCI_NS_NETWORK])
		TRY(ns_loopback_up());
	return handshake_ask(&in->sock, ASK_NETDEV, -1);
}

int step_mounts(struct init *in)
{
	umask(0);
	TRY(rootfs_enter(&in->plan->rootfs, &in->rootfs));
	return rootfs_mount(&in->plan->rootfs, &in->rootfs, in->mounts);
}

int step_devices(struct init *in)
{
	return rootfs_devices(&in->plan->rootfs, &in->rootfs);
}

int step_terminal(struct init *in)
{
	_cleanup_close_ int master = -1, slave = -1;
	if (!in->plan->process.terminal)
		return 0;
	TRY(tty_open_in_root(in->rootfs.root_fd, &in->plan->process, &master, &slave));
	TRY(rootfs_console(&in->plan->rootfs, &in->rootfs, slave));
	TRY(handshake_ask(&in->sock, ASK_CONSOLE, master));
	return tty_make_controlling(slave);
}

int step_kernel(struct init *in)
{
	_cleanup_close_ int proc = -1;
	TRY(process_names(in->plan->config));
	TRY(process_sysctls_open(&in->plan->process, &proc));
	return process_sysctls(&in->plan->process, proc);
}

int step_runtime_hooks(struct init *in)
{
	return handshake_ask(&in->sock, ASK_HOOKS, -1);
}

int step_container_hooks(struct init *in)
{
	const struct oci_hooks *h = in->plan->config->hooks;
	if (!h || !h->create_container.n)
		return 0;
	struct hooks run = {
		.kind = "createContainer",
		.v = h->create_container.v,
		.n = h->create_container.n,
		.cwd = in->plan->bundle,
		.out_path = in->plan->hooks_stdout,
		.err_path = in->plan->hooks_stderr,
	};
	return hooks_run(in->arena, &run,
			 plan_state_json(in->arena, in->plan, OCI_CREATING, getpid()));
}

int step_mask(struct init *in)
{
	return rootfs_mask(&in->plan->rootfs, &in->rootfs);
}

int step_make_cwd(struct init *in)
{
	const char *cwd = in->plan->process.cwd;
	if (!cwd || streq(cwd, "/"))
		return 0;
	/* Best effort: what cannot be made (read-only image, odd link) is judged when it is
	 * entered. */
	mode_t old = umask(0);
	_cleanup_close_ int fd = inroot_mkdirs(in->rootfs.root_fd, cwd, 0755, NULL);
	umask(old);
	if (fd < 0)
		err_clear();
	return 0;
}

int step_finish_root(struct init *in)
{
	return rootfs_finish(&in->plan->rootfs, &in->rootfs);
}

int step_lend(struct init *in)
{
	for (size_t i = 0; i < ARRAY_SIZE(in->lent); i++)
		in->lent[i] = -1;
	return in->start_fd < 0 ? 0 : ns_lend_open(&in->plan->ns, in->lent);
}

int step_pivot(struct init *in)
{
	TRY(rootfs_pivot(&in->plan->rootfs, &in->rootfs));
	rootfs_close(&in->rootfs);
	return 0;
}
