/* SPDX-License-Identifier: Apache-2.0 */
/* What the container may do: capabilities, no_new_privs, LSM labels, seccomp. security_plan_make
 * decides (pure); the rest acts, and each comment says who calls it: "parent" = the runtime,
 * "child" = init on its way to execve.
 * Surprise: the filter is compiled in the parent (libseccomp's memory must not be charged to a
 * small cgroup) and loaded by a raw seccomp(2), so the child needs no library and a cached filter
 * neither. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ocispec/runtime.h>

#include "base/err.h"
#include "base/names.h"
#include "base/str.h"

struct host;
struct sock_filter;

/* ---- what was decided ---- */

struct security_plan {
	/* Bit n = capability number n; only what this kernel knows. */
	uint64_t bounding, permitted, effective, inheritable, ambient;
	bool no_new_privs;
	const char *apparmor, *selinux; /* label of the program, NULL = none */
	bool has_seccomp;
	bool seccomp_early;         /* before the capability drop; else right before execve */
	bool seccomp_listener;      /* the notify descriptor goes to listener_path */
	unsigned seccomp_flags;     /* SECCOMP_FILTER_FLAG_* asked for, and NEW_LISTENER */
	bool seccomp_strict;        /* a name that the library does not know is an error */
	bool seccomp_default_flags; /* none given: SPEC_ALLOW where the kernel has it */
	const char *listener_path, *listener_metadata; /* NULL = none */
	const struct oci_seccomp *seccomp;             /* NULL without has_seccomp */
	struct oci_strs warnings;                      /* already logged; `explain` shows them */
};

/* proc is c->process, or the one of `exec`. Config errors name the JSON path. */
int security_plan_make(struct arena *a, const struct oci_config *c, const struct oci_process *proc,
		       const struct host *h, struct security_plan *out) MUST_CHECK;
void security_plan_print(const struct security_plan *p, struct str *s); /* lines of `explain` */

/* ---- capabilities (child) ---- */

/* Needs CAP_SETPCAP: before the identity changes. Verified by reading back. */
int security_drop_bounding(const struct security_plan *p) MUST_CHECK;
int security_keep_caps(void) MUST_CHECK; /* right before the uid changes */
/* After the uid change. What this process cannot get is left out with a warning (the spec: do not
 * fail), everything else is verified by reading back. Ends the keep_caps state. */
int security_apply_caps(const struct security_plan *p) MUST_CHECK;
int security_no_new_privs(const struct security_plan *p) MUST_CHECK; /* 0 at once when not asked */

extern const struct name security_cap_names[]; /* "CAP_CHOWN" 0 ...; ends with { NULL, 0 } */

/* ---- labels (child) ---- */

/* *fd is the attr directory of the calling process, -1 when no label is asked. Call it in the final
 * process (after the last fork), before the keyring is joined and while /proc is the host's. */
int security_labels_open(const struct security_plan *p, int *fd) MUST_CHECK;
int security_labels_apply(const struct security_plan *p,
			  int fd) MUST_CHECK; /* for the next execve */

/* ---- seccomp ---- */

struct seccomp_filter {
	struct sock_filter *insns; /* in the arena */
	size_t n;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
};

/* Parent. cache_dirfd: a directory of our own (0700), -1 = no cache. n is 0 without has_seccomp. */
int security_seccomp_compile(struct arena *a, const struct security_plan *p, int cache_dirfd,
			     struct seccomp_filter *out) MUST_CHECK;
/* Child. listener_fd (may be NULL) gets the notify descriptor or -1. Does nothing when n is 0. */
int security_seccomp_load(const struct seccomp_filter *f, int *listener_fd) MUST_CHECK;
/* Parent: connect to p->listener_path, send the one "container process state" message with `fd`.
 * pid is the target as the runtime sees it, state_json the spec's state document. fd stays the
 * caller's. */
int security_listener_send(struct arena *a, const struct security_plan *p, int fd, pid_t pid,
			   const char *state_json) MUST_CHECK;

/* ---- what `features` prints ---- */

struct security_features {
	const char *libseccomp; /* its version, "2.5.4" */
	struct oci_strs actions, operators, archs, known_flags, supported_flags;
	struct oci_strs capabilities; /* those up to last_cap */
};
void security_features(struct arena *a, int last_cap, struct security_features *out);
const char *security_libseccomp_version(char out[32]);
