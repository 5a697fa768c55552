/* SPDX-License-Identifier: Apache-2.0 */
/* Where exec's process goes: to the container's others, to a cgroup that the caller names, or, with
 * limits of its own, to one that is made for it.
 * Surprise: that one is made under the container's lock, which is kept until the process is in it:
 * whoever has the lock may remove those that are empty. What is left of a detached exec goes with
 * the next one that has limits, or with the container. */
#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/exec_cgroup.h"

static int open_named(struct arena *a, const struct oci_record *rec, const char *name,
		      struct cgroup *out)
{
	if (name)
		return cgroup_open_sub(a, rec->cgroup_path, name, out);
	if (TRY(cgroup_open(rec->cgroup_path, out)) == CGROUP_GONE)
		return err_msg(ERR_STATE, "the container's cgroup \"%s\" is gone",
			       rec->cgroup_path);
	return 0;
}

/* The controllers that are on for execs, as the record has them now. */
static int load_enabled(struct runtime *rt, const struct container *c, struct oci_record **rec)
{
	if (TRY(store_load(rt->arena, c, rec)) == STORE_NO_RECORD)
		return container_not_running();
	if (!(*rec)->exec_controllers)
		(*rec)->exec_controllers = "";
	return 0;
}

static int save_enabled(struct runtime *rt, struct container *c, struct oci_record *rec,
			const char *enabled)
{
	if (streq(rec->exec_controllers, enabled))
		return 0;
	rec->exec_controllers = enabled;
	return store_save(rt->arena, c, rec);
}

static int make_own(struct launch *l, const struct oci_resources *asked)
{
	struct runtime *rt = l->rt;
	struct oci_record *rec;
	struct cgroup_plan base;
	TRY(store_lock(&l->container));
	TRY(load_enabled(rt, &l->container, &rec));
	TRY(container_cgroup_plan(rt, rec, &base));
	const char *enabled = rec->exec_controllers;
	int r = cgroup_exec_make(rt->arena, &base, asked, &enabled, &l->cgroup);
	if (r >= 0)
		return save_enabled(rt, &l->container, rec, enabled);
	struct err why = *err_get();
	err_dropped(save_enabled(rt, &l->container, rec, enabled));
	return err_set(&why);
}

int exec_cgroup_open(struct launch *l, const struct oci_record *rec, const struct exec_cgroup *o)
{
	if (!rec->cgroup_path && (o->name || o->asked))
		return err_msg(ERR_STATE, "%s: the container has no cgroup",
			       o->name ? "--cgroup" : "--resources");
	if (!rec->cgroup_path)
		return 0;
	/* Each of them has a lock of its own, so they would remove what is the other's. */
	if (o->asked && rec->shared_cgroup)
		return err_msg(ERR_UNSUPPORTED,
			       "--resources: the container shares its cgroup with others "
			       "(annotation " CGROUP_SHARED_KEY ")");
	if (o->asked)
		return make_own(l, o->asked);
	return open_named(l->rt->arena, rec, o->name ? o->name : rec->cgroup_leaf, &l->cgroup);
}

static int sweep(struct launch *l)
{
	struct oci_record *rec;
	TRY(store_lock(&l->container));
	TRY(load_enabled(l->rt, &l->container, &rec));
	const char *enabled = rec->exec_controllers;
	int r = cgroup_exec_sweep(rec->cgroup_path, &enabled);
	TRY(save_enabled(l->rt, &l->container, rec, enabled));
	return r;
}

void exec_cgroup_done(struct launch *l)
{
	if (!l->cgroup.created)
		return;
	int r = sweep(l);
	if (r < 0 && r != -ENOENT) /* deleted meanwhile, with all that was in it */
		log_warn("the cgroup of exec: %s", err_get()->text);
	err_clear();
	store_unlock(&l->container);
}
