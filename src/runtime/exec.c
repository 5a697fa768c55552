/* SPDX-License-Identifier: Apache-2.0 */
/* exec: a process more in a container, by its own saved config. The container may be hostile by
 * now: we become undumpable before anything of ours is visible in its pid namespace.
 * Surprise: host root enters the pid namespace before the clone, so the clone makes the final
 * process at once; an ordinary user cannot, and the child forks once more. */
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "init/init.h"
#include "runtime/exec_cgroup.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

struct exec {
	struct launch l; /* first: the answers get it */
	const struct exec_opts *opts;
	struct ns_target target;
	struct oci_record *rec;
	struct oci_resources *asked; /* --resources */
	int init; /* pidfd of the container's init */
	int init_errno; /* why there is none */
};

static int check_status(const struct exec *x)
{
	enum oci_status st = OCI_CREATING;
	if (x->rec)
		TRY(store_status(&x->l.container, x->rec, &st));
	if (st == OCI_CREATING)
		return err_msg(ERR_STATE, "cannot exec in a container that is being created");
	if (st == OCI_STOPPED)
		return err_msg(ERR_STATE, "cannot exec in a stopped container");
	if (st == OCI_PAUSED && !x->opts->ignore_paused)
		return err_msg(ERR_STATE, "cannot exec in a paused container (use --ignore-paused "
					  "to override)");
	return 0;
}

static int check_terminal(const struct exec *x, const struct oci_process *p)
{
	if (p->terminal && x->opts->detach && !x->opts->console_socket)
		return err_msg(ERR_USAGE, "cannot allocate tty if ocirun will detach without "
					  "setting console socket: give --console-socket");
	if (x->opts->console_socket && (!x->opts->detach || !p->terminal))
		return err_msg(
			ERR_USAGE,
			"cannot use console socket if ocirun will not detach or allocate tty");
	return 0;
}

/* One that has ended is told by open_container. */
static int open_init(struct exec *x)
{
	x->init = x->target.pidfd = sys_pidfd_open(x->rec->pid);
	x->init_errno = x->init < 0 ? errno : 0;
	return x->init < 0 ? 0 : container_borrow(&x->l.container, x->rec, &x->target);
}

/* The handles of init are its own only if it still lives after they were opened. */
static int open_container(struct exec *x)
{
	const struct oci_record *rec = x->rec;
	int r = x->init < 0 ? err_sysno(x->init_errno, "open the container's init")
			    : ns_target_open(&x->target, rec->pid);
	if (!store_process_alive(rec->pid, rec->start_time))
		return err_msg(ERR_STATE, "cannot exec in a stopped container");
	return r;
}

static int read_resources(struct exec *x)
{
	const struct exec_opts *o = x->opts;
	if (!o->resources)
		return 0;
	if (o->cgroup)
		return err_msg(ERR_USAGE, "--resources makes a cgroup: leave out --cgroup");
	if (o->process && streq(o->process, "-") && streq(o->resources, "-"))
		return err_msg(ERR_USAGE,
			       "--process and --resources cannot both be standard input");
	TRY_AS(runtime_read_resources(x->l.rt->arena, o->resources, &x->asked), "--resources");
	return 0;
}

static int prepare(struct exec *x, const char *id, const struct oci_strs *args)
{
	struct runtime *rt = x->l.rt;
	struct oci_config *config;
	struct oci_process *proc;
	TRY(runtime_host(rt));
	TRY(container_open(rt, id, &x->l.container, &x->rec));
	TRY(check_status(x));
	TRY(read_resources(x));
	TRY(container_config(rt, &x->l.container, &config));
	TRY(exec_process(rt, config, x->opts, args, &proc));
	TRY(check_terminal(x, proc));
	TRY(open_init(x));
	struct plan_exec_opts po = {
		.id = id,
		.process = proc,
		.bundle = x->rec->bundle,
		.own_userns = ns_target_shares(&x->target, x->rec->pid, OCI_NS_USER),
		.keyring = !x->rec->no_keyring,
		.preserve_fds = x->opts->preserve_fds,
		.listen_fds = launch_listen_fds(),
		.listen_fdnames = getenv("LISTEN_FDNAMES"),
		.target = &x->target,
	};
	TRY(plan_exec(rt->arena, config, &rt->host, &po, &x->l.plan));
	x->l.plan.resctrl.group = x->rec->resctrl_group;
	x->l.plan.resctrl.monitor = x->rec->resctrl_monitor;
	TRY(launch_seccomp(&x->l));
	TRY(open_container(x));
	TRY(launch_console_socket(&x->l));
	struct exec_cgroup c = { .name = x->opts->cgroup, .asked = x->asked };
	return exec_cgroup_open(&x->l, x->rec, &c); /* the last: it may lock */
}

/* ---- the child ---- */

static NORETURN void child_main(struct exec *x)
{
	struct launch *l = &x->l;
	int shed[] = { l->container.dir_fd, l->container.root_fd, l->cgroup.dir_fd,
		       l->console_sock };
	struct init in = {
		.arena = l->rt->arena,
		.plan = &l->plan,
		.sock = l->child,
		.recorder = &l->recorder,
		.target = &x->target,
		.filter = &l->filter,
		.start_fd = -1,
		.shed = shed,
		.nshed = ARRAY_SIZE(shed),
		.rootfs = ROOTFS_INIT,
		.time_fd = -1,
		.labels_fd = -1,
		.start_conn = -1,
	};
	handshake_close(&l->parent);
	init_main(&in, exec_steps);
}

/* The container keeps its processes in cgroups of its own: go where its init is. */
static bool goes_to_init(const struct exec *x)
{
	return (errno == EBUSY || errno == EOPNOTSUPP) && !x->opts->cgroup && !x->asked;
}

static int use_cgroup_of_init(struct exec *x)
{
	cgroup_close(&x->l.cgroup);
	return cgroup_open_of(x->l.rt->arena, x->l.rt->host.cgroup_root, x->rec->cgroup_path,
			      x->rec->pid, &x->l.cgroup);
}

/* The scope of a user's container may be out of our reach: systemd moves the child there. */
static bool needs_systemd(const struct exec *x)
{
	return (errno == EACCES || errno == EPERM) && x->rec->systemd_unit && !x->opts->cgroup &&
	       !x->asked;
}

static int attach_by_systemd(struct exec *x, pid_t pid)
{
	const struct oci_record *rec = x->rec;
	struct cgroup_unit u = { .name = rec->systemd_unit, .user_bus = rec->systemd_user };
	const char *sub = rec->systemd_subgroup ? rec->systemd_subgroup : "";
	if (rec->cgroup_leaf)
		sub = arena_printf(x->l.rt->arena, "%s%s%s", sub, *sub ? "/" : "",
				   rec->cgroup_leaf);
	return cgroup_unit_attach(&u, sub, pid);
}

static int clone_child(struct exec *x)
{
	struct launch *l = &x->l;
	/* An old kernel's child asks to be placed. */
	int dir_fd = l->plan.asks & ASK_BIT(ASK_PLACE) ? -1 : l->cgroup.dir_fd;
	pid_t pid = sys_clone3(0, dir_fd, &l->pidfd, NULL);
	if (pid < 0 && goes_to_init(x)) {
		TRY(use_cgroup_of_init(x));
		pid = sys_clone3(0, l->cgroup.dir_fd, &l->pidfd, NULL);
	}
	if (pid < 0 && needs_systemd(x)) {
		/* It has children of its own at once: they must be born in the right place. */
		l->parent.asks |= ASK_BIT(ASK_PLACE);
		l->child.asks |= ASK_BIT(ASK_PLACE);
		pid = sys_clone3(0, -1, &l->pidfd, NULL);
	}
	if (pid < 0)
		return err_sys("adding a process to cgroup \"%s\"", l->cgroup.path);
	if (pid == 0)
		child_main(x);
	l->pid = pid;
	l->cloned = true;
	handshake_close(&l->child);
	if (!(l->parent.asks & ASK_BIT(ASK_PLACE)))
		store_unlock(&l->container);
	return 0;
}

/* ---- the parent ---- */

static int exec_place(void *ctx, struct ask *ask)
{
	struct exec *x = ctx;
	int r = cgroup_place(&x->l.cgroup, ask->pid);
	if (r >= 0) {
		store_unlock(&x->l.container);
		return r;
	}
	errno = err_get()->no;
	bool by_systemd = needs_systemd(x);
	if (!by_systemd && !goes_to_init(x))
		return r;
	err_clear();
	if (by_systemd)
		return attach_by_systemd(x, ask->pid);
	TRY(use_cgroup_of_init(x));
	return cgroup_place(&x->l.cgroup, ask->pid);
}

static int exec_notify(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	return security_listener_send(
		l->rt->arena, &l->plan.security, ask->fd, l->pid,
		plan_state_json(l->rt->arena, &l->plan, OCI_RUNNING, l->pid));
}

static int exec_ready(void *ctx, struct ask *ask)
{
	struct launch *l = ctx;
	(void)ask;
	TRY(launch_write_pid_file(l));
	return launch_send_pidfd(l, l->opts->pidfd_socket, "--pidfd-socket", "setns");
}

static answer_fn *const answers[ASK_COUNT] = {
	[ASK_PLACE] = exec_place,       [ASK_INIT] = answer_init,   [ASK_CONSOLE] = answer_console,
	[ASK_NOTIFY] = exec_notify,     [ASK_READY] = exec_ready,
};

static int start(struct exec *x)
{
	struct launch *l = &x->l;
	struct handshake_peer peer = { .pidfd = &l->pidfd, .rec = &l->recorder };
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &l->old_mask);
	/* An ordinary user may write only the files of a dumpable process (and with hidepid see no
	 * others): we take the score ourselves, and the child inherits it. */
	if (l->rt->host.rootless) {
		TRY(process_oom_score(&l->plan.process, getpid()));
		l->plan.process.has_oom = false;
	}
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys("become undumpable");
	TRY(recorder_open(&l->recorder, exec_step_name));
	TRY(handshake_pair(l->plan.asks, &l->parent, &l->child));
	TRY(process_affinity_initial(&l->plan.process, 0));
	TRY(ns_target_enter(&x->target, x->target.parent));
	TRY(clone_child(x));
	if (!l->plan.ns.forks) {
		TRY(resctrl_place(l->plan.resctrl.group, l->plan.resctrl.monitor, l->pid));
		TRY(process_oom_score(&l->plan.process, l->pid));
		if (l->plan.rlimits_by_parent)
			TRY(process_rlimits(&l->plan.process, l->pid));
	}
	TRY(handshake_serve(&l->parent, &peer, answers, x));
	if (l->first && waitpid(l->first, NULL, 0) < 0 && errno != ECHILD)
		return err_sys("wait for the first process");
	return handshake_wait_exec(&l->parent, &peer, exec_step_exec());
}

static void undo(struct exec *x)
{
	struct err why = *err_get();
	launch_kill(&x->l);
	exec_cgroup_done(&x->l);
	if (x->opts->pid_file && x->l.cloned)
		unlink(x->opts->pid_file);
	if (err_set(&why) < 0)
		return; /* the reason is what the caller reports */
}

static int run(struct exec *x, const char *id, const struct oci_strs *args)
{
	int status = 0, r = prepare(x, id, args);
	if (r >= 0)
		r = start(x);
	if (r < 0) {
		undo(x);
		return r;
	}
	if (x->opts->detach)
		return 0;
	r = attach_to(&x->l, &status);
	if (r >= 0)
		exec_cgroup_done(&x->l);
	return r < 0 ? r : launch_exit_code(status);
}

int runtime_exec(struct runtime *rt, const struct exec_opts *o, const char *id,
		 const struct oci_strs *args)
{
	struct exec_opts opts = *o;
	TRY(launch_absolute(rt->arena, &opts.console_socket));
	TRY(launch_absolute(rt->arena, &opts.pidfd_socket));
	TRY(launch_absolute(rt->arena, &opts.pid_file));
	struct create_opts shared = {
		.console_socket = opts.console_socket,
		.pidfd_socket = opts.pidfd_socket,
		.pid_file = opts.pid_file,
	};
	struct exec x = {
		.l = LAUNCH_INIT(rt, &shared, true),
		.opts = &opts,
		.init = -1,
	};
	ns_target_init(&x.target);
	int r = run(&x, id, args);
	ns_target_close(&x.target);
	close_fd(&x.init);
	launch_close(&x.l);
	return r;
}
