/* SPDX-License-Identifier: Apache-2.0 */
/* linkat cannot replace, rename can: a name that is taken is taken over through a second one. */
#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"

static int invent_name(struct newfile *f)
{
	uint64_t random;
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys("getrandom");
	snprintf(f->temporary, sizeof(f->temporary), NEWFILE_PREFIX "%016llx",
		 (unsigned long long)random);
	return 0;
}

int newfile_open(int dir_fd, mode_t mode, struct newfile *out)
{
	struct newfile f = { .dir_fd = dir_fd };
	f.fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	/* EISDIR: a kernel, or a file system in user space, that ignores the flag */
	if (f.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		TRY(invent_name(&f));
		f.fd = openat(dir_fd, f.temporary,
			      O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, mode);
	}
	if (f.fd < 0)
		return err_sys("make a file");
	*out = f;
	return 0;
}

static int link_to(const struct newfile *f, int to_fd, const char *name)
{
	char from[40];
	snprintf(from, sizeof(from), "/proc/self/fd/%d", f->fd);
	return linkat(AT_FDCWD, from, to_fd, name, AT_SYMLINK_FOLLOW);
}

int newfile_name(struct newfile *f, int to_fd, const char *name)
{
	if (!f->temporary[0]) {
		if (link_to(f, to_fd, name) == 0)
			return 0;
		if (errno != EEXIST)
			return err_sys("name the file \"%s\"", name);
		TRY(invent_name(f));
		if (link_to(f, f->dir_fd, f->temporary) < 0)
			return err_sys("name the file \"%s\"", f->temporary);
	}
	if (renameat(f->dir_fd, f->temporary, to_fd, name) < 0)
		return err_sys("name the file \"%s\"", name);
	f->temporary[0] = '\0';
	return 0;
}

void newfile_close(struct newfile *f)
{
	if (f->fd >= 0 && f->temporary[0])
		unlinkat(f->dir_fd, f->temporary, 0);
	f->temporary[0] = '\0';
	close_fd(&f->fd);
}

int newfile_unnamed(int dir_fd)
{
	struct newfile f;
	TRY(newfile_open(dir_fd, 0600, &f));
	int fd = take_fd(&f.fd);
	if (f.temporary[0] && unlinkat(dir_fd, f.temporary, 0) < 0) {
		close_fd(&fd);
		return err_sys("remove the name of a file");
	}
	return fd;
}
