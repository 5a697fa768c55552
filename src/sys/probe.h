/* SPDX-License-Identifier: Apache-2.0 */
/* What this host and this user can do: facts for the planners, read once, changing nothing.
 * Each fact costs at most a few system calls; nothing is loaded and no program is run. Tests hand
 * the planners a struct host of their own.
 * Surprise: "in the initial user namespace" is told by the inode number of the namespace, not by
 * the id map: a nested namespace may have the identity map of the whole range. */
#pragma once

#include <sys/types.h>

#include <ocispec/arena.h>

#include "base/err.h"

struct host {
	uid_t euid;
	gid_t egid;
	uid_t owner_uid; /* euid as it is outside our user namespace */
	bool in_userns; /* not the initial user namespace */
	bool rootless;  /* euid != 0 or in_userns, unless overruled */
	bool systemd_running;
	const char *cgroup_root; /* where cgroup2 is mounted, "" = nowhere */
	const char *own_cgroup;  /* the 0:: line of /proc/self/cgroup, "/" when there is none */
	const char *resctrl_root; /* NULL until somebody who needs it has looked; "" = nowhere */
	bool apparmor, selinux;
	bool mount_api; /* open_tree, move_mount, fsopen ... */
	bool mount_setattr;
	bool openat2;
	bool clone3;
	int last_cap; /* highest capability number of this kernel */
};

/* Who we are alone (euid, egid, in_userns, rootless): all that a verb needs which only looks a
 * container up. The rest of *out says "no such thing". */
int host_identity(struct host *out) MUST_CHECK;
int host_probe(struct arena *a, struct host *out) MUST_CHECK;

/* Pure parts, for tests. */
/* The uid that a uid of ours has outside: from a uid_map text; (uid_t)-1 when it is not mapped. */
uid_t host_outer_uid(const char *uid_map, uid_t uid);
const char *host_own_cgroup(struct arena *a, const char *proc_self_cgroup);
/* Mount point of the first line of that type in a mountinfo text, "" when there is none. */
const char *host_mount_of(struct arena *a, const char *mountinfo, const char *fstype);
