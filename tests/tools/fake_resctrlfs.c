/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for src/sys/resctrlfs.c: a resctrl tree of ordinary files in the folder that
 * OCIRUN_RESCTRL names. A new group gets the files the kernel would put there. The root's file
 * "full" makes it refuse new groups, "refuse" makes it refuse every schema. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "sys/resctrlfs.h"

static const char schemata[] = "    L3:0=00ff;1=00ff\n    MB:0= 100;1= 100\n";

static const char *root(void)
{
	const char *r = getenv("OCIRUN_RESCTRL");
	return r ? r : "";
}

static bool root_has(const char *name)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", root(), name);
	return access(path, F_OK) == 0;
}

int resctrlfs_mount_point(struct arena *a, const char **out)
{
	*out = arena_strdup(a, root());
	return 0;
}

static int add_file(int dir_fd, const char *name, const char *text)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ssize_t len = (ssize_t)strlen(text);
	return fd >= 0 && write(fd, text, (size_t)len) == len ? 0 : -1;
}

static int add_schemata(int dir_fd)
{
	/* like /dev/full: it opens, and refuses what is written */
	if (root_has("refuse"))
		return mknodat(dir_fd, "schemata", S_IFCHR | 0644, makedev(1, 7));
	return add_file(dir_fd, "schemata", schemata);
}

int resctrlfs_mkdir(const char *path)
{
	if (root_has("full")) {
		errno = ENOSPC;
		return -1;
	}
	if (mkdir(path, 0755) < 0)
		return -1;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || add_file(fd, "tasks", "") < 0)
		return -1;
	if (strstr(path, "/mon_groups/"))
		return 0;
	return add_schemata(fd) < 0 ? -1 : mkdirat(fd, "mon_groups", 0755);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int resctrlfs_rmdir(const char *path)
{
	return nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
