/* SPDX-License-Identifier: Apache-2.0 */
/* Private to runtime/: one running launch, from the reserved id to the answered READY. */
#pragma once

#include <signal.h>

#include "config/config.h"
#include "handshake/handshake.h"
#include "hooks/hooks.h"
#include "plan/plan.h"
#include "runtime/runtime.h"
#include "security/security.h"
#include "store/store.h"

struct launch {
	struct runtime *rt;
	const struct create_opts *opts;
	bool run; /* create and start in one */
	struct bundle bundle;
	struct plan plan;
	struct container container;
	struct oci_record record;
	struct cgroup cgroup, leaf; /* leaf: where the processes go, dir_fd -1 = into cgroup */
	struct resctrl resctrl;
	struct handshake parent, child;
	struct recorder recorder;
	struct seccomp_filter filter;
	int *joins, *mounts;
	size_t nmounts;
	struct store_notify notify; /* run: where the program says that it is ready */
	int stdio[3];     /* the container's standard streams, -1 = ours */
	int start_fd;     /* the listening start socket (create) */
	int console_sock; /* connected console socket, -1 = none */
	int master;       /* foreground terminal */
	int pidfd;
	pid_t pid, first; /* the container's init; the process it came from, 0 = the same */
	sigset_t old_mask;
	bool reserved, cloned;
};

#define LAUNCH_INIT(rt_, o_, run_)                                                    \
	{                                                                             \
		.rt = (rt_), .opts = (o_), .run = (run_), .bundle = { .dir_fd = -1 }, \
		.container = CONTAINER_INIT, .cgroup = { .dir_fd = -1, .path = "" },  \
		.leaf = { .dir_fd = -1, .path = "" },                                 \
		.stdio = { -1, -1, -1 }, .start_fd = -1,                              \
		.notify = { -1, -1 },                                                 \
		.parent = { .sock = -1 }, .child = { .sock = -1 },                    \
		.console_sock = -1, .master = -1, .pidfd = -1,                        \
	}

/* launch.c */
int launch_start(struct launch *l)
	MUST_CHECK; /* clone and serve the asks until READY is answered */
int launch_wait_exec(struct launch *l) MUST_CHECK;
void launch_undo(struct launch *l); /* kill and remove everything that was made; keeps the error */
void launch_close(struct launch *l);
void launch_kill(struct launch *l);  /* kill and reap the child */
/* answers.c */
extern answer_fn *const launch_answers[ASK_COUNT];
answer_fn answer_init, answer_console;
int launch_write_pid_file(struct launch *l) MUST_CHECK;
/* Nothing without a path; `what` asked for it. */
int launch_send_pidfd(const struct launch *l, const char *path, const char *what,
		      const char *word) MUST_CHECK;
/* stdio.c: open what the options name, before anything is made. */
int stdio_open(const struct create_opts *o, bool terminal, int fds[3]) MUST_CHECK;
/* create.c */
int launch_prepare(struct launch *l, const char *id) MUST_CHECK;
int launch_seccomp(struct launch *l) MUST_CHECK; /* compile the plan's filter, if it has one */
int launch_console_socket(struct launch *l) MUST_CHECK; /* connect, when one is given */
extern rootfs_mapfd_fn *const launch_mapfd;
unsigned launch_listen_fds(void); /* systemd's socket activation */
/* Path options are relative to the caller's directory, whatever happens to ours. */
int launch_absolute(struct arena *a, const char **path) MUST_CHECK;
int plan_for(struct runtime *rt, const struct create_opts *o, const struct bundle *b,
	     const char *id, struct plan *out) MUST_CHECK;
/* ids.c: give the configuration of an ordinary user the user namespace and maps it lacks. */
int runtime_default_ids(struct runtime *rt, struct bundle *b) MUST_CHECK;
/* attach.c: stay with the container until its init ends; gives the exit status. */
/* attach.c: stay with the child until it ends; *status is that of waitpid. */
int attach_to(struct launch *l, int *status) MUST_CHECK;
/* ... with the container's init, then delete the container; gives the exit status. */
int attach(struct launch *l) MUST_CHECK;
int launch_exit_code(int status); /* 128 + n for signal n */
/* share.c: does the cgroup, which was there before us, belong to another container? */
int launch_check_sharing(struct launch *l) MUST_CHECK;
/* delete.c: remove a dead container's cgroup, run poststop, remove its directory. `forgive`: a
 * poststop hook that fails is a warning; else the directory stays for the next delete. */
int destroy(struct runtime *rt, struct container *c, struct oci_record *rec,
	    bool forgive) MUST_CHECK;
/* SIGKILL by pidfd and start time, and wait for the end; nothing when it is gone already. */
int kill_init(pid_t pid, uint64_t start_time) MUST_CHECK;
/* Run hooks of a phase in the runtime's namespaces. */
int run_hooks(struct arena *a, const struct plan *p, const struct hooks *h, enum oci_status status,
	      pid_t pid) MUST_CHECK;
/* Has the kernel killed in it for want of memory? What is noted, or what its cgroup counts. */
bool oom_seen(const struct oci_record *rec);
/* Note that in the record of the container, unless it is another's by now, or somebody has the lock
 * (who then sees it for himself). Never fails: not worth it. */
void oom_note(struct runtime *rt, const char *id, const struct oci_record *seen);
/* kill.c: is the cgroup of the record there, ours alone, and still the one we made? (1 or 0) */
int container_owns_cgroup(const struct oci_record *rec) MUST_CHECK;
/* store access for the verbs: the root, an open container and its record (NULL: none written). */
int container_open(struct runtime *rt, const char *id, struct container *c,
		   struct oci_record **rec) MUST_CHECK;
/* The same with the lock, and the record as it is under the lock. */
int container_open_locked(struct runtime *rt, const char *id, struct container *c,
			  struct oci_record **rec) MUST_CHECK;
/* update.c: linux.resources alone, from a file or ("-") standard input; and the cgroup of a
 * container that exists, as the cgroup room wants it. */
int runtime_read_resources(struct arena *a, const char *file,
			   struct oci_resources **out) MUST_CHECK;
int container_cgroup_plan(struct runtime *rt, const struct oci_record *rec,
			  struct cgroup_plan *out) MUST_CHECK;
/* exec_process.c: the process object that exec runs. */
int exec_process(struct runtime *rt, const struct oci_config *c, const struct exec_opts *o,
		 const struct oci_strs *args, struct oci_process **out) MUST_CHECK;
/* The saved config of a container. */
int container_config(struct runtime *rt, const struct container *c,
		     struct oci_config **out) MUST_CHECK;
int container_not_running(void) MUST_CHECK; /* the error that engines match */
/* The namespaces of a created container that only its init can give us (t->pidfd is set); nothing
 * where the kernel lets us in by pidfd. */
int container_borrow(struct container *c, const struct oci_record *rec,
		     struct ns_target *t) MUST_CHECK;
int container_state(const struct runtime *rt, const struct container *c,
		    const struct oci_record *rec, struct oci_state *out) MUST_CHECK;
