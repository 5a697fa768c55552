/* SPDX-License-Identifier: Apache-2.0 */
/* What a pidfd remembers of a process that is gone (PIDFD_GET_INFO with PIDFD_INFO_EXIT, Linux
 * 6.15). Surprise: the kernel keeps the status from the moment the process is reaped, and only for
 * a pidfd that was opened before; a zombie has none yet. */
#pragma once

/* 1 and the status, as from waitpid, in *status; 0 = the process was not reaped yet; -1 and errno:
 * ENOTTY this kernel cannot tell, ESRCH it was reaped and the kernel kept nothing. */
int sys_pidfd_exit_status(int pidfd, int *status);
/* Wait until the process was reaped: 1, or 0 after timeout_ms. Before 6.9 the kernel never says so,
 * and only the time ends the wait. -1 and errno. */
int sys_pidfd_wait_reaped(int pidfd, int timeout_ms);
