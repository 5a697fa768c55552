/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor ranges. close_range is one call; where it is missing or a filter forbids it, the
 * open descriptors are read from /proc/self/fd, and where there is no /proc (a container may have
 * none) every number is tried. */
#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/parse.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

int fd_fill_std(void)
{
	/* open gives the lowest free number, so going upwards fills exactly the holes */
	for (int fd = 0; fd <= 2; fd++) {
		if (fd_is_open(fd))
			continue;
		int got = open("/dev/null", O_RDWR);
		if (got < 0)
			return err_sys("open \"/dev/null\"");
	}
	return 0;
}

int fd_set_cloexec(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFD);

	if (flags < 0 || fcntl(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC) < 0)
		return err_sys("set close-on-exec of descriptor %d", fd);
	return 0;
}

enum walk { WALK_CLOSE, WALK_CLOEXEC, WALK_CLOSE_INHERITED };

static int walk_one(int fd, enum walk what)
{
	if (what == WALK_CLOEXEC)
		return fd_set_cloexec(fd, true);
	if (what == WALK_CLOSE_INHERITED) {
		int flags = fcntl(fd, F_GETFD);
		if (flags < 0 || (flags & FD_CLOEXEC))
			return 0;
	}
	close(fd);
	return 0;
}

/* The last resort. The limit may have been lowered below a number in use, hence the floor; the
 * ceiling keeps the time within a tenth of a second. */
static int walk_numbers(int first, enum walk what)
{
	struct rlimit limit = { 0 };
	int end = 1 << 16;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max > (rlim_t)end)
		end = limit.rlim_max > 1 << 20 ? 1 << 20 : (int)limit.rlim_max;
	for (int fd = first; fd < end; fd++)
		if (fd_is_open(fd))
			TRY(walk_one(fd, what));
	return 0;
}

/* The slow way. */
static int walk_from(int first, enum walk what)
{
	_cleanup_dir_ DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? walk_numbers(first, what)
				       : err_sys("open \"/proc/self/fd\"");
	while ((errno = 0, e = readdir(d))) {
		uint64_t fd;

		if (e->d_name[0] == '.')
			continue;
		TRY(parse_u64("descriptor", e->d_name, INT32_MAX, &fd));
		if ((int)fd < first || (int)fd == dirfd(d))
			continue;
		TRY(walk_one((int)fd, what));
	}
	return errno ? err_sys("read \"/proc/self/fd\"") : 0;
}

int fd_cloexec_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return walk_from(first, WALK_CLOEXEC);
}

int fd_close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0)
		return 0;
	return walk_from(first, WALK_CLOSE);
}

int fd_close_inherited(int first)
{
	return walk_from(first, WALK_CLOSE_INHERITED);
}

bool fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

int fd_dup_high(int fd, int *out)
{
	int got = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (got < 0)
		return err_sys("duplicate descriptor %d", fd);
	*out = got;
	return 0;
}
