/* SPDX-License-Identifier: Apache-2.0 */
/* The socket that a created container's init listens on. Its name is the "created" mark: `start`
 * removes it. Surprise: the name may outlive its listener (start was killed, or init died), so a
 * refused connection means that the container is past "created", and takes the name away. */
#include <fcntl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/sock.h"
#include "store/parts.h"

int store_start_listen(struct container *c, int *fd)
{
	TRY_AS(sock_listen(c->dir_fd, STORE_START, SOCK_SEQPACKET, 0600, fd),
	       "making the start socket of container \"%s\"", c->id);
	return 0;
}

int store_start_connect(struct container *c, int *fd)
{
	int r = sock_connect(c->dir_fd, STORE_START, SOCK_SEQPACKET, fd);
	if (r >= 0)
		return 0;
	int no = err_get()->no;
	if (no != ENOENT && no != ECONNREFUSED)
		return err_wrap("connecting to the init of container \"%s\"", c->id);
	if (no == ECONNREFUSED)
		TRY(store_start_release(c));
	return err_msg(ERR_STATE, "cannot start container \"%s\": it is not waiting to be started",
		       c->id);
}

int store_start_release(struct container *c)
{
	if (unlinkat(c->dir_fd, STORE_START, 0) < 0 && errno != ENOENT)
		return err_sys("remove the start socket of container \"%s\"", c->id);
	return 0;
}
