/* SPDX-License-Identifier: Apache-2.0 */
/* What the container sees as "/": mounts, devices, masks, and the change of root.
 * The parent plans (pure) and opens the few handles that need its own privileges; the child calls
 * enter, mount, devices, console, mask, finish and pivot in this order. Surprise: everything
 * happens before the pivot, through root_fd, so hooks can still see host paths, and no path below
 * the root is ever given to the kernel as a host path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ocispec/runtime.h>

#include "base/err.h"
#include "base/str.h"
#include "sys/probe.h"

struct inroot_made;
struct mount_op; /* op.h; printed by rootfs_plan_print */

struct rootfs_device {
	const char *path; /* absolute, clean, in the container */
	char type;        /* 'c', 'b' or 'p' */
	uint32_t major, minor, mode, uid, gid;
	int asked; /* index in /linux/devices, -1 for a default node */
};

struct rootfs_plan {
	const char *root; /* absolute host path */
	bool readonly;
	struct mount_op *ops;
	size_t nops;
	size_t nhandles; /* how many ops have a handle (op->handle is 1-based) */
	const struct rootfs_device *devices; /* empty when /dev is the host's */
	size_t ndevices;
	bool default_links; /* /dev/fd, stdin.., core, ptmx */
	const char *const *masked;
	size_t nmasked;
	const char *const *ro_paths;
	size_t nro_paths;
	bool console; /* process.terminal */
	bool new_mount_ns, no_pivot;
	bool in_userns;            /* the container's or our own: no mknod, few mounts */
	bool own_pidns, own_ipcns; /* new or joined */
	bool use_fd_api;   /* the mount API of 5.2/5.12 answers here */
	enum oci_propagation propagation;
	const char *label; /* "context=" and linux.mountLabel, NULL when there is none */
	const char *cgroup_root, *cgroup_path; /* host directories for the "cgroup" mount type */
	bool new_cgroupns, rootless;
};

/* An extra bind that the runtime itself wants (not from mounts[]): read-only, without devices,
 * programs and setuid. */
struct rootfs_extra {
	const char *source, *destination;
};

struct rootfs_opts {
	const char *bundle; /* absolute; root.path and relative bind sources start here */
	bool no_pivot, new_mount_ns, userns, new_cgroupns, own_pidns, own_ipcns;
	const char *cgroup_path; /* absolute host directory of the cgroup, NULL when none */
	const char *context_type; /* annotation run.oci.mount_context_type, NULL when absent */
	const struct rootfs_extra *extra;
	size_t nextra;
};

/* Decide everything; pure. */
int rootfs_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		     const struct rootfs_opts *o, struct rootfs_plan *out) MUST_CHECK;
void rootfs_plan_print(const struct rootfs_plan *p, struct str *s);

/* A line of an id map, as in uid_map. */
struct rootfs_map {
	uint32_t inside, outside, size;
};
/* Makes a user namespace with these maps and gives a descriptor of it (the ns room does it). */
typedef int rootfs_mapfd_fn(struct arena *a, const struct rootfs_map *uids, size_t nuids,
			    const struct rootfs_map *gids, size_t ngids, int *userns_fd);

/* Parent: bind sources that only we may open (user namespaces) or map (id-mapped mounts), as
 * detached trees; fds[i] is -1 where the child opens the source itself. Caller closes them. */
size_t rootfs_handles_wanted(const struct rootfs_plan *p);
int rootfs_open_handles(struct arena *a, const struct rootfs_plan *p, int *fds, size_t n,
			rootfs_mapfd_fn *mapfd) MUST_CHECK;

/* Child. Zero it with ROOTFS_INIT. */
struct rootfs {
	int root_fd; /* O_PATH, root of the container's mount tree; stays valid after pivot */
	int proc_fd; /* the host's /proc/self/fd, for mount(2) on descriptors */
	int null_fd; /* the host's /dev/null, checked to be 1:3 */
	int *late;   /* mounts that become read-only in rootfs_finish */
	size_t nlate;
	struct arena *arena;
	struct inroot_made *made; /* remembers the mount points made, NULL: nobody asks */
};
#define ROOTFS_INIT                                         \
	{                                                   \
		.root_fd = -1, .proc_fd = -1, .null_fd = -1 \
	}

/* Propagation of "/", bind of the root on itself, root_fd. */
int rootfs_enter(const struct rootfs_plan *p, struct rootfs *r) MUST_CHECK;
int rootfs_mount(const struct rootfs_plan *p, struct rootfs *r, const int *handles) MUST_CHECK;
int rootfs_devices(const struct rootfs_plan *p, struct rootfs *r) MUST_CHECK;
/* Bind the terminal (a devpts slave opened in this mount namespace) on /dev/console. */
int rootfs_console(const struct rootfs_plan *p, struct rootfs *r, int slave_fd) MUST_CHECK;
int rootfs_mask(const struct rootfs_plan *p, struct rootfs *r) MUST_CHECK;
/* Read-only tmpfs mounts and root. */
int rootfs_finish(const struct rootfs_plan *p, struct rootfs *r) MUST_CHECK;
/* pivot_root, or MS_MOVE (--no-pivot), or chroot (no new mount namespace); then the final
 * propagation. Afterwards "/" and the working directory are the container's. */
int rootfs_pivot(const struct rootfs_plan *p, struct rootfs *r) MUST_CHECK;
void rootfs_close(struct rootfs *r);

/* ---- mounts of a container that lives: live.c ---- */

/* Pure: the entries of c->mounts as a plan for rootfs_live_add; those that need a new container are
 * refused. Bind sources are opened by rootfs_live_open, on the host. */
int rootfs_live_plan(struct arena *a, const struct oci_config *c, const struct host *h,
		     const struct rootfs_opts *o, struct rootfs_plan *out) MUST_CHECK;
int rootfs_live_open(struct arena *a, const struct rootfs_plan *p, int *fds,
		     rootfs_mapfd_fn *mapfd) MUST_CHECK;
/* Child, before it enters the namespaces (the host's /proc), and after: "/" is the container's. */
int rootfs_live_enter(struct rootfs *r) MUST_CHECK;
int rootfs_live_root(struct rootfs *r) MUST_CHECK;
/* All of them or none; what was made for mount points goes, too. */
int rootfs_live_add(const struct rootfs_plan *p, struct rootfs *r, const int *fds) MUST_CHECK;
int rootfs_live_remove(struct rootfs *r, const struct oci_config *c) MUST_CHECK;

/* Every mount option word we know, for `features`. */
const char *const *rootfs_mount_options(size_t *n);

/* Parent. Without a mount namespace of its own the container mounts in the host's, on a bind of the
 * root on itself. rootfs_shared_mount gives the id of the mount that the root is on before (0: no
 * need); at the end rootfs_unmount_leftovers takes away what lies on top of it. */
uint64_t rootfs_shared_mount(const struct rootfs_plan *p, bool joined_mount_ns);
int rootfs_unmount_leftovers(const char *root, uint64_t mount_id) MUST_CHECK;
