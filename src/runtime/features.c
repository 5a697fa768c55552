/* SPDX-License-Identifier: Apache-2.0 */
/* features: printed from the tables that do the work, so that it cannot promise more than they do.
 */
#include "base/io.h"
#include "base/str.h"
#include "config/config.h"
#include "process/process.h"
#include "rootfs/rootfs.h"
#include "runtime/runtime.h"
#include "security/security.h"

static const char *const hooks[] = { "prestart",       "createRuntime", "createContainer",
				     "startContainer", "poststart",     "poststop" };
static const char *const namespaces[] = { "cgroup", "ipc",  "mount", "network",
					  "pid",    "time", "user",  "uts" };

static struct oci_strs list(const char *const *v, size_t n)
{
	return (struct oci_strs){ .v = (const char **)v, .n = n, .present = true };
}

/* The words of a name table, in its order. */
static struct oci_strs words(struct arena *a, const struct name *t)
{
	struct oci_strs out = { .present = true };
	size_t n = 0;
	while (t[n].word)
		n++;
	out.v = arena_calloc(a, n, sizeof(*out.v));
	for (out.n = 0; out.n < n; out.n++)
		out.v[out.n] = t[out.n].word;
	return out;
}

static void unsafe_annotations(struct arena *a, struct oci_strs *out)
{
	out->present = true;
	size_t n = 0;
	while (config_annotations[n].key)
		n++;
	out->v = arena_calloc(a, n, sizeof(*out->v));
	for (size_t i = 0; i < n; i++)
		if (config_annotations[i].unsafe)
			out->v[out->n++] = config_annotations[i].key;
}

static void fill_linux(struct runtime *rt, struct oci_features_linux *l)
{
	struct security_features sec;
	static struct oci_features_cgroup cgroup = { .v1 = OCI_BOOL_FALSE,
						     .v2 = OCI_BOOL_TRUE,
						     .rdma = OCI_BOOL_TRUE };
	static struct oci_features_enabled yes = { .enabled = OCI_BOOL_TRUE },
					   no = { .enabled = OCI_BOOL_FALSE };
	static struct oci_features_seccomp seccomp = { .enabled = OCI_BOOL_TRUE };
	/* built in; whether the CPU has them is not asked here */
	static struct oci_features_intel_rdt rdt = { .enabled = OCI_BOOL_TRUE,
						     .schemata = OCI_BOOL_TRUE,
						     .monitoring = OCI_BOOL_TRUE };
	static struct oci_features_mount_extensions ext;
	security_features(rt->arena, rt->host.last_cap, &sec);
	l->namespaces = list(namespaces, ARRAY_SIZE(namespaces));
	l->capabilities = sec.capabilities;
	cgroup.systemd = cgroup.systemd_user =
		cgroup_systemd_usable() ? OCI_BOOL_TRUE : OCI_BOOL_FALSE;
	l->cgroup = &cgroup;
	seccomp.actions = sec.actions;
	seccomp.operators = sec.operators;
	seccomp.archs = sec.archs;
	seccomp.known_flags = sec.known_flags;
	seccomp.supported_flags = sec.supported_flags;
	l->seccomp = &seccomp;
	l->apparmor = l->selinux = &yes; /* built in; whether the host has them is not asked here */
	static struct oci_features_memory_policy policy;
	policy.modes = words(rt->arena, process_mempolicy_modes);
	policy.flags = words(rt->arena, process_mempolicy_flags);
	l->memory_policy = &policy;
	l->intel_rdt = &rdt;
	ext.idmap = rt->host.mount_setattr ? &yes : &no;
	l->mount_extensions = &ext;
	l->net_devices = &yes;
}

static int by_word(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *const *sorted_mount_options(struct arena *a, size_t *n)
{
	const char *const *options = rootfs_mount_options(n);
	const char **sorted = arena_calloc(a, *n, sizeof(*sorted));

	for (size_t i = 0; i < *n; i++)
		sorted[i] = options[i];
	qsort(sorted, *n, sizeof(*sorted), by_word);
	return sorted;
}

int runtime_features(struct runtime *rt)
{
	size_t n, len;
	TRY(runtime_host(rt));
	struct oci_features_linux l = { 0 };
	fill_linux(rt, &l);
	const char *const *options = sorted_mount_options(rt->arena, &n);
	struct oci_pair notes[] = {
		{ "org.opencontainers.ocirun.version", PACKAGE_VERSION },
		{ "org.opencontainers.ocirun.commit", GIT_COMMIT },
		{ "io.github.seccomp.libseccomp.version", "" },
	};
	char seccomp[32];
	notes[2].value = security_libseccomp_version(seccomp);
	struct oci_features f = {
		.oci_version_min = "1.0.0",
		.oci_version_max = "1.3.0",
		.hooks = list(hooks, ARRAY_SIZE(hooks)),
		.mount_options = list(options, n),
		.linux_ = &l,
		.annotations = { .v = notes, .n = ARRAY_SIZE(notes), .present = true },
	};
	unsafe_annotations(rt->arena, &f.potentially_unsafe_config_annotations);
	const char *text = oci_encode(rt->arena, oci_features_type(), &f, "    ", &len);
	TRY(io_write_all(STDOUT_FILENO, text, len));
	return io_write_all(STDOUT_FILENO, "\n", 1);
}

