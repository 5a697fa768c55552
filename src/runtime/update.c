/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that lives. What is asked is laid over the resources of the
 * saved config, written to the cgroup, and the saved config is replaced, so that the next update
 * builds on it. Either all of it happens or nothing: when saving fails, the cgroup and the resctrl
 * group get their old values back. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "resctrl/resctrl.h"
#include "runtime/launch.h"

int runtime_read_resources(struct arena *a, const char *file, struct oci_resources **out)
{
	struct oci_diag diag;
	char *text;
	size_t len;
	if (streq(file, "-"))
		TRY(io_read_fd(a, STDIN_FILENO, "stdin", OCI_MAX_DOCUMENT, &text, &len));
	else
		TRY(io_read_file(a, AT_FDCWD, file, OCI_MAX_DOCUMENT, &text, &len));
	*out = oci_decode(a, oci_resources_type(), text, len, 0, &diag);
	if (!*out)
		return err_msg(ERR_CONFIG, "resources: %s", diag.text);
	return 0;
}

/* The saved config with the keys we do not know, because it is written again. */
static int load_config(struct runtime *rt, const struct container *c, struct oci_config **out)
{
	struct oci_diag diag;
	char *text;
	size_t len;
	TRY(store_load_config(rt->arena, c, &text, &len));
	*out = oci_decode(rt->arena, oci_config_type(), text, len, OCI_KEEP_UNKNOWN, &diag);
	if (!*out)
		return err_msg(ERR_STATE, "saved config.json of container \"%s\": %s", c->id,
			       diag.text);
	return 0;
}

static int save(struct runtime *rt, struct container *c, struct oci_config *config,
		struct oci_resources *kept)
{
	size_t len;
	if (!config->linux_)
		config->linux_ = arena_alloc(rt->arena, sizeof(*config->linux_));
	config->linux_->resources = kept;
	const char *text = oci_encode(rt->arena, oci_config_type(), config, NULL, &len);
	if (!text)
		return err_msg(ERR_BUG, "the config of container \"%s\" cannot be written as JSON",
			       c->id);
	return store_save_config(c, text, len);
}

static int check_state(const struct container *c, const struct oci_record *rec)
{
	enum oci_status st;
	if (!rec)
		return container_not_running();
	TRY(store_status(c, rec, &st));
	if (st == OCI_STOPPED || st == OCI_CREATING)
		return container_not_running();
	if (rec->cgroup_path)
		return 0;
	int r = err_msg(ERR_UNSUPPORTED,
			"cannot update container \"%s\": it has no cgroup of its own", c->id);
	err_hint("it was made with --cgroup-manager disabled, or by a rootless user without a "
		 "delegated cgroup");
	return r;
}

int container_cgroup_plan(struct runtime *rt, const struct oci_record *rec,
			  struct cgroup_plan *out)
{
	TRY(runtime_host(rt));
	*out = (struct cgroup_plan){
		.root = rt->host.cgroup_root ? rt->host.cgroup_root : "",
		.path = rec->cgroup_path,
		.rootless = rec->rootless,
		.unit = { .name = rec->systemd_unit, .user_bus = rec->systemd_user },
	};
	if (!cgroup_manager_find(rec->cgroup_manager ? rec->cgroup_manager : "cgroupfs",
				 &out->manager))
		return err_msg(ERR_STATE, "unknown cgroup manager \"%s\" in the state",
			       rec->cgroup_manager);
	if (!after_prefix(rec->cgroup_path, out->root))
		return err_msg(ERR_STATE, "cgroup \"%s\" is not below \"%s\"", rec->cgroup_path,
			       out->root);
	return 0;
}

/* Intel RDT is not a cgroup: its group is in resctrl. */
static int update_rdt(struct runtime *rt, const struct oci_record *rec, const struct update_opts *o,
		      struct oci_config *config, const char **before)
{
	struct oci_intel_rdt *rdt = config->linux_ ? config->linux_->intel_rdt : NULL;
	if (!o->l3_cache_schema && !o->mem_bw_schema)
		return 0;
	if (!rec->resctrl_group || !rdt)
		return err_msg(ERR_STATE, "%s: the container was made without linux.intelRdt",
			       o->l3_cache_schema ? "--l3-cache-schema" : "--mem-bw-schema");
	TRY(resctrl_update(rt->arena, rec->resctrl_group, o->l3_cache_schema, o->mem_bw_schema,
			   before));
	if (o->l3_cache_schema)
		rdt->l3_cache_schema = o->l3_cache_schema;
	if (o->mem_bw_schema)
		rdt->mem_bw_schema = o->mem_bw_schema;
	return 0;
}

struct updating {
	struct runtime *rt;
	struct container *c;
	const struct oci_record *rec;
	const struct update_opts *o;
	struct oci_config *config;
	struct cgroup_change ch;
};

static int apply(struct updating *u)
{
	struct cgroup cg = { .dir_fd = -1 };
	struct cgroup_before before;
	const char *schemata = NULL;
	if (TRY(cgroup_open(u->ch.plan.path, &cg)) == CGROUP_GONE)
		return container_not_running();
	int r = cgroup_update(u->rt->arena, &u->ch, &cg, &before);
	if (r >= 0 && (update_rdt(u->rt, u->rec, u->o, u->config, &schemata) < 0 ||
		       save(u->rt, u->c, u->config, &u->ch.kept) < 0)) {
		r = resctrl_put_back(u->rt->arena, u->rec->resctrl_group, schemata);
		if (r < 0)
			r = cgroup_put_back(&u->ch, &cg, &before);
	}
	cgroup_close(&cg);
	return r;
}

static int update_locked(struct updating *u, const struct oci_resources *asked)
{
	struct cgroup_plan base;
	TRY(check_state(u->c, u->rec));
	TRY(load_config(u->rt, u->c, &u->config));
	TRY(container_cgroup_plan(u->rt, u->rec, &base));
	const struct oci_linux *l = u->config->linux_;
	TRY(cgroup_change_make(u->rt->arena, &base, l ? l->resources : NULL, asked, &u->ch));
	return apply(u);
}

int runtime_update(struct runtime *rt, const struct update_opts *o, const char *id)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	struct oci_resources *read = NULL;
	struct update_opts opts = *o;
	TRY(container_open_locked(rt, id, &c, &rec));
	int r = o->resources ? runtime_read_resources(rt->arena, o->resources, &read) : 0;
	if (o->resources)
		opts = (struct update_opts){ .asked = read };
	struct updating u = { .rt = rt, .c = &c, .rec = rec, .o = &opts };
	if (r >= 0)
		r = update_locked(&u, opts.asked);
	store_close(&c);
	return r;
}
