/* SPDX-License-Identifier: Apache-2.0 */
/* The child, from clone to execve: a table of steps run in order. What each step does lives in the
 * subject rooms; why it stands where it stands is in the table (create_steps.c).
 * Surprise: the child owns nothing; every descriptor here was opened by the parent before the clone
 * or by a step, and all of them are close-on-exec. */
#pragma once

#include "base/err.h"
#include "handshake/handshake.h"
#include "plan/plan.h"
#include "security/security.h"

struct init {
	struct arena *arena;
	const struct plan *plan;
	struct handshake sock;
	struct recorder *recorder;
	const int *joins;  /* create: one per plan->ns.joins */
	struct ns_target *target; /* exec: the container */
	const int *mounts; /* rootfs_open_handles; NULL when none are wanted */
	const struct seccomp_filter *filter;
	const int *stdio; /* three descriptors to become 0, 1 and 2, -1 = keep; NULL = keep all */
	int start_fd; /* listening start socket; -1: run, the READY answer is the signal */
	int *shed;    /* descriptors of the parent to close first ... */
	size_t nshed; /* ... the state directory and its lock among them */

	/* made on the way */
	struct rootfs rootfs;
	int time_fd, labels_fd, start_conn;
	int lent[oci_ns_type_count]; /* namespaces for exec while we wait, -1 = none */
	int cwd_early;
	const char **env;
	const char *program;
};

/* The name (/proc/PID/comm) of a child that has not executed the program yet. */
#define INIT_COMM "ocirun:init"

struct step {
	const char *name;
	int (*run)(struct init *in);
	const char *why; /* here */
};

extern const struct step create_steps[]; /* ends with name NULL */
const char *create_step_name(size_t i);  /* NULL past the end; for the recorder */
size_t create_step_exec(void);           /* index of "execve" */
extern const struct step exec_steps[];
const char *exec_step_name(size_t i);
size_t exec_step_exec(void);

/* Runs the table; does not return. On failure the error goes to the parent or to `start`. */
NORETURN void init_main(struct init *in, const struct step *steps);
