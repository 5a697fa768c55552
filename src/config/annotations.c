/* SPDX-License-Identifier: Apache-2.0 */
/* The annotations we act on, in one table. Surprise: an annotation that is not here never changes
 * anything, however much its name looks like one that another runtime knows. */
#include "config/config.h"

const struct config_annotation config_annotations[] = {
	{ "run.oci.keep_original_groups", "keep the caller's supplementary groups (no setgroups)",
	  true },
	{ "run.oci.mount_context_type",
	  "which option carries linux.mountLabel: context, fscontext, defcontext, rootcontext",
	  true },
	{ "run.oci.hooks.stdout", "file that gets what hooks print", true },
	{ "run.oci.hooks.stderr", "file that gets what hooks complain about", true },
	{ "run.oci.seccomp.receiver", "socket that gets the seccomp notify descriptor", true },
	{ "run.oci.seccomp_fail_unknown_syscall",
	  "refuse a seccomp profile with names that nobody knows", true },
	{ "run.oci.pidfd_receiver", "socket that gets a pidfd of init, as --pidfd-socket", true },
	{ "org.criu.config", "kept in the state; nothing here acts on it", true },
	{ "org.systemd.property.", "property of the container's systemd unit", true },
	{ "run.oci.systemd.subgroup", "cgroup below the systemd scope for the processes", true },
	{ "org.ocirun.cgroup.shared", "\"true\": others may be in the container's cgroup", true },
	{ "org.ocirun.cgroup.leaf", "cgroup below the container's for its processes", true },
	{ NULL, NULL, false },
};

const char *config_annotation(const struct oci_config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (streq(c->annotations.v[i].key, key))
			return c->annotations.v[i].value;
	return NULL;
}
