/* SPDX-License-Identifier: Apache-2.0 */
/* The pure planner of this room: checks what the schema cannot and puts the parts together.
 * Surprise: ids are checked here against the mappings of a new user namespace, because the kernel
 * answers an unmapped id with a bare EINVAL long after anyone knows which id it was. */
#include <limits.h>

#include "process/parts.h"

const struct name process_rlimit_names[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ NULL, 0 },
};

static const uint32_t default_umask = 0022;

static int plan_argv(struct arena *a, const struct oci_process *proc, struct process_plan *out)
{
	if (!proc->args.n || !*proc->args.v[0])
		return err_msg(ERR_CONFIG, "/process/args: must not be empty");
	if (!proc->cwd || proc->cwd[0] != '/')
		return err_msg(ERR_CONFIG,
			       "/process/cwd: Cwd must be an absolute path, found \"%s\"",
			       proc->cwd ? proc->cwd : "");
	out->argv = arena_calloc(a, proc->args.n + 1, sizeof(*out->argv));
	memcpy(out->argv, proc->args.v, proc->args.n * sizeof(*out->argv));
	out->nargs = proc->args.n;
	out->cwd = proc->cwd;
	return 0;
}

static bool is_mapped(const struct oci_id_mapping *v, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= v[i].container_id && id - v[i].container_id < v[i].size)
			return true;
	return n == 0; /* no mappings in the config: the kernel will tell */
}

static int check_ids(const struct oci_linux *l, const struct process_plan *p)
{
	bool uid_ok = p->uid != UINT32_MAX, gid_ok = p->gid != UINT32_MAX;
	if (uid_ok && l)
		uid_ok = is_mapped(l->uid_mappings.v, l->uid_mappings.n, p->uid);
	if (!uid_ok)
		return err_msg(
			ERR_CONFIG,
			"/process/user/uid: cannot set uid to unmapped user in user namespace: %u",
			p->uid);
	if (gid_ok && l)
		gid_ok = is_mapped(l->gid_mappings.v, l->gid_mappings.n, p->gid);
	if (!gid_ok)
		return err_msg(
			ERR_CONFIG,
			"/process/user/gid: cannot set gid to unmapped user in user namespace: %u",
			p->gid);
	for (size_t i = 0; i < p->ngids; i++)
		if (p->gids[i] == UINT32_MAX ||
		    (l && !is_mapped(l->gid_mappings.v, l->gid_mappings.n, p->gids[i])))
			return err_msg(ERR_CONFIG,
				       "/process/user/additionalGids/%zu: gid %u is not mapped in "
				       "the user namespace",
				       i, p->gids[i]);
	return 0;
}

static bool has_new_userns(const struct oci_linux *l)
{
	for (size_t i = 0; l && i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type == OCI_NS_USER)
			return !l->namespaces.v[i].path || !*l->namespaces.v[i].path;
	return false;
}

static int plan_user(const struct oci_config *c, const struct oci_user *u, struct process_plan *out)
{
	out->umask = default_umask;
	if (!u)
		return 0;
	out->uid = u->uid;
	out->gid = u->gid;
	out->gids = u->additional_gids.v;
	out->ngids = u->additional_gids.n;
	if (u->umask.set)
		out->umask = u->umask.v;
	if (out->umask > 0777)
		return err_msg(ERR_CONFIG,
			       "/process/user/umask: must be at most 511 (0777), found %u",
			       out->umask);
	if (out->ngids > NGROUPS_MAX)
		return err_msg(ERR_CONFIG,
			       "/process/user/additionalGids: at most %d groups, found %zu",
			       NGROUPS_MAX, out->ngids);
	return check_ids(has_new_userns(c->linux_) ? c->linux_ : NULL, out);
}

static int plan_rlimits(struct arena *a, const struct oci_process *proc, struct process_plan *out)
{
	for (size_t i = 0; i < proc->rlimits.n; i++) {
		const struct oci_rlimit *r = &proc->rlimits.v[i];
		uint64_t resource = 0;
		if (!name_find(process_rlimit_names, r->type, &resource))
			return err_msg(ERR_CONFIG,
				       "/process/rlimits/%zu/type: unknown rlimit \"%s\"", i,
				       r->type);
		for (size_t j = 0; j < out->rlimits.n; j++)
			if (out->rlimits.v[j].resource == (int)resource)
				return err_msg(ERR_CONFIG,
					       "/process/rlimits/%zu: duplicate \"%s\" (also %zu)",
					       i, r->type, j);
		if (r->soft > r->hard)
			return err_msg(ERR_CONFIG,
				       "/process/rlimits/%zu/soft: must not be above hard", i);
		vec_push(a, &out->rlimits,
			 ((struct process_rlimit){
				 .name = r->type,
				 .resource = (int)resource,
				 .index = i,
				 .value = { .rlim_cur = r->soft, .rlim_max = r->hard },
			 }));
	}
	return 0;
}

static int plan_rest(const struct oci_process *proc, struct process_plan *out)
{
	const struct oci_box *box = proc->console_size;
	out->terminal = proc->terminal;
	if (box && (box->height > USHRT_MAX || box->width > USHRT_MAX))
		return err_msg(ERR_CONFIG,
			       "/process/consoleSize: height and width must be at most %d",
			       USHRT_MAX);
	out->has_box = box != NULL;
	if (box) {
		out->rows = (unsigned short)box->height;
		out->cols = (unsigned short)box->width;
	}
	if (proc->oom_score_adj.set &&
	    (proc->oom_score_adj.v < -1000 || proc->oom_score_adj.v > 1000))
		return err_msg(ERR_CONFIG,
			       "/process/oomScoreAdj: must be -1000 to 1000, found %lld",
			       (long long)proc->oom_score_adj.v);
	out->has_oom = proc->oom_score_adj.set;
	out->oom_score_adj = (int)proc->oom_score_adj.v;
	return 0;
}

int process_plan_make(struct arena *a, const struct oci_config *c, const struct oci_process *proc,
		      const struct process_opts *o, struct process_plan *out)
{
	struct process_plan p = {
		.rootless = o->rootless,
		.userns = o->userns,
		.keep_groups = o->keep_groups,
		.joins = o->joins,
		.keep_fds = o->listen_fds + o->preserve_fds,
	};
	if (!proc)
		proc = c->process;
	if (!proc)
		return err_msg(ERR_CONFIG, "/process: process property must not be empty");
	TRY(plan_argv(a, proc, &p));
	TRY(process_plan_env(a, proc, o, &p));
	TRY(plan_user(c, proc->user, &p));
	TRY(plan_rlimits(a, proc, &p));
	TRY(plan_rest(proc, &p));
	TRY(process_plan_sched(a, c, proc, &p));
	if (!o->joins)
		TRY(process_plan_sysctls(a, c, &p));
	*out = p;
	return 0;
}
