/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration written for root, run by an ordinary user: the user namespace that it needs is
 * added, with every id the user may map. The saved copy says so as well: later commands must find
 * what the container really has. docs/design/rootless.md tells why this is not an error. */
#include "base/log.h"
#include "ns/ns.h"
#include "runtime/launch.h"

static void add_user_namespace(struct arena *a, struct oci_linux *l)
{
	size_t n = l->namespaces.n;
	struct oci_namespace *v = arena_calloc(a, n + 1, sizeof(*v));
	if (n)
		memcpy(v, l->namespaces.v, n * sizeof(*v));
	v[n].type = OCI_NS_USER;
	l->namespaces.v = v;
	l->namespaces.n = n + 1;
}

int runtime_default_ids(struct runtime *rt, struct bundle *b)
{
	struct oci_config *c = b->config;
	struct ns_default_maps maps = { 0 };
	if (rt->host.euid == 0 || !rt->host.rootless)
		return 0;
	if (c->linux_ && (c->linux_->uid_mappings.n || c->linux_->gid_mappings.n))
		return 0;
	if (config_namespace(c, OCI_NS_USER) && !config_has_new_ns(c, OCI_NS_USER))
		return 0;
	TRY(ns_default_maps(rt->arena, &rt->host, &maps));
	if (!c->linux_)
		c->linux_ = arena_calloc(rt->arena, 1, sizeof(*c->linux_));
	if (!config_namespace(c, OCI_NS_USER))
		add_user_namespace(rt->arena, c->linux_);
	ns_set_maps(c->linux_, &maps);
	b->text = oci_encode(rt->arena, oci_config_type(), c, "\t", &b->len);
	log_debug("no id mappings in the configuration: a user namespace with %zu uid and %zu gid "
		  "mappings",
		  maps.uids.n, maps.gids.n);
	return 0;
}
