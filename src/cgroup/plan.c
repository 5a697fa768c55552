/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroup, made by whom, with which limits (pure).
 * Surprise: a relative cgroupsPath is taken from the parent of our own cgroup, not from our own: a
 * cgroup with processes in it (us) cannot have children with controllers. */
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>

#include "base/path.h"
#include "cgroup/driver.h"
#include "sys/probe.h"

#define PATH_KEY "/linux/cgroupsPath"

static int bad_path(struct arena *a, const char *path, const char *why)
{
	struct str shown;
	str_init(&shown, a, 300);
	str_add_quoted(&shown, path);
	return err_msg(ERR_CONFIG, PATH_KEY ": \"%s\" %s", shown.v, why);
}

/* The path becomes directories below the mount: nothing in it may lead elsewhere. */
static int check_path(struct arena *a, const char *path)
{
	if (strlen(path) >= PATH_MAX)
		return err_msg(ERR_CONFIG, PATH_KEY ": is too long");
	for (const char *p = path; *p; p++)
		if (iscntrl((unsigned char)*p))
			return bad_path(a, path, "has control characters");
	if (path_has_dotdot(path))
		return bad_path(a, path, "must not contain \"..\"");
	if (strstr(path, "//"))
		return bad_path(a, path, "has an empty component");
	return 0;
}

/* The parent of our own cgroup. A path that starts with "/.." lies outside our cgroup namespace and
 * cannot be reached through this mount: then the top of the mount. */
static const char *own_parent(struct arena *a, const struct host *h)
{
	if (!h->own_cgroup || h->own_cgroup[0] != '/' || path_has_dotdot(h->own_cgroup))
		return "/";
	return path_dir(a, path_clean(a, h->own_cgroup));
}

static int plan_path(struct arena *a, const char *asked, const struct host *h, const char *id,
		     struct cgroup_plan *out)
{
	const char *below = id;

	if (asked && *asked) {
		TRY(check_path(a, asked));
		below = asked;
	}
	below = path_join(a, own_parent(a, h), below);
	if (streq(below, "/"))
		return bad_path(a, asked, "must name a cgroup below the root");
	out->root = h->cgroup_root;
	out->path = arena_printf(a, "%s%s", h->cgroup_root, below);
	return 0;
}

/* ---- delegation ---- */

static bool has_option(const struct oci_strs *options, const char *word)
{
	for (size_t i = 0; i < options->n; i++)
		if (streq(options->v[i], word))
			return true;
	return false;
}

static bool mounts_cgroup_writable(const struct oci_config *c)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_mount *m = &c->mounts.v[i];
		if (m->type && (streq(m->type, "cgroup") || streq(m->type, "cgroup2")) &&
		    !has_option(&m->options, "ro"))
			return true;
	}
	return false;
}

static bool makes_namespace(const struct oci_linux *l, enum oci_ns_type type)
{
	for (size_t i = 0; i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type == type)
			return !l->namespaces.v[i].path || !*l->namespaces.v[i].path;
	return false;
}

/* The host id of a container's id; false when it is not mapped. */
static bool host_uid(const struct oci_linux *l, uint32_t inside, uid_t *out)
{
	if (!l->uid_mappings.n) {
		*out = inside;
		return true;
	}
	for (size_t i = 0; i < l->uid_mappings.n; i++) {
		const struct oci_id_mapping *m = &l->uid_mappings.v[i];
		if (inside >= m->container_id && inside - m->container_id < m->size) {
			*out = m->host_id + (inside - m->container_id);
			return true;
		}
	}
	return false;
}

/* A container that has its own cgroup namespace and sees its cgroup writable is meant to manage it,
 * so the cgroup's files must belong to its user. */
static void plan_delegation(const struct oci_config *c, const struct host *h,
			    struct cgroup_plan *out)
{
	uint32_t uid = c->process && c->process->user ? c->process->user->uid : 0;

	if (!makes_namespace(c->linux_, OCI_NS_CGROUP) || !mounts_cgroup_writable(c))
		return;
	out->delegate = host_uid(c->linux_, uid, &out->owner) && out->owner != h->euid;
}

/* ---- the leaf ---- */

static int plan_leaf(struct arena *a, const char *name, struct cgroup_plan *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	struct str shown;
	if (!name)
		return 0;
	str_init(&shown, a, 300);
	str_add_quoted(&shown, name);
	if (!*name || strlen(name) > NAME_MAX || strspn(name, letters) != strlen(name) ||
	    after_prefix(name, CGROUP_EXEC_PREFIX))
		return err_msg(ERR_CONFIG,
			       "/annotations/" CGROUP_LEAF_KEY ": \"%s\" must be one name of "
			       "letters, digits, - and _, and not begin with " CGROUP_EXEC_PREFIX,
			       shown.v);
	out->leaf = name;
	out->needed = true;
	return 0;
}

/* ---- the whole ---- */

int cgroup_plan_devices(struct arena *a, struct cgroup_plan *out)
{
	struct cgroup_prog prog = { 0 };
	int r = TRY(cgroup_devices_compile(a, out->res.rules.v, out->res.rules.n, &prog));

	out->all_devices = r == CGROUP_DEVICES_ALL;
	out->device_prog = prog.insns.v;
	out->device_prog_len = prog.insns.n;
	return 0;
}

static int no_mount(const struct cgroup_plan *plan)
{
	if (plan->rootless && !plan->needed)
		return 0;
	int r = err_msg(ERR_UNSUPPORTED, "container could not join or create cgroup: "
					 "no cgroup v2 file system is mounted on this host");
	err_hint("mount one (mount -t cgroup2 none /sys/fs/cgroup), or run without: "
		 "--cgroup-manager disabled");
	return r;
}

int cgroup_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		     const struct cgroup_opts *o, struct cgroup_plan *out)
{
	struct oci_linux none = { 0 };
	const struct oci_linux *l = c->linux_ ? c->linux_ : &none;
	struct cgroup_plan plan = {
		.manager = o->manager,
		.root = "",
		.path = "",
		.rootless = o->rootless,
		.shared = o->shared,
	};

	TRY(cgroup_resources_make(a, l->resources, &plan.res));
	TRY(cgroup_plan_devices(a, &plan));
	if (o->manager == CGROUP_NONE) {
		*out = plan;
		return 0;
	}
	plan.needed = plan.res.writes.n || (l->cgroups_path && *l->cgroups_path);
	TRY(plan_leaf(a, o->leaf, &plan));
	if (!h->cgroup_root || !*h->cgroup_root) {
		TRY(no_mount(&plan));
		plan.manager = CGROUP_NONE;
		*out = plan;
		return 0;
	}
	if (o->manager == CGROUP_SYSTEMD)
		TRY(cgroup_plan_systemd(a, c, h, o, &plan));
	else
		TRY(plan_path(a, l->cgroups_path, h, o->id, &plan));
	if (c->linux_)
		plan_delegation(c, h, &plan);
	*out = plan;
	return 0;
}

static void print_unit(const struct cgroup_unit *u, struct str *s)
{
	str_addf(s, "         unit %s of %s", u->name, u->user_bus ? "the user" : "the system");
	if (!u->is_slice)
		str_addf(s, " in %s", u->slice);
	str_addc(s, '\n');
	for (size_t i = 0; i < u->props.n; i++) {
		const struct cgroup_prop *p = &u->props.v[i];
		str_addf(s, "         property %s %s", p->name + (*p->name == '?'), p->sig);
		for (size_t k = 0; k < p->words.n; k++) {
			str_addc(s, ' ');
			str_add_quoted(s, p->words.v[k]);
		}
		str_add(s, *p->name == '?' ? " (if known)\n" : "\n");
	}
}

void cgroup_plan_print(const struct cgroup_plan *p, struct str *s)
{
	str_addf(s, "cgroup   %s", cgroup_manager_name(p->manager));
	if (*p->path) {
		str_addc(s, ' ');
		str_add_quoted(s, p->path);
	}
	if (p->leaf)
		str_addf(s, ", processes in \"%s\"", p->leaf);
	if (p->shared)
		str_add(s, " shared");
	if (p->delegate)
		str_addf(s, " delegated to uid %u", (unsigned)p->owner);
	str_addc(s, '\n');
	if (p->manager == CGROUP_NONE)
		return;
	if (p->unit.name)
		print_unit(&p->unit, s);
	for (size_t i = 0; i < p->res.writes.n; i++) {
		const struct cgroup_write *w = &p->res.writes.v[i];
		str_addf(s, "         %s ", w->file);
		str_add_quoted(s, w->value);
		if (w->alt_file)
			str_addf(s, " (else %s %s)", w->alt_file, w->alt_value);
		if (w->missing_ok)
			str_add(s, " (if there)");
		str_addc(s, '\n');
	}
	if (p->all_devices)
		str_add(s, "         devices all\n");
	else
		str_addf(s, "         devices %zu rules, %zu instructions\n", p->res.rules.n,
			 p->device_prog_len);
}
