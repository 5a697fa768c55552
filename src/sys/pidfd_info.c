/* SPDX-License-Identifier: Apache-2.0 */
/* The ioctl behind `wait` and `start`: how a process ended, told to who is not its parent. The
 * structure is declared here, because the C library's headers are older than the kernel. */
#include "sys/pidfd_info.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define INFO_EXIT (1ull << 3)

struct info {
	uint64_t mask; /* in: what is asked for; out: what is there */
	uint64_t cgroupid;
	uint32_t pid, tgid, ppid;
	uint32_t ids[8];
	int32_t exit_code;
};

int sys_pidfd_exit_status(int pidfd, int *status)
{
	struct info info = { .mask = INFO_EXIT };
	_Static_assert(sizeof(info) == 64, "the first published size");

	if (ioctl(pidfd, _IOWR(0xFF, 11, struct info), &info) < 0) {
		/* Pidfds without any ioctl answer EINVAL, those of no file system of their own
		 * ENOTTY. */
		if (errno == EINVAL || errno == ENOSYS)
			errno = ENOTTY;
		return -1;
	}
	if (!(info.mask & INFO_EXIT))
		return 0;
	*status = info.exit_code;
	return 1;
}

int sys_pidfd_wait_reaped(int pidfd, int timeout_ms)
{
	struct pollfd p = { .fd = pidfd };
	int r = poll(&p, 1, timeout_ms);

	if (r < 0)
		return errno == EINTR ? 0 : -1;
	return r > 0 && (p.revents & POLLHUP);
}
