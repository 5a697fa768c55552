/* SPDX-License-Identifier: Apache-2.0 */
/* A user namespace that exists only to describe an id-mapped mount: a child makes it, we write its
 * maps and open it; the descriptor keeps it alive when the child is gone.
 * Surprise: the child waits on a pipe and not for a signal, so it also ends when we do. */
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "ns/maps.h"
#include "sys/clone.h"
#include "sys/nsfd.h"

static NORETURN void hold_namespace(int pipe_read, int pipe_write)
{
	char c;
	close(pipe_write);
	while (read(pipe_read, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int reap(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys("wait for the holder of a user namespace");
	return 0;
}

static int map_and_open(struct arena *a, pid_t pid, const struct ns_plan *p, int *out)
{
	TRY(ns_maps_write(a, pid, "gid_map", p->gids, p->ngids));
	TRY(ns_maps_write(a, pid, "uid_map", p->uids, p->nuids));
	const char *path = arena_printf(a, "/proc/%d/ns/user", (int)pid);
	int fd = nsfd_open(path);
	if (fd < 0)
		return err_sys("open \"%s\"", path);
	*out = fd;
	return 0;
}

int ns_mapfd(struct arena *a, const struct ns_map *uids, size_t nuids, const struct ns_map *gids,
	     size_t ngids, int *userns_fd)
{
	struct ns_plan p = { .uids = (struct ns_map *)uids,
			     .nuids = nuids,
			     .gids = (struct ns_map *)gids,
			     .ngids = ngids };
	_cleanup_close_ int fd = -1;
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys("make a pipe");
	pid_t pid = sys_clone3(CLONE_NEWUSER, -1, NULL, NULL);
	if (pid == 0)
		hold_namespace(ends[0], ends[1]);
	int r = pid < 0 ? err_sys("make a user namespace for an id-mapped mount")
			: map_and_open(a, pid, &p, &fd);
	close(ends[0]);
	close(ends[1]);
	if (pid > 0 && r >= 0)
		r = reap(pid);
	else if (pid > 0)
		waitpid(pid, NULL, 0);
	if (r < 0)
		return err_wrap("id maps of a mount");
	*userns_fd = take_fd(&fd);
	return 0;
}
