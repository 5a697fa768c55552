/* SPDX-License-Identifier: Apache-2.0 */
/* Which sysctls a container may set: only those that belong to a namespace of its own, or it would
 * be changing the host. Everything not in the table below is refused.
 * Surprise: as in sysctl(8), the first separator of a key decides: after a "." a "/" stands for a
 * dot inside a name ("net.ipv4.conf.eth0/1.forwarding"), after a "/" a "." is just a dot. */
#include "process/parts.h"

static const struct sysctl_rule {
	const char *path; /* a trailing "/" means everything below */
	enum oci_ns_type ns;
} rules[] = {
	{ "kernel/msgmax", OCI_NS_IPC },     { "kernel/msgmnb", OCI_NS_IPC },
	{ "kernel/msgmni", OCI_NS_IPC },     { "kernel/sem", OCI_NS_IPC },
	{ "kernel/shmall", OCI_NS_IPC },     { "kernel/shmmax", OCI_NS_IPC },
	{ "kernel/shmmni", OCI_NS_IPC },     { "kernel/shm_rmid_forced", OCI_NS_IPC },
	{ "fs/mqueue/", OCI_NS_IPC },        { "net/", OCI_NS_NETWORK },
	{ "kernel/domainname", OCI_NS_UTS }, { "user/", OCI_NS_USER },
};

const char *process_pointer_token(struct arena *a, const char *key)
{
	struct str s;
	str_init(&s, a, 0);
	for (; *key; key++) {
		if (*key == '/')
			str_add(&s, "~1");
		else if (*key == '~')
			str_add(&s, "~0");
		else
			str_addc(&s, *key);
	}
	return s.v;
}

static char *key_to_path(struct arena *a, const char *key)
{
	char *path = arena_strdup(a, key);
	char *sep = strpbrk(path, "./");
	if (sep && *sep == '.')
		for (char *p = path; *p; p++)
			*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return path;
}

static bool is_plain_path(const char *path)
{
	for (;;) {
		size_t n = strcspn(path, "/");
		bool dots =
			(n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.');
		if (!n || dots)
			return false;
		if (!path[n])
			return true;
		path += n + 1;
	}
}

static const struct sysctl_rule *rule_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t n = strlen(rules[i].path);
		if (rules[i].path[n - 1] == '/' ? !strncmp(path, rules[i].path, n)
						: streq(path, rules[i].path))
			return &rules[i];
	}
	return NULL;
}

static const struct oci_namespace *namespace_of(const struct oci_config *c, enum oci_ns_type type)
{
	for (size_t i = 0; i < c->linux_->namespaces.n; i++)
		if (c->linux_->namespaces.v[i].type == type)
			return &c->linux_->namespaces.v[i];
	return NULL;
}

static int check_names(const struct oci_config *c, const char *token, const char *path,
		       const char *value)
{
	const char *field = streq(path, "kernel/hostname") ? "hostname" : NULL;
	if (streq(path, "kernel/domainname") && c->domainname && *c->domainname &&
	    !streq(value, c->domainname))
		field = "domainname";
	if (!field)
		return 0;
	return err_msg(ERR_CONFIG,
		       "/linux/sysctl/%s: sysctl \"kernel.%s\" is not allowed as it conflicts with "
		       "the OCI \"%s\" field",
		       token, field, field);
}

static int plan_one(struct arena *a, const struct oci_config *c, const struct oci_pair *kv,
		    struct process_plan *out)
{
	const char *token = process_pointer_token(a, kv->key);
	const char *path = key_to_path(a, kv->key);
	if (!is_plain_path(path))
		return err_msg(ERR_CONFIG, "/linux/sysctl/%s: is not a sysctl name", token);
	TRY(check_names(c, token, path, kv->value));
	const struct sysctl_rule *rule = rule_of(path);
	if (!rule)
		return err_msg(
			ERR_CONFIG,
			"/linux/sysctl/%s: sysctl \"%s\" is not in a separate kernel namespace",
			token, kv->key);
	const struct oci_namespace *ns = namespace_of(c, rule->ns);
	if (!ns)
		return err_msg(
			ERR_CONFIG,
			"/linux/sysctl/%s: sysctl \"%s\" is not in a separate kernel namespace: "
			"add {\"type\": \"%s\"} to /linux/namespaces",
			token, kv->key, oci_word(&oci_ns_type_words, (int)rule->ns));
	if (rule->ns == OCI_NS_NETWORK && ns->path && *ns->path)
		out->netns_path = ns->path;
	vec_push(a, &out->sysctls,
		 ((struct process_sysctl){
			 .key = token,
			 .path = arena_printf(a, "sys/%s", path),
			 .value = kv->value,
		 }));
	return 0;
}

int process_plan_sysctls(struct arena *a, const struct oci_config *c, struct process_plan *out)
{
	if (!c->linux_)
		return 0;
	for (size_t i = 0; i < c->linux_->sysctl.n; i++)
		TRY(plan_one(a, c, &c->linux_->sysctl.v[i], out));
	return 0;
}
