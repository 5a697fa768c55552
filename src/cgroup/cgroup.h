/* SPDX-License-Identifier: Apache-2.0 */
/* Where a container lives and what it may use (cgroup v2). cgroup_plan_make decides (pure), the
 * rest acts. Order at create: cgroup_create, cgroup_limits, clone into cg.dir_fd (or
 * cgroup_place), cgroup_devices, cgroup_delegate, cgroup_close.
 * Surprise: functions that take a path are for a container that exists; a cgroup that is gone is
 * never an error for them, because systemd, an administrator or a reboot may have removed it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ocispec/runtime.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

struct host;
struct bpf_insn;

enum cgroup_manager { CGROUP_FS, CGROUP_SYSTEMD, CGROUP_NONE };
/* "cgroupfs", "systemd", "disabled": the words of --cgroup-manager and of the state record. */
const char *cgroup_manager_name(enum cgroup_manager m);
bool cgroup_manager_find(const char *name, enum cgroup_manager *out);

/* ---- what was decided ---- */

/* The annotation that asks for a cgroup which others may be in. */
#define CGROUP_SHARED_KEY "org.ocirun.cgroup.shared"
/* The annotation that names a cgroup below the container's for its processes. */
#define CGROUP_LEAF_KEY "org.ocirun.cgroup.leaf"
/* Adds the hint that names the first one to the recorded error. */
int cgroup_not_ours(int r);

struct cgroup_opts {
	const char *id;
	enum cgroup_manager manager;
	bool rootless;
	bool shared;
	const char *leaf; /* NULL = none */
};

/* One write of one line. */
struct cgroup_write {
	const char *file, *value;
	const char *
		key; /* the config key it comes from, for messages: "/linux/resources/pids/limit" */
	const char *alt_file, *alt_value; /* when `file` is not there; NULL = none */
	bool missing_ok; /* neither file there is fine (the value is the kernel's default) */
	bool retry;      /* when the kernel refuses the value, try again after the next write */
};

/* One device rule; the last rule that speaks about an access decides it. */
struct cgroup_rule {
	bool allow;
	uint8_t type;         /* CGROUP_DEV_*: 0 = both */
	uint8_t access;       /* CGROUP_ACC_* bits */
	int64_t major, minor; /* -1 = every */
};
enum { CGROUP_DEV_ANY = 0, CGROUP_DEV_BLOCK = 1, CGROUP_DEV_CHAR = 2 };
enum { CGROUP_ACC_MKNOD = 1, CGROUP_ACC_READ = 2, CGROUP_ACC_WRITE = 4, CGROUP_ACC_ALL = 7 };

struct cgroup_resources {
	VEC(struct cgroup_write) writes; /* in the order they are to be written */
	VEC(struct cgroup_rule) rules;   /* the config's, then the defaults */
	VEC(const char *) controllers;   /* that the writes need */
	VEC(const char *) notes;         /* asked for but without meaning in cgroup v2: warnings */
	/* memory.checkBeforeUpdate: refuse when usage is not below; 0 = no check */
	int64_t check_limit, check_swap; /* memory alone, memory and swap */
};

/* A property of a unit, in the words of bustalk.h; a name that begins with '?' may be left out when
 * systemd does not know it. */
struct cgroup_words {
	const char **v;
	size_t n, cap;
};
struct cgroup_prop {
	const char *name, *sig;
	struct cgroup_words words;
};
struct cgroup_props {
	struct cgroup_prop *v;
	size_t n, cap;
};

/* The transient unit of a container. name NULL: there is none. */
struct cgroup_unit {
	const char *name;     /* "libpod-ID.scope" */
	bool user_bus;        /* of our user's manager, not of the system's */
	bool is_slice;        /* named so: the container lives in a slice itself */
	const char *slice;    /* where the scope lies */
	const char *subgroup; /* cgroup below the scope for the processes, "" = in the scope */
	struct cgroup_props props;
};

struct cgroup_plan {
	enum cgroup_manager manager;
	const char *root; /* where cgroup2 is mounted; "" with CGROUP_NONE */
	const char *path; /* absolute directory, below root; "" with CGROUP_NONE */
	bool needed;      /* a limit or a path was asked for: going without is an error */
	bool rootless;
	struct cgroup_unit unit; /* CGROUP_SYSTEMD alone */
	bool shared;      /* others may be in it: neither refused nor killed */
	const char *leaf; /* the processes are in this cgroup below path; NULL = in path */
	struct cgroup_resources res;
	bool all_devices;                   /* the rules allow everything: no program at all */
	const struct bpf_insn *device_prog; /* what the rules became */
	size_t device_prog_len;
	bool delegate; /* the container may manage its own sub-cgroups ... */
	uid_t owner;   /* ... as this host uid */
};

int cgroup_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		     const struct cgroup_opts *o, struct cgroup_plan *out) MUST_CHECK;
void cgroup_plan_print(const struct cgroup_plan *p, struct str *s);
/* linux.resources alone (update). res may be NULL. */
int cgroup_resources_make(struct arena *a, const struct oci_resources *res,
			  struct cgroup_resources *out) MUST_CHECK;

/* ---- update ---- */

struct cgroup_change {
	struct oci_resources now;       /* what was asked, with the stored neighbours it needs */
	struct oci_resources kept;      /* everything that holds after it: to be stored */
	struct cgroup_resources writes; /* of `now` */
	struct cgroup_plan plan, old;   /* of `kept`, and of what was stored */
	bool new_rules;                 /* the device program changes */
};

/* What was there before, to put it back. */
struct cgroup_before {
	VEC(struct cgroup_write) writes;
	bool manager, rules;
};

/* base: manager, root, path and rootless of a container that exists. stored may be NULL. Pure. */
int cgroup_change_make(struct arena *a, const struct cgroup_plan *base,
		       const struct oci_resources *stored, const struct oci_resources *asked,
		       struct cgroup_change *out) MUST_CHECK;

/* ---- at create ---- */

/* The running program ocirun-systemd. pid 0: there is none. */
struct cgroup_talk {
	int fd;
	int pid;
};

struct cgroup {
	int dir_fd;   /* for CLONE_INTO_CGROUP; -1 = there is no cgroup (disabled, or skipped) */
	bool created; /* we made the directory (or unit), so undoing may remove it */
	size_t kept;      /* so much of path was there before us; 0 = not known */
	const char *path; /* absolute; "" when there is none */
	const struct cgroup_unit *unit; /* of systemd; NULL = no unit */
	struct cgroup_talk talk;
};

/* 0; CGROUP_SKIPPED (out->dir_fd -1) when a rootless caller may not have a cgroup and needs
 * none; CGROUP_LATER (systemd) when it takes a process to make one: cgroup_begin does.
 * Refuses a cgroup with processes in it and a frozen one. */
enum { CGROUP_MADE = 0, CGROUP_SKIPPED = 1, CGROUP_LATER = 2 };
int cgroup_create(const struct cgroup_plan *p, struct cgroup *out) MUST_CHECK;
/* After CGROUP_LATER: make the cgroup around the process pid. cg->path is where it really is, in a,
 * which may differ from the plan's guess. */
int cgroup_begin(struct arena *a, const struct cgroup_plan *p, struct cgroup *cg,
		 pid_t pid) MUST_CHECK;
/* These four do nothing when dir_fd is -1. */
int cgroup_limits(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;
int cgroup_devices(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;
int cgroup_place(const struct cgroup *cg, pid_t pid) MUST_CHECK;
int cgroup_delegate(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;
/* The cgroup for the processes, when the plan has a leaf (made if it is not there); else
 * out->dir_fd is -1. out->path is in a. */
int cgroup_leaf_open(struct arena *a, const struct cgroup_plan *p, const struct cgroup *cg,
		     struct cgroup *out) MUST_CHECK;
/* Undo cgroup_create: remove the directories that we made, or stop the unit. Then as
 * cgroup_close. */
int cgroup_undo(struct cgroup *cg) MUST_CHECK;
void cgroup_close(struct cgroup *cg);

/* ---- a container that exists; "" = it has no cgroup ---- */

enum { CGROUP_GONE = 1 };
/* An open cgroup for exec (clone into it). CGROUP_GONE when it is not there. */
int cgroup_open(const char *path, struct cgroup *out) MUST_CHECK;
/* Change its limits: all or nothing. */
int cgroup_update(struct arena *a, const struct cgroup_change *ch, const struct cgroup *cg,
		  struct cgroup_before *before) MUST_CHECK;
/* Undo cgroup_update because of the recorded error, which is given back. */
int cgroup_put_back(const struct cgroup_change *ch, const struct cgroup *cg,
		    const struct cgroup_before *before) MUST_CHECK;
/* The cgroup `sub` below `base`, which must exist: "bad sub cgroup path" when it leads out. */
int cgroup_open_sub(struct arena *a, const char *base, const char *sub,
		    struct cgroup *out) MUST_CHECK;
/* The one that `pid` is in now; refused when that is not `base` or below. root: the mount. */
int cgroup_open_of(struct arena *a, const char *root, const char *base, pid_t pid,
		   struct cgroup *out) MUST_CHECK;
/* A cgroup for one exec with limits of its own, in the container's (base: as for
 * cgroup_change_make); the lock must be held until the process is in it. enabled: the controllers
 * that were switched on for such cgroups ("" = none), to be kept for the next call; in a.
 * cgroup_exec_sweep removes those whose processes have ended, and when it was the last one
 * switches the controllers off again. */
#define CGROUP_EXEC_PREFIX "ocirun-exec-"
int cgroup_exec_make(struct arena *a, const struct cgroup_plan *base,
		     const struct oci_resources *asked, const char **enabled,
		     struct cgroup *out) MUST_CHECK;
int cgroup_exec_sweep(const char *base, const char **enabled) MUST_CHECK;
/* Remove it and everything below; waits up to 10 s for dying processes. Kills nothing. */
int cgroup_remove(const char *path) MUST_CHECK;
/* Remove the directories of path beyond its first `kept` bytes, as far as they are empty. */
void cgroup_remove_made(const char *path, size_t kept);
/* How many bytes of the plan's path are there already, whole directories without the cgroup itself;
 * 0 = not known, or somebody else makes the way (systemd). */
size_t cgroup_way_there(const struct cgroup_plan *p);
/* The first directory beyond `kept`, when it is above the cgroup itself; else NULL. */
const char *cgroup_way_made(struct arena *a, const char *path, size_t kept);
/* The number of an open cgroup, which no other one gets, and: is the one at path still it? (1, 0;
 * id 0 = the number is not known: 1). 0 also when it is gone. */
int cgroup_id(const struct cgroup *cg, uint64_t *id) MUST_CHECK;
int cgroup_is(const char *path, uint64_t id) MUST_CHECK;
/* Signal every process in it and below. CGROUP_GONE when it is not there. */
int cgroup_kill(const char *path, int signo) MUST_CHECK;
int cgroup_procs(struct arena *a, const char *path, pid_t **out, size_t *n) MUST_CHECK;
/* Freeze or thaw, and wait (up to 10 s) until it has happened. CGROUP_GONE as above. */
int cgroup_freeze(const char *path, bool freeze) MUST_CHECK;
int cgroup_is_frozen(const char *path) MUST_CHECK; /* 1 or 0 */

/* ---- the unit of a container that exists (manager "systemd"); nothing when name is NULL ---- */

/* Stop and forget it; one that is gone is fine. What is in it is ended by systemd; only_empty:
 * leave it alone when there is anything in it. */
int cgroup_unit_stop(const struct cgroup_unit *u, bool only_empty) MUST_CHECK;
/* Tell systemd the new limits, so that they outlive its next daemon-reload. The files are to be
 * written as well: it has no property for some limits, and rounds others. */
int cgroup_unit_update(const struct cgroup_unit *u, const struct cgroup_resources *r) MUST_CHECK;
/* Let systemd move a process into it, where we may not: below `sub` ("" = the unit itself). */
int cgroup_unit_attach(const struct cgroup_unit *u, const char *sub, pid_t pid) MUST_CHECK;
/* Was ocirun-systemd built, and is it where it can be found? */
bool cgroup_systemd_built(void);
bool cgroup_systemd_usable(void);

/* ---- what it has used (stat.c) ---- */

struct cgroup_pressure {
	const char *avg10, *avg60, *avg300, *total; /* numbers as the kernel writes them */
};
struct cgroup_psi {
	bool there;
	struct cgroup_pressure some, full;
};
struct cgroup_use {
	uint64_t limit, usage, max, failcnt; /* limit UINT64_MAX = none; max 0 = unknown */
};
struct cgroup_number {
	const char *key;
	uint64_t value;
};
struct cgroup_io {
	unsigned major, minor;
	uint64_t read_bytes, write_bytes, reads, writes;
};
struct cgroup_huge {
	const char *size;
	uint64_t usage, max, failcnt;
};
struct cgroup_stat {
	uint64_t cpu_ns, user_ns, system_ns, periods, throttled_periods, throttled_ns;
	bool has_memory, has_swap;
	uint64_t cache, oom_kills, swap_alone;
	struct cgroup_use memory, swap; /* swap: with memory, as cgroup v1 counted */
	VEC(struct cgroup_number) memory_raw;
	uint64_t pids, pids_limit, pids_peak; /* limit 0 = none */
	VEC(struct cgroup_io) io;
	VEC(struct cgroup_huge) huge;
	struct cgroup_psi cpu_psi, memory_psi, io_psi;
};
int cgroup_stat_read(struct arena *a, const char *path, struct cgroup_stat *out) MUST_CHECK;
/* How often the kernel has killed in it for memory; 0 when nobody counts. */
int cgroup_oom_kills(const char *path, uint64_t *out) MUST_CHECK;
