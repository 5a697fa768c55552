/* SPDX-License-Identifier: Apache-2.0 */
/* What inroot_mkdirs and inroot_mkfile made, and taking it back. Each entry is held by two
 * descriptors, its own and that of the directory it was made in, so that neither a rename nor a
 * number used again can make us take something else.
 * Surprise: no call unlinks "this file if it is still mine". rmdir refuses what is not empty; a
 * file is moved aside first and put back when it turns out to be somebody's. */
#include "sys/sys.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/inroot.h"

struct inroot_entry {
	struct inroot_entry *before;
	int dir_fd, fd; /* O_PATH */
	char name[256];
};

int inroot_made_add(struct inroot_made *made, int dir_fd, const char *name, int fd)
{
	struct inroot_entry *e;

	if (!made || !made->arena)
		return 0;
	e = arena_calloc(made->arena, 1, sizeof(*e));
	e->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
	e->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->before = made->newest;
	if (e->dir_fd >= 0 && e->fd >= 0) {
		made->newest = e;
		return 0;
	}
	close_fd(&e->dir_fd);
	close_fd(&e->fd);
	return -1;
}

/* Whether the name leads to what we made, and nobody has put anything into it or linked it. A
 * directory is left to rmdir. */
static bool is_untouched(const struct inroot_entry *e, const char *name, bool *is_dir)
{
	struct stat own, st;

	if (fstat(e->fd, &own) < 0 || fstatat(e->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	*is_dir = S_ISDIR(own.st_mode);
	return own.st_dev == st.st_dev && own.st_ino == st.st_ino &&
	       (*is_dir || (S_ISREG(st.st_mode) && st.st_size == 0 && st.st_nlink == 1));
}

static int move(const struct inroot_entry *e, const char *from, const char *to)
{
	return (int)syscall(SYS_renameat2, e->dir_fd, from, e->dir_fd, to, RENAME_NOREPLACE);
}

static int unmake_file(const struct inroot_entry *e)
{
	char aside[48];
	uint64_t random;
	bool is_dir;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	snprintf(aside, sizeof(aside), ".ocirun-%016llx", (unsigned long long)random);
	if (move(e, e->name, aside) < 0)
		return errno == ENOENT ? 0 : -1;
	if (is_untouched(e, aside, &is_dir))
		return unlinkat(e->dir_fd, aside, 0);
	return move(e, aside, e->name);
}

static int unmake(const struct inroot_entry *e)
{
	bool is_dir;

	if (!is_untouched(e, e->name, &is_dir))
		return 0;
	if (!is_dir)
		return unmake_file(e);
	if (unlinkat(e->dir_fd, e->name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT ? 0 : -1;
}

int inroot_made_undo(struct inroot_made *made, char failed[256])
{
	int res = 0, no = 0;

	for (const struct inroot_entry *e = made->newest; e; e = e->before) {
		if (unmake(e) == 0 || res < 0)
			continue;
		res = -1;
		no = errno;
		memcpy(failed, e->name, sizeof(e->name));
	}
	errno = no;
	return res;
}

void inroot_made_close(struct inroot_made *made)
{
	for (struct inroot_entry *e = made->newest; e; e = e->before) {
		close_fd(&e->dir_fd);
		close_fd(&e->fd);
	}
	made->newest = NULL;
}
