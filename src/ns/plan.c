/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces are joined, which are made, by whom and in what order. Pure.
 * Three questions decide everything: may the first clone make the user namespace (not when host
 * root has to join others before it), may it make the pid namespace (not when there is a second
 * clone: its maker, pid 1, is about to exit), and is there a second clone at all (a new time
 * namespace and a joined pid namespace take effect only for children).
 * Surprise: the cgroup namespace is in no flag word; it is made late, by a process that is already
 * in its cgroup, or it would show the caller's. docs/design/ids.md has the table. */
#include <sched.h>

#include "ns/kinds.h"

/* In the order of joining: the mount namespace last, because it changes what /proc/self is. */
/* clang-format off */
const struct ns_kind ns_kinds[] = {
	{ OCI_NS_USER,    CLONE_NEWUSER,   "user" },
	{ OCI_NS_PID,     CLONE_NEWPID,    "pid" },
	{ OCI_NS_NETWORK, CLONE_NEWNET,    "network" },
	{ OCI_NS_IPC,     CLONE_NEWIPC,    "ipc" },
	{ OCI_NS_UTS,     CLONE_NEWUTS,    "uts" },
	{ OCI_NS_CGROUP,  CLONE_NEWCGROUP, "cgroup" },
	{ OCI_NS_TIME,    CLONE_NEWTIME,   "time" },
	{ OCI_NS_MOUNT,   CLONE_NEWNS,     "mount" },
	{ oci_ns_type_absent, 0, NULL },
};
/* clang-format on */

const char *ns_kind_file(const struct ns_kind *k)
{
	return k->type == OCI_NS_MOUNT ? "mnt" : k->type == OCI_NS_NETWORK ? "net" : k->word;
}

const struct ns_kind *ns_kind_of(enum oci_ns_type type)
{
	const struct ns_kind *k = ns_kinds;
	while (k->word && k->type != type)
		k++;
	return k;
}

static int plan_types(const struct oci_linux *l, struct ns_plan *p)
{
	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.v[i];
		if (ns->type <= oci_ns_type_absent || ns->type >= oci_ns_type_count)
			return err_msg(ERR_CONFIG, "/linux/namespaces/%zu/type: no namespace type",
				       i);
		if (p->new_[ns->type] || p->joined[ns->type])
			return err_msg(ERR_CONFIG,
				       "/linux/namespaces/%zu: a second \"%s\" namespace", i,
				       ns_kind_of(ns->type)->word);
		if (ns->path && ns->path[0])
			p->joined[ns->type] = true;
		else
			p->new_[ns->type] = true;
	}
	return 0;
}

static void plan_joins(struct arena *a, const struct oci_linux *l, bool early, struct ns_plan *p)
{
	for (const struct ns_kind *k = ns_kinds; k->word; k++) {
		for (size_t i = 0; i < l->namespaces.n; i++) {
			const struct oci_namespace *ns = &l->namespaces.v[i];
			if (ns->type != k->type || !p->joined[k->type])
				continue;
			struct ns_join *j = vec_add(a, &p->joins);
			j->type = ns->type;
			j->path = ns->path;
			j->index = i;
			j->early = early && ns->type != OCI_NS_USER;
		}
	}
}

static bool has_early_joins(const struct ns_plan *p)
{
	for (size_t i = 0; i < p->joins.n; i++)
		if (p->joins.v[i].early)
			return true;
	return false;
}

/* Spread the new namespaces over the clone and the unshare. */
static void plan_makers(struct ns_plan *p)
{
	bool user_later = p->joined[OCI_NS_USER];
	p->unshare_user = p->new_[OCI_NS_USER] && has_early_joins(p);
	user_later |= p->unshare_user;

	p->forks = p->new_[OCI_NS_TIME] || p->joined[OCI_NS_PID] ||
		   (p->new_[OCI_NS_PID] && user_later);
	for (const struct ns_kind *k = ns_kinds; k->word; k++) {
		if (!p->new_[k->type] || k->type == OCI_NS_CGROUP)
			continue;
		bool for_children = k->type == OCI_NS_TIME || (k->type == OCI_NS_PID && p->forks);
		if (k->type == OCI_NS_USER)
			p->clone_flags |= p->unshare_user ? 0 : k->flag;
		else if (user_later || for_children)
			p->unshare_flags |= k->flag;
		else
			p->clone_flags |= k->flag;
	}
	p->cgroupns = p->new_[OCI_NS_CGROUP];
	p->timens = p->new_[OCI_NS_TIME];
	p->userns = p->new_[OCI_NS_USER] || p->joined[OCI_NS_USER];
}

static const char *time_offsets(struct arena *a, const struct oci_time_offsets *t)
{
	const char *text = "";
	if (t->monotonic)
		text = arena_printf(a, "monotonic %lld %u\n", (long long)t->monotonic->secs,
				    t->monotonic->nanosecs);
	if (t->boottime)
		text = arena_printf(a, "%sboottime %lld %u\n", text, (long long)t->boottime->secs,
				    t->boottime->nanosecs);
	return text[0] ? text : NULL;
}

static bool is_own_id(const struct ns_map *m, size_t n, uint32_t id)
{
	return n == 1 && m->size == 1 && m->outside == id;
}

/* Root may write any map of its ids; anybody else only one line with their own id, and that only
 * after giving up setgroups. Everything else is for newuidmap and newgidmap. */
static int plan_maps(struct arena *a, const struct oci_linux *l, const struct host *h,
		     struct ns_plan *p)
{
	if (!l->uid_mappings.n || !l->gid_mappings.n)
		return err_msg(ERR_CONFIG,
			       "/linux/%s: a new user namespace needs at least one mapping "
			       "(`spec --rootless` writes those that suit you)",
			       l->uid_mappings.n ? "gidMappings" : "uidMappings");
	TRY(ns_maps_make(a, "/linux/uidMappings", l->uid_mappings.v, l->uid_mappings.n, &p->uids));
	TRY(ns_maps_make(a, "/linux/gidMappings", l->gid_mappings.v, l->gid_mappings.n, &p->gids));
	p->nuids = l->uid_mappings.n;
	p->ngids = l->gid_mappings.n;
	p->need_maps = true;
	p->root_uid = ns_maps_has(p->uids, p->nuids, 0) ? 0 : p->uids[0].inside;
	p->root_gid = ns_maps_has(p->gids, p->ngids, 0) ? 0 : p->gids[0].inside;
	if (h->euid != 0) {
		p->newuidmap = !is_own_id(p->uids, p->nuids, h->euid);
		p->newgidmap = !is_own_id(p->gids, p->ngids, h->egid);
		p->use_newidmap = p->newuidmap || p->newgidmap;
		p->deny_setgroups = !p->newgidmap;
		p->stay_dumpable = true;
	}
	return 0;
}

static int check_net_device(const struct oci_linux *l, size_t i)
{
	const char *from = l->net_devices.v[i].key, *to = ns_device_name(l, i);
	if (!ns_device_name_ok(from))
		return err_msg(ERR_CONFIG,
			       "/linux/netDevices: \"%s\" cannot be the name of a network device",
			       from);
	if (!ns_device_name_ok(to))
		return err_msg(
			ERR_CONFIG,
			"/linux/netDevices/%s/name: \"%s\" cannot be the name of a network device",
			from, to);
	for (size_t j = 0; j < i; j++)
		if (streq(to, ns_device_name(l, j)) && !strchr(to, '%'))
			return err_msg(
				ERR_CONFIG,
				"/linux/netDevices/%s/name: \"%s\" is also the name for \"%s\"",
				from, to, l->net_devices.v[j].key);
	return 0;
}

static int plan_net_devices(const struct oci_linux *l, const struct host *h,
			    const struct ns_plan *p)
{
	if (l->net_devices.n == 0)
		return 0;
	if (!p->new_[OCI_NS_NETWORK] && !p->joined[OCI_NS_NETWORK])
		return err_msg(ERR_CONFIG, "/linux/netDevices: needs a network namespace: add "
					   "{\"type\": \"network\"} to /linux/namespaces");
	if (h->rootless)
		return err_msg(ERR_UNSUPPORTED, "/linux/netDevices: only root of the host can give "
						"its network devices away");
	for (size_t i = 0; i < l->net_devices.n; i++)
		TRY(check_net_device(l, i));
	return 0;
}

static bool keeps_groups(const struct oci_config *c)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (streq(c->annotations.v[i].key, "run.oci.keep_original_groups"))
			return streq(c->annotations.v[i].value, "1");
	return false;
}

int ns_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		 struct ns_plan *out)
{
	struct ns_plan p = { .keep_groups = keeps_groups(c) };
	static const struct oci_linux none;
	const struct oci_linux *l = c->linux_ ? c->linux_ : &none;

	TRY(plan_types(l, &p));
	if (h->euid != 0 && !p.new_[OCI_NS_USER] && !p.joined[OCI_NS_USER])
		return err_msg(ERR_CONFIG,
			       "/linux/namespaces: uid %u is not root, so a user namespace is "
			       "needed: add {\"type\": \"user\"} and mappings (`spec --rootless` "
			       "writes both)",
			       (unsigned)h->euid);
	plan_joins(a, l, h->euid == 0, &p);
	plan_makers(&p);
	p.lends = h->euid != 0;
	/* A joined user namespace has its maps; engines repeat them, or write dummies. */
	if (p.new_[OCI_NS_USER])
		TRY(plan_maps(a, l, h, &p));
	if (p.timens && l->time_offsets)
		p.time_offsets = time_offsets(a, l->time_offsets);
	TRY(plan_net_devices(l, h, &p));
	*out = p;
	return 0;
}
