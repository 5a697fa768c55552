/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that a container sees as /run/notify, and the socket in it. The directory is made
 * at create, since it has to be mounted; the socket when there is somebody to listen: `start` or
 * `run`. Surprise: the container has it read-only, which does not hinder it from sending. */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "store/parts.h"

#define SOCKET_NAME "notify.sock"

int store_notify_make(struct container *c)
{
	if ((mkdirat(c->dir_fd, STORE_NOTIFY, 0755) < 0 && errno != EEXIST) ||
	    fchmodat(c->dir_fd, STORE_NOTIFY, 0755, 0) < 0)
		return err_sys("make the notify directory of container \"%s\"", c->id);
	return 0;
}

int store_notify_bind(struct container *c, struct store_notify *out)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	_cleanup_close_ int dir = openat(c->dir_fd, STORE_NOTIFY,
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (dir < 0 || sock < 0)
		return err_sys("open the notify directory of container \"%s\"", c->id);
	/* Any length of path, and of the killed `start` before us nothing stays. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" SOCKET_NAME, dir);
	if ((unlinkat(dir, SOCKET_NAME, 0) < 0 && errno != ENOENT) ||
	    bind(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    fchmodat(dir, SOCKET_NAME, 0777, 0) < 0)
		return err_sys("make the notify socket of container \"%s\"", c->id);
	*out = (struct store_notify){ .sock = take_fd(&sock), .dir = take_fd(&dir) };
	return 0;
}

void store_notify_close(struct store_notify *n)
{
	if (n->dir >= 0)
		unlinkat(n->dir, SOCKET_NAME, 0); /* gone with the container is fine */
	close_fd(&n->sock);
	close_fd(&n->dir);
}
