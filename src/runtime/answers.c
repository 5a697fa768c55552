/* SPDX-License-Identifier: Apache-2.0 */
/* One function per ask of the handshake: what the runtime does while the child waits. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/path.h"
#include "base/sock.h"
#include "hooks/hooks.h"
#include "runtime/launch.h"
#include "sys/nsfd.h"
#include "sys/pidfd.h"

int run_hooks(struct arena *a, const struct plan *p, const struct hooks *h, enum oci_status status,
	      pid_t pid)
{
	struct hooks run = *h;
	run.cwd = p->bundle;
	run.out_path = config_annotation(p->config, "run.oci.hooks.stdout");
	run.err_path = config_annotation(p->config, "run.oci.hooks.stderr");
	return run.n ? hooks_run(a, &run, plan_state_json(a, p, status, pid)) : 0;
}

/* The unit of systemd is made around the process that asks. */
static int begin_unit(struct launch *l, pid_t pid)
{
	TRY(cgroup_begin(l->rt->arena, &l->plan.cgroup, &l->cgroup, pid));
	l->record.cgroup_path = l->cgroup.path;
	TRY(cgroup_limits(&l->plan.cgroup, &l->cgroup));
	TRY(cgroup_devices(&l->plan.cgroup, &l->cgroup));
	TRY(cgroup_leaf_open(l->rt->arena, &l->plan.cgroup, &l->cgroup, &l->leaf));
	if (l->leaf.dir_fd < 0)
		return cgroup_delegate(&l->plan.cgroup, &l->cgroup);
	TRY(cgroup_place(&l->leaf, pid));
	return cgroup_delegate(&l->plan.cgroup, &l->leaf);
}

static int answer_place(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	if (l->plan.cgroup.manager == CGROUP_SYSTEMD)
		return begin_unit(l, ask->pid);
	return cgroup_place(l->leaf.dir_fd >= 0 ? &l->leaf : &l->cgroup, ask->pid);
}

static int answer_ids(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	TRY(ns_write_maps(&l->plan.ns, ask->pid));
	/* The last moment when an ordinary user may write its files in /proc. */
	return l->plan.ns.stay_dumpable ? process_oom_score(&l->plan.process, ask->pid) : 0;
}

int answer_init(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	if (ask->pid != l->pid) {
		int fd = sys_pidfd_open(ask->pid);
		if (fd < 0)
			return err_sys("open the container's init");
		close_fd(&l->pidfd);
		l->pidfd = fd;
		l->first = l->pid;
		l->pid = ask->pid;
	}
	TRY(resctrl_place(l->plan.resctrl.group, l->plan.resctrl.monitor, l->pid));
	if (l->plan.rlimits_by_parent)
		TRY(process_rlimits(&l->plan.process, l->pid));
	return l->plan.ns.stay_dumpable ? 0 : process_oom_score(&l->plan.process, l->pid);
}

static int answer_netdev(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	_cleanup_close_ int ns =
		nsfd_open(arena_printf(l->rt->arena, "/proc/%d/ns/net", (int)ask->pid));
	if (ns < 0)
		return err_sys("open the container's network namespace");
	return ns_move_netdevs(l->rt->arena, l->plan.config, ns);
}

int answer_console(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	if (ask->fd < 0)
		return err_msg(ERR_BUG, "the terminal did not come with its message");
	if (l->console_sock < 0) {
		/* The size is right before the program looks, and a resize is a real one. */
		TRY(tty_copy_winsize(STDIN_FILENO, ask->fd));
		return fd_dup_high(ask->fd, &l->master);
	}
	TRY_AS(tty_send(l->console_sock, ask->fd), "send the terminal to \"%s\"",
	       l->opts->console_socket);
	close_fd(&l->console_sock);
	return 0;
}

static int answer_hooks(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	const struct oci_hooks *h = l->plan.config->hooks;
	(void)ask;
	struct hooks prestart = { .kind = "prestart", .v = h->prestart.v, .n = h->prestart.n };
	struct hooks create = { .kind = "createRuntime",
				.v = h->create_runtime.v,
				.n = h->create_runtime.n };
	TRY(run_hooks(l->rt->arena, &l->plan, &prestart, OCI_CREATING, l->pid));
	return run_hooks(l->rt->arena, &l->plan, &create, OCI_CREATING, l->pid);
}

static int answer_notify(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	return security_listener_send(
		l->rt->arena, &l->plan.security, ask->fd, l->pid,
		plan_state_json(l->rt->arena, &l->plan, OCI_CREATING, l->pid));
}

int launch_send_pidfd(const struct launch *l, const char *path, const char *what, const char *word)
{
	_cleanup_close_ int sock = -1;
	if (!path)
		return 0;
	TRY_AS(sock_connect(AT_FDCWD, path, SOCK_STREAM, &sock), "%s", what);
	return sock_send_fd(sock, l->pidfd, word, strlen(word));
}

static int send_pidfd(const struct launch *l)
{
	static const char key[] = "run.oci.pidfd_receiver";
	const char *option = l->opts->pidfd_socket;
	if (option)
		return launch_send_pidfd(l, option, "--pidfd-socket", "standard");
	return launch_send_pidfd(l, config_annotation(l->plan.config, key),
				 "/annotations/run.oci.pidfd_receiver", "standard");
}

int launch_write_pid_file(struct launch *l)
{
	if (!l->opts->pid_file)
		return 0;
	const char *text = arena_printf(l->rt->arena, "%d", (int)l->pid);
	mode_t mask = umask(0);
	umask(mask);
	return io_replace_path(l->opts->pid_file, text, strlen(text), 0666 & ~mask);
}

/* An undumpable process is hidden by hidepid even from its own user. */
static int stamp_init(struct launch *l)
{
	if (sys_process_stamp(l->pid, &l->record.start_time) == 0)
		return 0;
	int r = err_sys("read the start time of the container's init");
	if (r == -ESRCH && sys_pidfd_signal(l->pidfd, 0) == 0)
		err_hint("/proc hides it (hidepid): that needs Linux 6.9, or membership in the "
			 "group of the mount option gid=");
	return r;
}

static int answer_ready(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	char now[CLOCK_TEXT_MAX];
	(void)ask;
	clock_rfc3339_nano(now);
	l->record.created = arena_strdup(l->rt->arena, now);
	l->record.pid = l->pid;
	l->record.status = l->run ? OCI_RUNNING : OCI_CREATED;
	TRY(stamp_init(l));
	TRY(cgroup_id(&l->cgroup, &l->record.cgroup_id));
	TRY(store_save(l->rt->arena, &l->container, &l->record));
	TRY(launch_write_pid_file(l));
	return send_pidfd(l);
}

answer_fn *const launch_answers[ASK_COUNT] = {
	[ASK_PLACE] = answer_place,   [ASK_IDS] = answer_ids,         [ASK_INIT] = answer_init,
	[ASK_NETDEV] = answer_netdev, [ASK_CONSOLE] = answer_console, [ASK_HOOKS] = answer_hooks,
	[ASK_NOTIFY] = answer_notify, [ASK_READY] = answer_ready,
};
