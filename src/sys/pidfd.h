/* SPDX-License-Identifier: Apache-2.0 */
/* Processes by descriptor, which cannot come to mean another process. All return -1 and errno.
 * Surprise: sys_pidfd_wait_exit tells that a process has ended, it does not reap it; it works for
 * processes that are not our children. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int sys_pidfd_open(pid_t pid);              /* close-on-exec */
int sys_pidfd_signal(int pidfd, int signo); /* ESRCH: it has ended and was reaped */
/* 1 when the process has ended, 0 after timeout_ms (-1 = wait for ever). */
int sys_pidfd_wait_exit(int pidfd, int timeout_ms);

/* Start time in clock ticks since boot, field 22 of /proc/PID/stat: with the pid it names one
 * process for good. ESRCH: no such process. *zombie (may be NULL): it has ended, is not reaped. */
int sys_proc_start_time(pid_t pid, uint64_t *out, bool *zombie);
/* The same where /proc may hide the process (hidepid): its start time, or else the number of its
 * pidfd, which is used once only (Linux 6.9), with SYS_STAMP_PIDFD set. ESRCH: no such process,
 * or it is hidden and the kernel is older. */
#define SYS_STAMP_PIDFD (1ull << 62)
int sys_process_stamp(pid_t pid, uint64_t *out);
/* Is pid still the process with this stamp? *ended: it is not reaped yet. */
bool sys_process_is(pid_t pid, uint64_t stamp, bool *ended);
/* Pure part, for tests: false when the text is not a stat line. */
bool sys_proc_stat_parse(const char *stat, uint64_t *start_time, char *state);
