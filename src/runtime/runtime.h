/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs. Each takes what the command line decided and does one thing to one container; all
 * return 0 (or a positive answer that is documented) or negative with the error recorded.
 * Nothing here parses argv and nothing in ocirun/ touches the system. */
#pragma once

#include <ocispec/runtime.h>

#include "base/err.h"
#include "cgroup/cgroup.h"
#include "sys/probe.h"

/* What the global options and the host decided; one per process. */
struct runtime {
	struct arena *arena;
	const char *root; /* --root, NULL = the default rule */
	enum cgroup_manager manager;
	bool manager_given;
	int rootless;     /* 1, 0, or -1 = find out */
	struct host host; /* filled by runtime_host() */
	bool probed;
};

/* Options of create and run (and explain). */
struct create_opts {
	const char *bundle; /* NULL = working directory */
	const char *config; /* --config FILE, NULL = BUNDLE/config.json */
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	/* where the standard streams lead: a file, or "null"; NULL = to ours */
	const char *stdin_path, *stdout_path, *stderr_path;
	const char *notify_socket; /* of our caller, NULL = none */
	const char *stdio; /* "null": those of the three that are not given */
	bool no_pivot;
	bool no_new_keyring;
	unsigned preserve_fds;
	bool detach; /* run only, as the next two */
	bool keep;
	bool no_subreaper;
};

/* Options of exec. What is not given comes from the container's own process. */
struct exec_opts {
	const char *process; /* --process FILE: a whole process object, the rest is ignored */
	const char *cwd, *user, *apparmor, *label;
	struct oci_strs env, caps, gids;
	bool tty, no_new_privs;
	bool detach, ignore_paused;
	const char *console_socket, *pidfd_socket, *pid_file;
	const char *cgroup; /* below the container's */
	const char *resources; /* FILE or "-": linux.resources, for a cgroup of its own */
	unsigned preserve_fds;
};

int runtime_create(struct runtime *rt, const struct create_opts *o, const char *id) MUST_CHECK;
/* Gives the exit status of the container's process (128 + n for signal n); 0 when detached. */
int runtime_run(struct runtime *rt, const struct create_opts *o, const char *id) MUST_CHECK;
/* Gives the exit status of the process (128 + n for signal n); 0 when detached. args: program and
 * arguments, none with o->process. */
int runtime_exec(struct runtime *rt, const struct exec_opts *o, const char *id,
		 const struct oci_strs *args) MUST_CHECK;
int runtime_start(struct runtime *rt, const char *id) MUST_CHECK;
/* Gives the exit status of the container's init (128 + n for signal n), once it has ended. */
int runtime_wait(struct runtime *rt, const char *id) MUST_CHECK;
int runtime_state(struct runtime *rt, const char *id) MUST_CHECK;
int runtime_list(struct runtime *rt, const char *format, bool quiet) MUST_CHECK;
/* One verb for each container whose id matches the regular expression; the first failure is the
 * error, when all have had their turn. */
typedef int runtime_each_fn(struct runtime *rt, const char *id, const void *ctx);
int runtime_each(struct runtime *rt, const char *pattern, runtime_each_fn *fn,
		 const void *ctx) MUST_CHECK;
/* `all`: every process of the container's cgroup; not an error when it has ended. */
int runtime_kill(struct runtime *rt, const char *id, int signo, bool all) MUST_CHECK;
/* `force`: kill first, no error when it does not exist, go on when a poststop hook fails. */
int runtime_delete(struct runtime *rt, const char *id, bool force) MUST_CHECK;
int runtime_pause(struct runtime *rt, const char *id) MUST_CHECK;
int runtime_resume(struct runtime *rt, const char *id) MUST_CHECK;
/* format: NULL or "table" or "json"; args go to ps(1). */
int runtime_ps(struct runtime *rt, const char *id, const char *format, const char *const *args,
	       size_t nargs) MUST_CHECK;

struct update_opts {
	const char *resources; /* FILE or "-": linux.resources; then nothing else counts */
	const char *l3_cache_schema, *mem_bw_schema;
	const struct oci_resources *asked;
};
int runtime_update(struct runtime *rt, const struct update_opts *o, const char *id) MUST_CHECK;
/* file: FILE or "-", a JSON array of mounts; those of a container that lives change. */
int runtime_mounts(struct runtime *rt, const char *id, const char *file, bool add) MUST_CHECK;
int runtime_events(struct runtime *rt, const char *id, int64_t interval_ns, bool stats) MUST_CHECK;
/* No ids: all that live. */
int runtime_stats(struct runtime *rt, const struct oci_strs *ids, const char *format) MUST_CHECK;
int runtime_features(struct runtime *rt) MUST_CHECK;
int runtime_explain(struct runtime *rt, const struct create_opts *o) MUST_CHECK;
/* Write a default config.json into DIR; refuses to overwrite. */
int runtime_spec(struct runtime *rt, const char *dir, bool rootless) MUST_CHECK;

/* Probe the host once and apply --rootless. */
int runtime_host(struct runtime *rt) MUST_CHECK;
/* Only who we are, which is enough to find the state root. */
int runtime_identity(struct runtime *rt) MUST_CHECK;
