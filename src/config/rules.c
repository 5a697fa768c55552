/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between the fields of config.json, one function each, called from one table. Each failure
 * names the JSON pointer and says what was expected.
 * Surprise: an absent `process` is fine here (the spec lets create do without); start refuses it.
 */
#include <ctype.h>
#include <limits.h>

#include "base/path.h"
#include "config/config.h"

const struct oci_namespace *config_namespace(const struct oci_config *c, enum oci_ns_type t)
{
	if (!c->linux_)
		return NULL;
	for (size_t i = 0; i < c->linux_->namespaces.n; i++)
		if (c->linux_->namespaces.v[i].type == t)
			return &c->linux_->namespaces.v[i];
	return NULL;
}

bool config_has_new_ns(const struct oci_config *c, enum oci_ns_type t)
{
	const struct oci_namespace *ns = config_namespace(c, t);
	return ns && (!ns->path || !*ns->path);
}

static bool is_number(const char **p)
{
	const char *s = *p;
	while (isdigit((unsigned char)*s))
		s++;
	bool ok = s != *p && !(**p == '0' && s - *p > 1);
	*p = s;
	return ok;
}

/* Semantic versioning: MAJOR.MINOR.PATCH[-PRE][+BUILD]. */
static bool is_semver(const char *v)
{
	for (int i = 0; i < 3; i++) {
		if (!is_number(&v))
			return false;
		if (i < 2 && *v++ != '.')
			return false;
	}
	if (!*v)
		return true;
	if (*v != '-' && *v != '+')
		return false;
	return v[1] &&
	       strspn(v + 1, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+") ==
		       strlen(v + 1);
}

static int rule_version(const struct oci_config *c)
{
	const char *v = c->oci_version;
	if (!is_semver(v))
		return err_msg(ERR_CONFIG, "/ociVersion: \"%s\" is not a version of the form 1.2.3",
			       v);
	if (strncmp(v, "1.", 2) != 0)
		return err_msg(ERR_CONFIG, "/ociVersion: \"%s\" is not supported, expected 1.x", v);
	return 0;
}

static int rule_root(const struct oci_config *c)
{
	if (!c->root)
		return err_msg(ERR_CONFIG, "/root: is required on Linux");
	if (!*c->root->path)
		return err_msg(ERR_CONFIG, "/root/path: must not be empty");
	if (strlen(c->root->path) >= PATH_MAX)
		return err_msg(ERR_CONFIG, "/root/path: is longer than %d bytes", PATH_MAX - 1);
	return 0;
}

static int rule_process(const struct oci_config *c)
{
	const struct oci_process *p = c->process;
	if (!p)
		return 0;
	if (p->cwd[0] != '/')
		return err_msg(ERR_CONFIG,
			       "/process/cwd: Cwd must be an absolute path, found \"%s\"", p->cwd);
	if (strlen(p->cwd) >= PATH_MAX)
		return err_msg(ERR_CONFIG, "/process/cwd: is longer than %d bytes", PATH_MAX - 1);
	if (!p->args.n)
		return err_msg(ERR_CONFIG, "/process/args: must not be empty");
	if (!*p->args.v[0])
		return err_msg(ERR_CONFIG, "/process/args/0: must not be empty");
	if (p->console_size &&
	    (p->console_size->height > USHRT_MAX || p->console_size->width > USHRT_MAX))
		return err_msg(ERR_CONFIG,
			       "/process/consoleSize: height and width must be at most %d",
			       USHRT_MAX);
	return 0;
}

static int rule_user(const struct oci_config *c)
{
	const struct oci_user *u = c->process ? c->process->user : NULL;
	if (!u)
		return 0;
	if (u->uid == UINT32_MAX)
		return err_msg(
			ERR_CONFIG,
			"/process/user/uid: %u means \"unchanged\" to the kernel and is not a user",
			u->uid);
	if (u->gid == UINT32_MAX)
		return err_msg(ERR_CONFIG,
			       "/process/user/gid: %u means \"unchanged\" to the kernel and is not "
			       "a group",
			       u->gid);
	if (u->umask.set && u->umask.v > 0777)
		return err_msg(ERR_CONFIG,
			       "/process/user/umask: must be at most 511 (0777), found %u",
			       u->umask.v);
	for (size_t i = 0; i < u->additional_gids.n; i++)
		if (u->additional_gids.v[i] == UINT32_MAX)
			return err_msg(ERR_CONFIG,
				       "/process/user/additionalGids/%zu: %u is not a group", i,
				       UINT32_MAX);
	return 0;
}

static int rule_namespaces(const struct oci_config *c)
{
	if (!c->linux_)
		return 0;
	const struct oci_linux *l = c->linux_;
	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.v[i];
		const char *word = oci_word(&oci_ns_type_words, (int)ns->type);
		for (size_t j = 0; j < i; j++)
			if (l->namespaces.v[j].type == ns->type)
				return err_msg(ERR_CONFIG,
					       "/linux/namespaces/%zu: duplicate namespace \"%s\" "
					       "(also %zu)",
					       i, word, j);
		if (ns->path && *ns->path && ns->path[0] != '/')
			return err_msg(ERR_CONFIG,
				       "/linux/namespaces/%zu/path: must be an absolute path, "
				       "found \"%s\"",
				       i, ns->path);
	}
	return 0;
}

static int check_name(const char *pointer, const char *value, bool has_uts)
{
	if (!value || !*value)
		return 0;
	if (!has_uts)
		return err_msg(ERR_CONFIG,
			       "%s: unable to set %s without a private UTS namespace: add "
			       "{\"type\": \"uts\"} to /linux/namespaces",
			       pointer, pointer + 1);
	if (strlen(value) > 64)
		return err_msg(ERR_CONFIG, "%s: is longer than 64 bytes", pointer);
	return 0;
}

static int rule_names(const struct oci_config *c)
{
	bool uts = config_namespace(c, OCI_NS_UTS) != NULL;
	TRY(check_name("/hostname", c->hostname, uts));
	return check_name("/domainname", c->domainname, uts);
}

static int check_paths(const char *pointer, const struct oci_strs *paths, bool has_mnt)
{
	if (paths->n && !has_mnt)
		return err_msg(ERR_CONFIG,
			       "%s: needs a mount namespace: add {\"type\": \"mount\"} to "
			       "/linux/namespaces",
			       pointer);
	for (size_t i = 0; i < paths->n; i++)
		if (paths->v[i][0] != '/')
			return err_msg(ERR_CONFIG, "%s/%zu: must be an absolute path, found \"%s\"",
				       pointer, i, paths->v[i]);
	return 0;
}

static int rule_paths(const struct oci_config *c)
{
	if (!c->linux_)
		return 0;
	bool mnt = config_namespace(c, OCI_NS_MOUNT) != NULL;
	TRY(check_paths("/linux/maskedPaths", &c->linux_->masked_paths, mnt));
	return check_paths("/linux/readonlyPaths", &c->linux_->readonly_paths, mnt);
}

static int rule_maps(const struct oci_config *c)
{
	const struct oci_linux *l = c->linux_;
	if (!l)
		return 0;
	bool user = config_namespace(c, OCI_NS_USER) != NULL;
	if (!user && l->uid_mappings.n)
		return err_msg(ERR_CONFIG, "/linux/uidMappings: User namespace mappings specified, "
					   "but user namespace isn't enabled in /linux/namespaces");
	if (!user && l->gid_mappings.n)
		return err_msg(ERR_CONFIG, "/linux/gidMappings: User namespace mappings specified, "
					   "but user namespace isn't enabled in /linux/namespaces");
	return 0;
}

static int rule_time(const struct oci_config *c)
{
	const struct oci_linux *l = c->linux_;
	if (!l || !l->time_offsets)
		return 0;
	if (!config_has_new_ns(c, OCI_NS_TIME))
		return err_msg(ERR_CONFIG, "/linux/timeOffsets: need a new time namespace: add "
					   "{\"type\": \"time\"} to /linux/namespaces");
	const struct oci_time_offset *o[] = { l->time_offsets->boottime,
					      l->time_offsets->monotonic };
	for (size_t i = 0; i < ARRAY_SIZE(o); i++)
		if (o[i] && o[i]->nanosecs > 999999999)
			return err_msg(ERR_CONFIG,
				       "/linux/timeOffsets/%s/nanosecs: must be at most 999999999, "
				       "found %u",
				       i ? "monotonic" : "boottime", o[i]->nanosecs);
	return 0;
}

static int rule_devices(const struct oci_config *c)
{
	const struct oci_linux *l = c->linux_;
	for (size_t i = 0; l && i < l->devices.n; i++) {
		const struct oci_device *d = &l->devices.v[i];
		if (strlen(d->type) != 1 || !strchr("cbup", d->type[0]))
			return err_msg(
				ERR_CONFIG,
				"/linux/devices/%zu/type: expected one of c, b, u, p, found \"%s\"",
				i, d->type);
		if (d->path[0] != '/')
			return err_msg(
				ERR_CONFIG,
				"/linux/devices/%zu/path: must be an absolute path, found \"%s\"",
				i, d->path);
		if (d->type[0] != 'p' && (!d->major.set || !d->minor.set))
			return err_msg(ERR_CONFIG,
				       "/linux/devices/%zu: type \"%s\" needs major and minor", i,
				       d->type);
	}
	return 0;
}

int config_check(const struct oci_config *c)
{
	static int (*const rules[])(const struct oci_config *) = {
		rule_version, rule_root, rule_process, rule_user,    rule_namespaces, rule_names,
		rule_paths,   rule_maps, rule_time,    rule_devices,
	};
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		TRY(rules[i](c));
	return 0;
}
