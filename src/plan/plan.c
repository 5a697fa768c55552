/* SPDX-License-Identifier: Apache-2.0 */
/* Calls the five planners and decides which meetings parent and child need. Pure. */
#include "plan/plan.h"

#include "config/config.h"
#include "handshake/handshake.h"

#define BIT(ask_) (1u << (ask_))

static int plan_process(struct arena *a, const struct oci_config *c, const struct plan_opts *o,
			const struct host *h, struct plan *out)
{
	const char *keep = config_annotation(c, "run.oci.keep_original_groups");
	struct process_opts po = {
		.rootless = h->rootless,
		.userns = out->ns.userns,
		.keep_groups = keep && streq(keep, "1"),
		.listen_fds = o->listen_fds,
		.preserve_fds = o->preserve_fds,
		.listen_fdnames = o->listen_fdnames,
		.notify_socket_inside = o->notify_dir ? "/run/notify/notify.sock" : NULL,
	};
	TRY(process_plan_make(a, c, c->process, &po, &out->process));
	return security_plan_make(a, c, c->process, h, &out->security);
}

/* The kernel would answer all of these with a bare EINVAL. */
static int check_mount_maps(struct arena *a, const struct oci_config *c)
{
	struct ns_map *unused;
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_mount *m = &c->mounts.v[i];
		TRY(ns_maps_make(a, arena_printf(a, "/mounts/%zu/uidMappings", i),
				 m->uid_mappings.v, m->uid_mappings.n, &unused));
		TRY(ns_maps_make(a, arena_printf(a, "/mounts/%zu/gidMappings", i),
				 m->gid_mappings.v, m->gid_mappings.n, &unused));
	}
	return 0;
}

static int plan_rootfs(struct arena *a, const struct oci_config *c, const struct host *h,
		       const struct plan_opts *o, struct plan *out)
{
	struct rootfs_extra notify = { o->notify_dir, "/run/notify" };
	struct rootfs_opts ro = {
		.extra = &notify,
		.nextra = o->notify_dir ? 1 : 0,
		.bundle = o->bundle,
		.no_pivot = o->no_pivot,
		.new_mount_ns = out->ns.new_[OCI_NS_MOUNT],
		.userns = out->ns.userns,
		.new_cgroupns = out->ns.new_[OCI_NS_CGROUP],
		.own_pidns = out->ns.new_[OCI_NS_PID] || out->ns.joined[OCI_NS_PID],
		.own_ipcns = out->ns.new_[OCI_NS_IPC] || out->ns.joined[OCI_NS_IPC],
		.cgroup_path = *out->cgroup.path ? out->cgroup.path : NULL,
		.context_type = config_annotation(c, "run.oci.mount_context_type"),
	};
	if (out->ns.new_[OCI_NS_USER] && !ro.new_mount_ns && !out->ns.joined[OCI_NS_MOUNT])
		return err_msg(ERR_CONFIG,
			       "/linux/namespaces: a new user namespace needs a mount namespace: "
			       "the kernel lets nobody in it mount in ours, not even the root: add "
			       "{\"type\": \"mount\"}");
	TRY(rootfs_plan_make(a, c, h, &ro, &out->rootfs));
	return check_mount_maps(a, c);
}

static uint32_t plan_asks(const struct oci_config *c, const struct host *h, const struct plan *p)
{
	uint32_t asks = BIT(ASK_READY);
	/* A unit of systemd is made around a process, so there is nothing to clone into. */
	bool into = h->clone3 && p->cgroup.manager != CGROUP_SYSTEMD;
	if (!into && p->cgroup.manager != CGROUP_NONE)
		asks |= BIT(ASK_PLACE);
	if (p->ns.need_maps)
		asks |= BIT(ASK_IDS);
	if (p->ns.forks || p->process.has_oom || p->resctrl.wanted ||
	    (p->rlimits_by_parent && p->process.rlimits.n))
		asks |= BIT(ASK_INIT);
	if (c->linux_ && c->linux_->net_devices.n)
		asks |= BIT(ASK_NETDEV);
	if (p->process.terminal)
		asks |= BIT(ASK_CONSOLE);
	if (c->hooks && (c->hooks->prestart.n || c->hooks->create_runtime.n))
		asks |= BIT(ASK_HOOKS);
	if (p->security.seccomp_listener)
		asks |= BIT(ASK_NOTIFY);
	return asks;
}

int plan_build(struct arena *a, const struct oci_config *c, const struct host *h,
	       const struct plan_opts *o, struct plan *out)
{
	const char *shared = config_annotation(c, CGROUP_SHARED_KEY);
	struct cgroup_opts co = {
		.id = o->id,
		.manager = o->manager,
		.rootless = h->rootless,
		.shared = shared && streq(shared, "true"),
		.leaf = config_annotation(c, CGROUP_LEAF_KEY),
	};
	*out = (struct plan){
		.config = c,
		.id = o->id,
		.bundle = o->bundle,
		.has_process = c->process != NULL,
		.new_keyring = !o->no_new_keyring,
		.hooks_stdout = config_annotation(c, "run.oci.hooks.stdout"),
		.hooks_stderr = config_annotation(c, "run.oci.hooks.stderr"),
	};
	TRY(ns_plan_make(a, c, h, &out->ns));
	TRY(cgroup_plan_make(a, c, h, &co, &out->cgroup));
	TRY(resctrl_plan_make(a, c, h, o->id, &out->resctrl));
	TRY(plan_rootfs(a, c, h, o, out));
	if (c->process)
		TRY(plan_process(a, c, o, h, out));
	out->rlimits_by_parent = out->ns.userns;
	out->asks = plan_asks(c, h, out);
	return 0;
}
