/* SPDX-License-Identifier: Apache-2.0 */
/* Making a process like fork(2), with namespaces, a pidfd and a cgroup to start in: clone3, or
 * clone where the kernel or a seccomp filter around us lacks it.
 * Surprise: CLONE_PARENT makes the child a sibling, whose exit signal is the one our parent gets
 * for us; clone3 refuses any other, so none is given then and SIGCHLD otherwise. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns twice, like fork; -1 and errno. flags: CLONE_NEW*, CLONE_PARENT.
 * cgroup_fd: directory of the cgroup2 cgroup to start in, -1 = ours. *into_cgroup (may be NULL)
 * tells whether the kernel did it (5.7); when false, the caller moves the child itself.
 * pidfd (may be NULL): close-on-exec pidfd of the child, -1 when there is none (before 5.2). */
pid_t sys_clone3(uint64_t flags, int cgroup_fd, int *pidfd, bool *into_cgroup);
