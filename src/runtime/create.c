/* SPDX-License-Identifier: Apache-2.0 */
/* create and run: load, plan, claim the id, write the intent, make ready, launch.
 * Surprise: the intent record is on disk before the cgroup or any process exists, so that delete
 * can clean up after a create that was killed at any moment. */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/sock.h"
#include "hooks/hooks.h"
#include "runtime/ending.h"
#include "runtime/launch.h"
#include "runtime/notify.h"
#include "sys/resctrlfs.h"

/* systemd's socket activation: descriptors 3.. belong to us only when LISTEN_PID says so. */
unsigned launch_listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	uint64_t p, count;
	if (!pid || !n || parse_u64("LISTEN_PID", pid, INT32_MAX, &p) < 0 ||
	    parse_u64("LISTEN_FDS", n, 1024, &count) < 0) {
		err_clear();
		return 0;
	}
	return p == (uint64_t)getpid() ? (unsigned)count : 0;
}

int plan_for(struct runtime *rt, const struct create_opts *o, const struct bundle *b,
	     const char *id, struct plan *out)
{
	struct plan_opts po = {
		.id = id,
		.bundle = b->path,
		.manager = rt->manager,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.preserve_fds = o->preserve_fds,
		.listen_fds = launch_listen_fds(),
		.listen_fdnames = getenv("LISTEN_FDNAMES"),
	};
	if (b->config->linux_ && b->config->linux_->intel_rdt)
		TRY(resctrlfs_mount_point(rt->arena, &rt->host.resctrl_root));
	if (o->notify_socket) {
		const char *root;
		TRY(store_root(rt->arena, rt->root, rt->host.rootless, false, &root));
		po.notify_dir = arena_printf(rt->arena, "%s/%s/notify", root, id);
	}
	TRY(plan_build(rt->arena, b->config, &rt->host, &po, out));
	return hooks_validate(b->config->hooks);
}

static int check_terminal(const struct launch *l)
{
	bool terminal = l->plan.process.terminal, foreground = l->run && !l->opts->detach;
	if (terminal && !foreground && !l->opts->console_socket)
		return err_msg(ERR_USAGE, "cannot allocate tty if ocirun will detach without "
					  "setting console socket: give --console-socket");
	if (l->opts->console_socket && (foreground || !terminal))
		return err_msg(
			ERR_USAGE,
			"cannot use console socket if ocirun will not detach or allocate tty");
	return 0;
}

static int check_root(const struct launch *l)
{
	struct stat st;
	if (stat(l->plan.rootfs.root, &st) < 0)
		return err_sys("/root/path: \"%s\"", l->plan.rootfs.root);
	if (!S_ISDIR(st.st_mode))
		return err_msg(ERR_CONFIG, "/root/path: \"%s\" is not a directory",
			       l->plan.rootfs.root);
	return 0;
}

static int reserve(struct launch *l, const char *id)
{
	struct arena *a = l->rt->arena;
	const struct oci_hooks *h = l->plan.config->hooks;
	const char *root;
	TRY(store_root(a, l->rt->root, l->rt->host.rootless, true, &root));
	TRY(store_reserve(root, id, &l->container));
	l->reserved = true;
	l->record = (struct oci_record){
		.version = STORE_VERSION,
		.oci_version = l->plan.config->oci_version,
		.id = id,
		.bundle = l->bundle.path,
		.rootfs = l->plan.rootfs.root,
		.status = OCI_CREATING,
		.cgroup_path = *l->plan.cgroup.path ? l->plan.cgroup.path : NULL,
		.cgroup_made = cgroup_way_made(a, l->plan.cgroup.path,
					       cgroup_way_there(&l->plan.cgroup)),
		.notify_socket = l->opts->notify_socket,
		.no_late_hooks = !h || (!h->poststart.n && !h->poststop.n),
		.shared_cgroup = l->plan.cgroup.shared,
		.cgroup_leaf = l->plan.cgroup.leaf,
		.cgroup_manager = cgroup_manager_name(l->plan.cgroup.manager),
		.resctrl_group = l->plan.resctrl.group,
		.resctrl_own = l->plan.resctrl.own,
		.resctrl_monitor = l->plan.resctrl.monitor,
		.systemd_unit = l->plan.cgroup.unit.name,
		.systemd_user = l->plan.cgroup.unit.user_bus,
		.systemd_subgroup = l->plan.cgroup.unit.subgroup,
		.rootless = l->rt->host.rootless,
		.lends = !l->run && l->plan.ns.lends,
		.no_keyring = l->opts->no_new_keyring,
		.own_pidns = l->plan.ns.new_[OCI_NS_PID],
		.root_mount = rootfs_shared_mount(&l->plan.rootfs, l->plan.ns.joined[OCI_NS_MOUNT]),
		.annotations = l->plan.config->annotations,
	};
	TRY(store_own_process(&l->record.creator_pid, &l->record.creator_start));
	TRY(store_save(a, &l->container, &l->record));
	return store_save_config(&l->container, l->bundle.text, l->bundle.len);
}

int launch_seccomp(struct launch *l)
{
	_cleanup_close_ int cache = -1;
	if (!l->plan.security.has_seccomp)
		return 0;
	/* Without a cache directory the filter is compiled anew. */
	if (mkdirat(l->container.root_fd, ".seccomp", 0700) == 0 || errno == EEXIST)
		cache = openat(l->container.root_fd, ".seccomp",
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return security_seccomp_compile(l->rt->arena, &l->plan.security, cache, &l->filter);
}

static int mapfd(struct arena *a, const struct rootfs_map *u, size_t nu, const struct rootfs_map *g,
		 size_t ng, int *fd)
{
	struct ns_map *um = arena_calloc(a, nu, sizeof(*um)),
		      *gm = arena_calloc(a, ng, sizeof(*gm));
	for (size_t i = 0; i < nu; i++)
		um[i] = (struct ns_map){ u[i].inside, u[i].outside, u[i].size };
	for (size_t i = 0; i < ng; i++)
		gm[i] = (struct ns_map){ g[i].inside, g[i].outside, g[i].size };
	return ns_mapfd(a, um, nu, gm, ng, fd);
}

rootfs_mapfd_fn *const launch_mapfd = mapfd;

static int *no_fds(struct arena *a, size_t n)
{
	int *v = arena_calloc(a, n, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = -1;
	return v;
}

int launch_console_socket(struct launch *l)
{
	if (l->opts->console_socket)
		TRY_AS(sock_connect(AT_FDCWD, l->opts->console_socket, SOCK_STREAM,
				    &l->console_sock),
		       "--console-socket");
	return 0;
}

static int open_handles(struct launch *l)
{
	struct arena *a = l->rt->arena;
	l->joins = no_fds(a, l->plan.ns.joins.n);
	TRY(ns_open_joins(&l->plan.ns, l->joins));
	if (l->opts->notify_socket)
		TRY(store_notify_make(&l->container));
	l->nmounts = rootfs_handles_wanted(&l->plan.rootfs);
	l->mounts = no_fds(a, l->nmounts);
	TRY(rootfs_open_handles(a, &l->plan.rootfs, l->mounts, l->nmounts, mapfd));
	TRY(launch_console_socket(l));
	if (l->opts->notify_socket && l->run)
		TRY(store_notify_bind(&l->container, &l->notify));
	return l->run ? 0 : store_start_listen(&l->container, &l->start_fd);
}

static bool same(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* The intent was written before: since then others may have made a part of the way, which is theirs
 * then, and perhaps there is no cgroup at all. */
static int correct_intent(struct launch *l, bool skipped)
{
	struct oci_record *rec = &l->record;
	const char *path = skipped ? NULL : rec->cgroup_path;
	const char *made = path ? cgroup_way_made(l->rt->arena, path, l->cgroup.kept) : NULL;
	if (rec->cgroup_path == path && same(rec->cgroup_made, made))
		return 0;
	rec->cgroup_path = path;
	rec->cgroup_made = made;
	return store_save(l->rt->arena, &l->container, rec);
}

int launch_prepare(struct launch *l, const char *id)
{
	struct runtime *rt = l->rt;
	TRY(store_check_id(id));
	TRY(runtime_host(rt));
	TRY(bundle_load(rt->arena, l->opts->bundle, l->opts->config, &l->bundle));
	TRY(runtime_default_ids(rt, &l->bundle));
	TRY(plan_for(rt, l->opts, &l->bundle, id, &l->plan));
	for (size_t i = 0; i < l->plan.process.warnings.n; i++)
		log_warn("%s", l->plan.process.warnings.v[i]);
	TRY(check_terminal(l));
	TRY(stdio_open(l->opts, l->plan.process.terminal, l->stdio));
	TRY(check_root(l));
	TRY(process_check_host(&l->plan.process));
	TRY(reserve(l, id));
	TRY(launch_seccomp(l));
	TRY(open_handles(l));
	int r = TRY(cgroup_create(&l->plan.cgroup, &l->cgroup));
	if (r == CGROUP_LATER)
		return 0; /* answer_place does the rest */
	TRY(launch_check_sharing(l));
	TRY(correct_intent(l, r == CGROUP_SKIPPED));
	TRY(cgroup_limits(&l->plan.cgroup, &l->cgroup));
	TRY(cgroup_leaf_open(rt->arena, &l->plan.cgroup, &l->cgroup, &l->leaf));
	return resctrl_create(rt->arena, &l->plan.resctrl, &l->resctrl);
}

int launch_absolute(struct arena *a, const char **path)
{
	if (*path && !(*path = path_absolute(a, *path)))
		return err_sys("find the working directory");
	return 0;
}

/* What comes from the caller: paths are relative to its directory, whatever happens to ours. */
static int caller_options(struct arena *a, struct create_opts *o)
{
	o->notify_socket = notify_caller();
	TRY(launch_absolute(a, &o->console_socket));
	TRY(launch_absolute(a, &o->pidfd_socket));
	return launch_absolute(a, &o->pid_file);
}

int runtime_create(struct runtime *rt, const struct create_opts *o, const char *id)
{
	struct create_opts opts = *o;
	struct launch l = LAUNCH_INIT(rt, &opts, false);
	TRY(caller_options(rt->arena, &opts));
	int r = launch_prepare(&l, id);
	if (r >= 0)
		r = launch_start(&l);
	if (r < 0)
		launch_undo(&l);
	launch_close(&l);
	return r < 0 ? r : 0;
}

static int run_started(struct launch *l)
{
	const struct oci_hooks *h = l->plan.config->hooks;
	TRY(launch_wait_exec(l));
	TRY(ending_check_exec(l->rt->arena, &l->record, -1));
	if (h) {
		struct hooks run = { .kind = "poststart",
				     .v = h->poststart.v,
				     .n = h->poststart.n };
		TRY(run_hooks(l->rt->arena, &l->plan, &run, OCI_RUNNING, l->pid));
	}
	return 0;
}

static int await_ready(struct launch *l)
{
	struct notify_to to = { l->opts->notify_socket, l->pid, NOTIFY_LIMIT_MS };
	return l->notify.sock < 0 ? 0 : notify_wait(&l->notify, &to, l->pidfd);
}

int runtime_run(struct runtime *rt, const struct create_opts *o, const char *id)
{
	struct create_opts opts = *o;
	struct launch l = LAUNCH_INIT(rt, &opts, true);
	TRY(caller_options(rt->arena, &opts));
	if (!opts.no_subreaper && !opts.detach && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys("become a subreaper");
	int r = launch_prepare(&l, id);
	if (r >= 0)
		r = launch_start(&l);
	if (r >= 0)
		r = run_started(&l);
	if (r < 0) {
		launch_undo(&l);
	} else {
		store_close(&l.container); /* state, kill and exec must get at it meanwhile */
		r = opts.detach ? await_ready(&l) : attach(&l);
	}
	launch_close(&l);
	return r;
}
