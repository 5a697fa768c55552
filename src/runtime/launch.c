/* SPDX-License-Identifier: Apache-2.0 */
/* Clone the child, serve its asks, and take everything back when it fails.
 * Surprise: the child is made with every signal blocked, so that a signal to the runtime's group
 * cannot end a half-made container without its undo; it gets an empty mask right before execve. */
#include "runtime/launch.h"

#include <sched.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "init/init.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

static NORETURN void child_main(struct launch *l)
{
	int shed[] = { l->container.dir_fd, l->container.root_fd, l->bundle.dir_fd,
		       l->cgroup.dir_fd, l->leaf.dir_fd, l->console_sock,
		       l->cgroup.talk.pid ? l->cgroup.talk.fd : -1 };
	struct init in = {
		.arena = l->rt->arena,
		.plan = &l->plan,
		.sock = l->child,
		.recorder = &l->recorder,
		.joins = l->joins,
		.mounts = l->mounts,
		.filter = &l->filter,
		.stdio = l->stdio,
		.start_fd = l->start_fd,
		.shed = shed,
		.nshed = ARRAY_SIZE(shed),
		.rootfs = ROOTFS_INIT,
		.time_fd = -1,
		.labels_fd = -1,
		.start_conn = -1,
	};
	handshake_close(&l->parent);
	init_main(&in, create_steps);
}

static const struct cgroup *into_cgroup(const struct launch *l)
{
	return l->leaf.dir_fd >= 0 ? &l->leaf : &l->cgroup;
}

static int clone_child(struct launch *l)
{
	bool in_cgroup = false;
	int dir_fd = into_cgroup(l)->dir_fd;
	pid_t pid = sys_clone3(l->plan.ns.clone_flags, dir_fd, &l->pidfd, &in_cgroup);
	if (pid < 0) {
		/* Only the way into a cgroup can be barred: from above both, ours and the new. */
		if (errno == EACCES && l->cgroup.dir_fd >= 0)
			return err_sys("container could not join or create cgroup: enter \"%s\" "
				       "from \"%s\"",
				       l->cgroup.path, l->rt->host.own_cgroup);
		int r = err_sys("create the container's process and namespaces");
		if (r == -ENOSPC)
			err_hint("the limit on namespaces is reached: see "
				 "/proc/sys/user/max_*_namespaces");
		return r;
	}
	if (pid == 0)
		child_main(l);
	l->pid = pid;
	l->cloned = true;
	handshake_close(&l->child);
	close_fd(&l->start_fd);
	return 0;
}

int launch_start(struct launch *l)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &l->old_mask);
	TRY(recorder_open(&l->recorder, create_step_name));
	TRY(handshake_pair(l->plan.asks, &l->parent, &l->child));
	TRY(clone_child(l));
	TRY(cgroup_devices(&l->plan.cgroup, &l->cgroup));
	TRY(cgroup_delegate(&l->plan.cgroup, into_cgroup(l)));
	struct handshake_peer peer = { .pidfd = &l->pidfd, .rec = &l->recorder };
	TRY(handshake_serve(&l->parent, &peer, launch_answers, l));
	if (l->first && waitpid(l->first, NULL, 0) < 0 && errno != ECHILD)
		return err_sys("wait for the container's first process");
	return 0;
}

int launch_wait_exec(struct launch *l)
{
	struct handshake_peer peer = { .pidfd = &l->pidfd, .rec = &l->recorder };
	return handshake_wait_exec(&l->parent, &peer, create_step_exec());
}

void launch_kill(struct launch *l)
{
	if (!l->cloned)
		return;
	/* Already dead is fine: it is reaped below. */
	if (l->pidfd >= 0 && sys_pidfd_signal(l->pidfd, SIGKILL) < 0)
		errno = 0;
	if (*l->cgroup.path && l->cgroup.created && !l->plan.cgroup.shared)
		err_dropped(cgroup_kill(l->cgroup.path, SIGKILL));
	if (l->first)
		waitpid(l->first, NULL, 0);
	waitpid(l->pid, NULL, 0);
}

void launch_undo(struct launch *l)
{
	struct err why = *err_get();
	launch_kill(l);
	if (l->record.root_mount)
		err_dropped(rootfs_unmount_leftovers(l->record.rootfs, l->record.root_mount));
	err_dropped(cgroup_undo(&l->cgroup));
	err_dropped(resctrl_undo(&l->plan.resctrl, &l->resctrl));
	const struct oci_hooks *h = l->plan.config ? l->plan.config->hooks : NULL;
	if (l->cloned && h) {
		struct hooks run = { .kind = "poststop",
				     .v = h->poststop.v,
				     .n = h->poststop.n,
				     .warn_only = true };
		err_dropped(run_hooks(l->rt->arena, &l->plan, &run, OCI_STOPPED, 0));
	}
	if (l->reserved)
		err_dropped(store_remove(&l->container));
	l->reserved = false;
	if (l->opts->pid_file && l->cloned)
		unlink(l->opts->pid_file);
	if (err_set(&why) < 0)
		return; /* the reason is what the caller reports */
}

void launch_close(struct launch *l)
{
	handshake_close(&l->parent);
	handshake_close(&l->child);
	recorder_close(&l->recorder);
	for (size_t i = 0; l->joins && i < l->plan.ns.joins.n; i++)
		close_fd(&l->joins[i]);
	for (size_t i = 0; i < l->nmounts; i++)
		close_fd(&l->mounts[i]);
	for (int i = 0; i < 3; i++)
		close_fd(&l->stdio[i]);
	store_notify_close(&l->notify);
	close_fd(&l->start_fd);
	close_fd(&l->console_sock);
	close_fd(&l->master);
	close_fd(&l->pidfd);
	cgroup_close(&l->cgroup);
	cgroup_close(&l->leaf);
	store_close(&l->container);
	bundle_close(&l->bundle);
}
