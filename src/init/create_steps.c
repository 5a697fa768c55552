/* SPDX-License-Identifier: Apache-2.0 */
/* THE TABLE for create and run. The last column is the security documentation: a row may only move
 * when its reason still holds. tests/unit/test_init_steps.c pins the orders that matter. */
#include "init/steps.h"

/* clang-format off */
const struct step create_steps[] = {
	{ "shed handles", step_shed,
	  "neither the state directory's lock nor the caller's pipes may live on inside" },
	{ "guard", step_guard,
	  "undumpable before anyone inside could look; dies with the runtime until created" },
	{ "placed in cgroup", step_place,
	  "before we use any memory worth counting" },
	{ "join early", step_join_early,
	  "namespaces our present user may enter" },
	{ "user namespace", step_userns,
	  "new or joined; everything below belongs to it" },
	{ "map ids", step_map_ids,
	  "only a process outside may write the maps" },
	{ "be root inside", step_root_inside,
	  "the rest of the set-up needs it" },
	{ "other namespaces", step_namespaces,
	  "joins and unshares in the order of ns/plan.c" },
	{ "final process", step_final,
	  "pid and time namespaces begin with a child" },
	{ "new session", step_session,
	  "no way back to the caller's terminal (TIOCSTI), own keyring" },
	{ "cgroup namespace", step_cgroupns,
	  "after placement, before a cgroup mount" },
	{ "network", step_network,
	  "loopback up; host devices are moved in by the parent" },
	{ "mounts", step_mounts,
	  "through root_fd, before pivot: hooks still see host paths" },
	{ "devices", step_devices,
	  "after /dev is mounted" },
	{ "terminal", step_terminal,
	  "needs the container's devpts" },
	{ "names and sysctls", step_kernel,
	  "through the host's verified /proc, never the container's" },
	{ "runtime hooks", step_runtime_hooks,
	  "the spec: after namespaces and mounts, before pivot" },
	{ "createContainer hooks", step_container_hooks,
	  "the spec: in the container's namespaces, before pivot" },
	{ "mask and read-only", step_mask,
	  "after the last mount and hook, with the host's /dev/null" },
	{ "make cwd", step_make_cwd,
	  "before the root becomes read-only" },
	{ "finish root", step_finish_root,
	  "nothing below writes into the root" },
	{ "pivot", step_pivot,
	  "drops every host path and handle" },
	{ "limits", step_limits,
	  "raising a hard limit needs privilege" },
	{ "labels for exec", step_labels,
	  "before privileges go" },
	{ "no new privileges", step_nnp,
	  "before a filter that needs it" },
	{ "seccomp, early", step_seccomp_early,
	  "only when noNewPrivileges is off, or a listener wants the fd" },
	{ "home", step_home,
	  "from the container's /etc/passwd, which may be readable by root only" },
	{ "enter cwd as root", step_cwd_early,
	  "a directory that only root may enter" },
	{ "bounding set", step_bound,
	  "needs CAP_SETPCAP" },
	{ "identity", step_identity,
	  "groups, gid, uid, in this order" },
	{ "capabilities", step_caps,
	  "the uid change cleared them" },
	{ "working directory", step_cwd,
	  "as the user; must be inside the container" },
	{ "find program", step_program,
	  "so that create fails, not start" },
	{ "ready", step_ready,
	  "nothing but the start signal is missing" },
	{ "wait for start", step_wait,
	  "create ends here" },
	{ "startContainer hooks", step_start_hooks,
	  "the spec: at start, in the container" },
	{ "close fds", step_close,
	  "after the last use of any handle" },
	{ "seccomp, late", step_seccomp_late,
	  "the normal case: nothing left to filter but execve" },
	{ "execve", step_exec,
	  "" },
	{ NULL, NULL, NULL },
};
/* clang-format on */

const char *create_step_name(size_t i)
{
	return i < ARRAY_SIZE(create_steps) ? create_steps[i].name : NULL;
}

size_t create_step_exec(void)
{
	return ARRAY_SIZE(create_steps) - 2;
}
