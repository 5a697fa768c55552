/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs and with what: argv, environment, user, limits, scheduling, terminal, working directory
 * and the final execve. process_plan_make decides (pure); the rest acts, each function from the one
 * moment its comment names: "parent" = the runtime, "child" = init on its way to execve.
 * Surprise: sysctls are written before the pivot through the host's verified /proc, because the
 * container's own /proc may be anything the image or the mounts made of it. */
#pragma once

#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

#include <ocispec/runtime.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "sys/sched.h"

/* ---- what was decided ---- */

struct process_opts {
	bool rootless;
	bool userns;                /* the container has a user namespace, new or joined */
	bool joins;                 /* exec: affinity from execCPUAffinity instead of a reset */
	bool keep_groups;           /* annotation run.oci.keep_original_groups=1 */
	unsigned listen_fds;        /* descriptors 3.. */
	unsigned preserve_fds;      /* those that follow the listen_fds */
	const char *listen_fdnames; /* NULL = none */
	const char *notify_socket_inside; /* "/run/notify/notify.sock"; NULL = none */
};

struct process_rlimit {
	const char *name;
	int resource;
	size_t index; /* in /process/rlimits */
	struct rlimit64 value;
};

struct process_sysctl {
	const char *key;  /* as in config.json, for messages */
	const char *path; /* below /proc: "sys/net/ipv4/ip_forward" */
	const char *value;
};

struct process_plan {
	const char **argv, **env; /* NULL-terminated */
	size_t nargs, nenv;
	const char *cwd;
	uint32_t uid, gid;
	const uint32_t *gids;
	size_t ngids;
	unsigned umask;
	bool rootless, userns, keep_groups, joins;
	bool home_missing; /* HOME is to be looked up in the container's /etc/passwd */
	bool terminal, has_box;
	unsigned short rows, cols; /* when has_box */
	unsigned keep_fds;         /* 3..3+keep_fds-1 reach the program */
	VEC(struct process_rlimit) rlimits;
	bool has_oom;
	int oom_score_adj;
	bool has_scheduler, cpuset; /* cpuset: resources.cpu.cpus is set, which DEADLINE dislikes */
	struct sched_params scheduler;
	bool has_ioprio;
	int ioprio; /* class << 13 | priority */
	bool has_personality;
	unsigned long personality;
	bool has_mempolicy;
	int mempolicy; /* mode | flags */
	struct sched_mask nodes;
	bool has_affinity_initial, has_affinity_final;
	struct sched_mask affinity_initial, affinity_final;
	VEC(struct process_sysctl) sysctls;
	const char *netns_path;     /* net.* sysctls go to this joined namespace; NULL = none */
	VEC(const char *) warnings; /* for log_warn, once, by whoever acts on the plan */
};

/* Pure. proc NULL = c->process (exec gives its own). Errors are ERR_CONFIG with the JSON path. */
int process_plan_make(struct arena *a, const struct oci_config *c, const struct oci_process *proc,
		      const struct process_opts *o, struct process_plan *out) MUST_CHECK;
void process_plan_print(const struct process_plan *p, struct str *s);

/* Word tables, for `features` and tests. */
extern const struct name process_rlimit_names[];    /* "RLIMIT_AS" .. */
extern const struct name process_sched_policies[];  /* "SCHED_OTHER" .. */
extern const struct name process_sched_flags[];     /* "SCHED_FLAG_RESET_ON_FORK" .. */
extern const struct name process_mempolicy_modes[]; /* "MPOL_DEFAULT" .. */
extern const struct name process_mempolicy_flags[]; /* "MPOL_F_STATIC_NODES" .. */

/* ---- parent ---- */

/* Before the clone, what a pure planner cannot see: net.* sysctls must not hit the host's netns. */
int process_check_host(const struct process_plan *p) MUST_CHECK;
int process_rlimits(const struct process_plan *p, pid_t pid) MUST_CHECK;
int process_oom_score(const struct process_plan *p, pid_t pid) MUST_CHECK;
/* exec: before the child joins the cgroup; nothing when execCPUAffinity.initial is absent. */
int process_affinity_initial(const struct process_plan *p, pid_t pid) MUST_CHECK;

/* ---- child, in the order of use ---- */

/* Session keyring "_ses.<id>"; where there are no keyrings it only costs a warning. */
int process_keyring(const char *id) MUST_CHECK;
int process_names(const struct oci_config *c) MUST_CHECK; /* hostname, domainname */
/* In the final namespaces, before pivot: open the host's /proc, then write. *proc_fd is -1 when the
 * plan has no sysctl (then process_sysctls does nothing). */
int process_sysctls_open(const struct process_plan *p, int *proc_fd) MUST_CHECK;
int process_sysctls(const struct process_plan *p, int proc_fd) MUST_CHECK;
/* Scheduler, io priority, personality, memory policy, affinity; before seccomp and caps. */
int process_limits(const struct process_plan *p) MUST_CHECK;
int process_stdio_owner(const struct process_plan *p) MUST_CHECK; /* fchown 0,1,2 to the uid */
/* After pivot, before identity: make the directory when missing and enter it. Gives 0, or
 * PROCESS_CWD_LATER when only the user may enter; hand the answer to process_cwd. */
enum { PROCESS_CWD_LATER = 1 };
int process_cwd_early(const struct process_plan *p) MUST_CHECK;
/* After pivot: *env is what execve gets; HOME comes from the container's /etc/passwd if missing. */
int process_home(struct arena *a, const struct process_plan *p, const char ***env) MUST_CHECK;
int process_become(const struct process_plan *p) MUST_CHECK; /* groups, gid, uid, umask */
/* After identity; checks getcwd. */
int process_cwd(const struct process_plan *p, int early) MUST_CHECK;
/* After identity and capabilities. Error texts are what engines match (cli contract 2.9). */
int process_find_program(struct arena *a, const struct process_plan *p, const char *const *env,
			 const char **path) MUST_CHECK;
/* Default signal handlers, empty mask, no parent-death signal: before a late seccomp filter. */
int process_signals(void) MUST_CHECK;
int process_close_fds(const struct process_plan *p) MUST_CHECK; /* close-on-exec from 3+keep_fds */
/* Only execve; comes back only on failure. */
int process_exec(const struct process_plan *p, const char *path, const char *const *env) MUST_CHECK;

/* ---- terminal ---- */

/* Child, when the container's devpts is mounted (before or after pivot): a pty pair from root_fd's
 * /dev/pts/ptmx; the slave belongs to p->uid and has the window size of the plan. */
int tty_open_in_root(int root_fd, const struct process_plan *p, int *master, int *slave) MUST_CHECK;
/* Child: the slave becomes the controlling terminal (new session unless we lead one) and 0,1,2. */
int tty_make_controlling(int slave) MUST_CHECK;
/* Pass the master over a connected stream socket; the payload is its name, "/dev/pts/0". */
int tty_send(int sock, int master) MUST_CHECK;

/* Foreground relay (parent). */
struct tty_raw {
	int fd; /* -1: nothing to restore */
	struct termios saved;
};
#define TTY_RAW_NONE ((struct tty_raw){ .fd = -1 })
/* Raw mode when fd is a terminal; nothing (raw->fd = -1) when it is not. */
int tty_raw_on(int fd, struct tty_raw *raw) MUST_CHECK;
void tty_raw_off(struct tty_raw *raw);             /* twice is fine */
int tty_copy_winsize(int from, int to) MUST_CHECK; /* nothing when `from` is no tty */

/* Bytes between our stdin/stdout and the master, inside a loop. Never loses a byte: what was read
 * is written before anything else is read, and tty_relay_drain empties the master at the end. The
 * end of stdin becomes the terminal's EOF character. SIGPIPE and SIGTTOU must be blocked or
 * ignored. */
struct tty_relay;
int tty_relay_new(struct arena *a, struct loop *l, int master, int in, int out,
		  struct tty_relay **r) MUST_CHECK;
bool tty_relay_hung_up(const struct tty_relay *r); /* every slave is closed, all was written */
/* After the container's process is gone: write out what is still in the master, stop watching. */
int tty_relay_drain(struct tty_relay *r) MUST_CHECK;
