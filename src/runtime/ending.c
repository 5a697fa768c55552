/* SPDX-License-Identifier: Apache-2.0 */
/* How init ended, asked by somebody who is not its parent. Two sources: the zombie's line in /proc,
 * while its parent has not reaped it, and the pidfd after that, on Linux 6.15 and later.
 * Surprise: /proc shows a status of 0 to those who may not see it, so 0 counts only for root. */
#include "runtime/ending.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/names.h"
#include "init/init.h"
#include "sys/pidfd.h"
#include "sys/pidfd_info.h"

enum { REAP_WAIT_MS = 100, NAME_YIELDS = 20, NAME_TRIES = 1000 };

static bool is_dead(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

/* The line of /proc/PID/stat; NULL when the process is gone. */
static char *stat_line(struct arena *a, pid_t pid)
{
	char *text;
	size_t len;
	if (io_read_virtual(a, AT_FDCWD, arena_printf(a, "/proc/%d/stat", (int)pid), 4096, &text,
			    &len) >= 0 &&
	    len)
		return text;
	err_clear();
	return NULL;
}

/* The last field is what waitpid would give. */
static int stat_status(const char *line)
{
	const char *last = strrchr(line, ' ');
	return last ? (int)strtol(last, NULL, 10) : 0;
}

/* 1 = *status is right; 0 = no zombie of ours is there, or it does not tell us. */
static int zombie_status(struct arena *a, const struct oci_record *rec, int *status)
{
	uint64_t start;
	char state;
	const char *line = stat_line(a, rec->pid);
	if (!line || !sys_proc_stat_parse(line, &start, &state) || start != rec->start_time ||
	    !is_dead(state))
		return 0;
	int st = stat_status(line);
	if (!st && geteuid() != 0)
		return 0;
	*status = st;
	return 1;
}

/* The process has ended; its parent may reap it at any moment, or never. */
static int ended_status(struct arena *a, const struct oci_record *rec, int pidfd, int *status)
{
	for (;;) {
		if (zombie_status(a, rec, status) > 0)
			return 0;
		int r = sys_pidfd_exit_status(pidfd, status);
		if (r > 0)
			return 0;
		if (r < 0 && (errno == ENOTTY || errno == ESRCH))
			return ENDING_UNKNOWN;
		if (r < 0)
			return err_sys("ask how process %d ended", (int)rec->pid);
		if (sys_pidfd_wait_reaped(pidfd, REAP_WAIT_MS) < 0)
			return err_sys("wait for process %d", (int)rec->pid);
	}
}

int ending_wait(struct arena *a, const struct oci_record *rec, int *status)
{
	bool ended;
	_cleanup_close_ int pidfd = sys_pidfd_open(rec->pid);
	if (pidfd < 0 && errno != ESRCH)
		return err_sys("open process %d", (int)rec->pid);
	/* The pidfd is open: if the start time fits now, it is and stays our process. */
	if (pidfd < 0 || !sys_process_is(rec->pid, rec->start_time, &ended))
		return ENDING_UNKNOWN;
	if (sys_pidfd_wait_exit(pidfd, -1) < 0)
		return err_sys("wait for process %d", (int)rec->pid);
	return ended_status(a, rec, pidfd, status);
}

static int killed_before_exec(int status)
{
	if (WIFSIGNALED(status))
		return err_msg(
			ERR_STATE, "the container's init was killed by %s before its program ran%s",
			signal_name(WTERMSIG(status)),
			WTERMSIG(status) == SIGSYS ? ": does the seccomp profile allow execve?"
						   : "");
	return err_msg(ERR_STATE, "the container's init ended before its program ran");
}

/* Reaped before we could look at its name. A signal may have hit the program itself; only SIGSYS is
 * as good as certain: that is a filter which does not let execve pass. */
static int check_reaped(int pidfd)
{
	int status;
	if (pidfd < 0 || sys_pidfd_exit_status(pidfd, &status) <= 0)
		return 0;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? killed_before_exec(status) : 0;
}

/* A process that never got to execve still has the name of our init, dead or alive; the name
 * changes a moment after the descriptors close, and a dying process becomes a zombie a moment
 * after, hence the short wait. */
int ending_check_exec(struct arena *a, const struct oci_record *rec, int pidfd)
{
	for (int tries = 0; tries < NAME_TRIES; tries++) {
		const char *line = stat_line(a, rec->pid);
		if (!line)
			return check_reaped(pidfd);
		const char *name = strchr(line, '(');
		const char *state = name ? after_prefix(name, "(" INIT_COMM ") ") : NULL;
		if (!state)
			return 0;
		if (is_dead(*state))
			return killed_before_exec(stat_status(line));
		if (tries < NAME_YIELDS)
			sched_yield();
		else
			usleep(1000);
	}
	return 0;
}
