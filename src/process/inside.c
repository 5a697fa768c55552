/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a path of the container by its root's descriptor.
 * Surprise: even after the pivot a plain open is not enough: an image may make /etc/passwd a link to
 * /proc/self/fd/N, which is a descriptor of ours. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "process/parts.h"

int process_open_inside(int root_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | ((flags & O_PATH) ? 0 : O_NOCTTY)),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	/* EAGAIN: a rename somewhere on the system raced with a ".." of the walk. */
	for (int tries = 0; tries < 128; tries++) {
		int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return fd;
	}
	return -1;
}
