/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces and ids. ns_plan_make decides the recipe (pure); the rest acts, "child" being init on
 * its way to execve and "parent" the runtime. The order of calls in the child is the order below.
 * Surprise: what a namespace belongs to is the user namespace its maker was in. So new namespaces
 * are made together with or after the user namespace, while host root joins existing ones before
 * it: afterwards it would have no right to those that belong to the host. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include <ocispec/runtime.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "sys/probe.h"

#define NS_MAX_MAPS 340 /* lines the kernel takes, since 4.15 */

struct ns_join {
	enum oci_ns_type type;
	const char *path;
	size_t index; /* in /linux/namespaces */
	bool early;   /* before the user namespace */
};

struct ns_map {
	uint32_t inside, outside, size;
};

/* clang-format off */
struct ns_plan {
	unsigned clone_flags;          /* the first clone makes these */
	unsigned unshare_flags;        /* the child makes these, in the user namespace */
	bool unshare_user;             /* the child makes it, after the early joins */
	bool new_[oci_ns_type_count];
	bool joined[oci_ns_type_count];
	VEC(struct ns_join) joins;     /* in the order of joining, the user namespace too */
	bool forks;                    /* a second clone (CLONE_PARENT) */
	bool cgroupns;                 /* ns_unshare_cgroup has something to do */
	bool timens;                   /* a new time namespace */
	const char *time_offsets;      /* text for timens_offsets, NULL = none */

	bool userns;                   /* new or joined */
	bool need_maps;                /* a new user namespace: the parent must write maps */
	struct ns_map *uids, *gids;
	size_t nuids, ngids;
	bool use_newidmap;             /* at least one map goes through newuidmap or newgidmap */
	bool newuidmap, newgidmap;     /* which */
	bool deny_setgroups;           /* write "deny" before the gid map */
	bool stay_dumpable;            /* until an ordinary user has written the maps */
	bool lends;                    /* while created: its namespaces, to exec (lend.c) */
	bool keep_groups;              /* annotation run.oci.keep_original_groups=1 */
	uint32_t root_uid, root_gid;   /* ids to take: 0 if mapped, else the first */
};
/* clang-format on */

int ns_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		 struct ns_plan *out) MUST_CHECK;
void ns_plan_print(const struct ns_plan *p, struct str *s); /* lines of `explain` */
/* Maps for a caller who gave none: own id as 0, then all subordinate ids that newuidmap and
 * newgidmap would map; for root of a user namespace, the ids of that. */
struct ns_id_map {
	struct oci_id_mapping *v;
	size_t n, cap;
};
struct ns_default_maps {
	struct ns_id_map uids, gids;
};
int ns_default_maps(struct arena *a, const struct host *h, struct ns_default_maps *out) MUST_CHECK;
void ns_set_maps(struct oci_linux *l, const struct ns_default_maps *maps);
/* Check the mappings of config.json and copy them. `pointer` is their JSON path, for messages. */
int ns_maps_make(struct arena *a, const char *pointer, const struct oci_id_mapping *v, size_t n,
		 struct ns_map **out) MUST_CHECK;
bool ns_maps_has(const struct ns_map *m, size_t n, uint32_t inside);
/* "0 100000 65536\n" for each, the text of uid_map. */
const char *ns_maps_text(struct arena *a, const struct ns_map *m, size_t n);

/* Parent, before the clone: open what is joined; fds has p->joins.n places, filled with -1 on
 * failure. Errors name /linux/namespaces/N/path. */
int ns_open_joins(const struct ns_plan *p, int *fds) MUST_CHECK;

/* Child. Each returns at once when the recipe has nothing for it. */
int ns_time_offsets_open(const struct ns_plan *p, int *fd) MUST_CHECK; /* *fd = -1: no need */
int ns_join_early(const struct ns_plan *p, const int *fds) MUST_CHECK;
int ns_enter_user(const struct ns_plan *p, const int *fds) MUST_CHECK; /* then: maps are written */
int ns_become_root(const struct ns_plan *p) MUST_CHECK;
int ns_enter_rest(const struct ns_plan *p, const int *fds) MUST_CHECK;
int ns_time_offsets_write(const struct ns_plan *p, int fd) MUST_CHECK; /* before the second clone */
int ns_unshare_cgroup(const struct ns_plan *p) MUST_CHECK; /* in the final process and its cgroup */
int ns_loopback_up(void) MUST_CHECK;                       /* in a new network namespace */
/* With p->lends: descriptors of the namespaces that exec will ask for, while the host's /proc is in
 * sight. The others keep their -1. */
int ns_lend_open(const struct ns_plan *p, int fds[oci_ns_type_count]) MUST_CHECK;
/* Hand them, and our root, to a connection. Does not wait for its reader. */
int ns_lend_give(int conn, const int fds[oci_ns_type_count]) MUST_CHECK;

/* Parent, when the child has its user namespace (p->need_maps). */
int ns_write_maps(const struct ns_plan *p, pid_t pid) MUST_CHECK;
/* Parent: move /linux/netDevices into the container's network namespace. */
int ns_move_netdevs(struct arena *a, const struct oci_config *c, int netns_fd) MUST_CHECK;
/* Parent: a user namespace with these maps, for id-mapped mounts. */
int ns_mapfd(struct arena *a, const struct ns_map *uids, size_t nuids, const struct ns_map *gids,
	     size_t ngids, int *userns_fd) MUST_CHECK;

/* ---- exec: the namespaces of a container that runs ---- */

struct ns_target {
	unsigned parent; /* CLONE_NEW* that the parent enters, for the child it is about to clone */
	unsigned first;  /* ... that the child enters before its second clone */
	unsigned last;   /* ... that the final process enters; the mount namespace is among them */
	bool chroots;    /* init's root is not the root of a mount namespace of its own */
	pid_t pid;       /* the container's init */
	int pidfd;       /* borrowed */
	int root_fd;     /* init's root, with `chroots` */
	bool by_fd;      /* not by pidfd (before 5.8, or init's are lent) but by these */
	int fds[oci_ns_type_count];
};

/* No handle is open. */
void ns_target_init(struct ns_target *t);
/* Parent: take what ns_lend_give sends (10 s at most; t->pidfd tells init's end); sets by_fd.
 * NS_LEND_GONE: the container is past "created". */
enum { NS_LEND_GONE = 1 };
int ns_lend_take(int sock, struct ns_target *t) MUST_CHECK;
/* Does the process (pid, or who lent) share its namespace of this type with us? */
bool ns_target_shares(const struct ns_target *t, pid_t pid, enum oci_ns_type type);
/* Pure. own_userns: the container shares the user namespace with us, whatever config.json says.
 * *p gets what ns_become_root needs and `forks`; the handles of *t stay. */
void ns_target_plan(const struct oci_config *c, const struct host *h, bool own_userns,
		    struct ns_plan *p, struct ns_target *t);
/* Parent; t->pidfd is set. The caller checks afterwards that pid is still the container's init. */
int ns_target_open(struct ns_target *t, pid_t pid) MUST_CHECK;
void ns_target_close(struct ns_target *t);
/* Enter one of the three words above. -ESRCH: the process has ended. */
int ns_target_enter(struct ns_target *t, unsigned flags) MUST_CHECK;
/* Final process, after `last`: make init's root ours. */
int ns_target_chroot(const struct ns_target *t) MUST_CHECK;
