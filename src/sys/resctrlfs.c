/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's resctrl file system. */
#include "sys/resctrlfs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "sys/probe.h"

#define MAX_MOUNTINFO (16u << 20)

int resctrlfs_mount_point(struct arena *a, const char **out)
{
	char *text;
	size_t len;
	TRY(io_read_virtual(a, AT_FDCWD, "/proc/self/mountinfo", MAX_MOUNTINFO, &text, &len));
	*out = host_mount_of(a, text, "resctrl");
	return 0;
}

int resctrlfs_mkdir(const char *path)
{
	return mkdir(path, 0755);
}

int resctrlfs_rmdir(const char *path)
{
	return rmdir(path);
}
