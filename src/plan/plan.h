/* SPDX-License-Identifier: Apache-2.0 */
/* Everything decided, nothing done: read this first. A plan is pure data: no descriptor, nothing of
 * the running system but the facts of struct host, so it can be printed (`ocirun explain`),
 * compared (tests/plans) and built in a unit test. After plan_build it is const. */
#pragma once

#include <ocispec/runtime.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "ns/ns.h"
#include "process/process.h"
#include "resctrl/resctrl.h"
#include "rootfs/rootfs.h"
#include "security/security.h"
#include "sys/probe.h"

struct plan_opts {
	const char *id;
	const char *bundle; /* absolute */
	enum cgroup_manager manager;
	bool no_pivot, no_new_keyring;
	unsigned preserve_fds, listen_fds;
	const char *listen_fdnames;
	const char *notify_dir; /* host directory to be /run/notify in the container; NULL = none */
};

struct plan {
	const struct oci_config
		*config; /* what was asked, for messages, hooks and fields that need no decision */
	const char *id, *bundle;
	struct ns_plan ns;
	struct rootfs_plan rootfs;
	struct cgroup_plan cgroup;
	struct resctrl_plan resctrl;
	struct security_plan security;
	struct process_plan process;
	bool has_process; /* false: create works, start fails (runtime-spec, "process") */
	const char *hooks_stdout, *hooks_stderr; /* files for what hooks print; NULL = none */
	bool new_keyring;
	bool rlimits_by_parent; /* in a user namespace we may not raise them ourselves */
	uint32_t asks;          /* bit per line of asks.def: which meetings this container needs */
};

int plan_build(struct arena *a, const struct oci_config *c, const struct host *h,
	       const struct plan_opts *o, struct plan *out) MUST_CHECK;

/* exec: a process more in the container whose saved config is `c`. */
struct plan_exec_opts {
	const char *id, *bundle;
	const struct oci_process *process;
	bool own_userns; /* see ns_target_plan */
	bool keyring;    /* join the container's session keyring */
	unsigned preserve_fds, listen_fds;
	const char *listen_fdnames;
	struct ns_target *target; /* filled */
};
int plan_exec(struct arena *a, const struct oci_config *c, const struct host *h,
	      const struct plan_exec_opts *o, struct plan *out) MUST_CHECK;

void plan_print(const struct plan *p, struct str *s);

/* The state document of the spec, compact, as hooks and seccomp agents get it. pid 0: left out. */
char *plan_state_json(struct arena *a, const struct plan *p, enum oci_status status, pid_t pid);
