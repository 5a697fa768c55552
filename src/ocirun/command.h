/* SPDX-License-Identifier: Apache-2.0 */
/* A command: a row for main.c's table. The option rows fill a zeroed struct of opts_size bytes. */
#pragma once

#include "base/opt.h"
#include "runtime/runtime.h"

struct command {
	const char *name;
	const char *args; /* "ID [SIGNAL]" for the usage line */
	const char *summary;
	const char *prefix; /* put before error texts: "runc create failed" style; NULL = none */
	const struct opt *rows;
	size_t opts_size;
	size_t min_args, max_args;
	bool enters; /* runs code of ours inside a container: seal /proc/self/exe first */
	unsigned opt_flags;
	int fail_status; /* exit status of our own failures, 0 = 1 */
	/* Gives the exit status or negative. */
	int (*run)(struct runtime *rt, const void *opts, const struct oci_strs *args);
};

extern const struct command cmd_create, cmd_delete, cmd_exec, cmd_explain, cmd_features, cmd_kill,
	cmd_list, cmd_pause, cmd_ps, cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state;
extern const struct command cmd_mounts, cmd_update, cmd_wait;
extern const struct command cmd_events, cmd_stats;
extern const struct command cmd_checkpoint, cmd_restore;

/* The rows that create, run and explain share. */
extern const struct opt create_rows[];
extern const struct opt bundle_rows[];

/* What checkpoint and restore share: options of other runtimes, and the answer. */
extern const struct opt criu_rows[];
int criu_refuse(struct runtime *rt, const void *opts, const struct oci_strs *args) MUST_CHECK;
