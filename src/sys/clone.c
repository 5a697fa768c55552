/* SPDX-License-Identifier: Apache-2.0 */
/* clone3 as a fork, clone where there is none.
 * Surprise: the raw calls skip the C library's fork handlers; we are single-threaded and register
 * none, so nothing is missed. */
#include "sys/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "sys/sys.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

/* struct clone_args as of 5.7; older headers stop before `cgroup`. */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};
#define CLONE3_SIZE_5_3 offsetof(struct clone3_args, set_tid)

static uint64_t exit_signal(uint64_t flags)
{
	return flags & CLONE_PARENT ? 0 : SIGCHLD;
}

static pid_t clone_old(uint64_t flags, int *pidfd)
{
	unsigned long f = (unsigned long)(flags | exit_signal(flags) | (pidfd ? CLONE_PIDFD : 0));
#if defined(__s390__) || defined(__CRIS__)
	return (pid_t)syscall(SYS_clone, NULL, f, pidfd, NULL, 0L);
#else
	return (pid_t)syscall(SYS_clone, f, NULL, pidfd, NULL, 0L);
#endif
}

static pid_t clone_new(uint64_t flags, int cgroup_fd, int *pidfd)
{
	struct clone3_args args = {
		.flags = flags | (pidfd ? CLONE_PIDFD : 0) |
			 (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = exit_signal(flags),
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};
	/* Without a cgroup the first version of the struct will do, for 5.3 to 5.6. */
	return (pid_t)syscall(SYS_clone3, &args, cgroup_fd >= 0 ? sizeof(args) : CLONE3_SIZE_5_3);
}

pid_t sys_clone3(uint64_t flags, int cgroup_fd, int *pidfd, bool *into_cgroup)
{
	bool placed = cgroup_fd >= 0;
	if (pidfd)
		*pidfd = -1;
	/* The child must see the answer too, so it is given before. */
	if (into_cgroup)
		*into_cgroup = placed;
	pid_t pid = clone_new(flags, cgroup_fd, pidfd);
	if (pid >= 0)
		return pid;
	if (into_cgroup)
		*into_cgroup = false;
	if (placed && (errno == E2BIG || errno == EINVAL)) {
		pid = clone_new(flags, -1, pidfd);
		if (pid >= 0)
			return pid;
	}
	if (errno != ENOSYS)
		return -1;
	return clone_old(flags, pidfd);
}
