/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is doing, asked anew each time: a stored status would be a lie as soon as the
 * process ends. A pid alone proves nothing, because the kernel hands it out again; with its start
 * time it does. */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "store/parts.h"
#include "sys/pidfd.h"

bool store_process_alive(int32_t pid, uint64_t start_time)
{
	bool ended;

	return pid > 0 && sys_process_is(pid, start_time, &ended) && !ended;
}

bool store_never_started(const struct container *c)
{
	return faccessat(c->dir_fd, STORE_START, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int store_own_process(int32_t *pid, uint64_t *start_time)
{
	*pid = (int32_t)getpid();
	if (sys_proc_start_time(*pid, start_time, NULL) < 0)
		return err_sys("read our own start time from /proc");
	return 0;
}

/* Only the cgroup's own switch: one frozen through a parent is not paused. A cgroup that cannot be
 * read (gone, or none) is not frozen. */
static bool is_frozen(const struct oci_record *rec)
{
	char path[PATH_MAX], c = '0';

	if (!rec->cgroup_path || !*rec->cgroup_path ||
	    snprintf(path, sizeof(path), "%s/cgroup.freeze", rec->cgroup_path) >= (int)sizeof(path))
		return false;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && read(fd, &c, 1) == 1 && c == '1';
}

int store_status(const struct container *c, const struct oci_record *rec, enum oci_status *out)
{
	struct stat st;

	if (rec->status == OCI_CREATING &&
	    store_process_alive(rec->creator_pid, rec->creator_start)) {
		*out = OCI_CREATING;
		return 0;
	}
	if (!store_process_alive(rec->pid, rec->start_time)) {
		*out = OCI_STOPPED;
		return 0;
	}
	if (is_frozen(rec)) {
		*out = OCI_PAUSED;
		return 0;
	}
	if (fstatat(c->dir_fd, STORE_START, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*out = OCI_CREATED;
	else if (errno == ENOENT)
		*out = OCI_RUNNING;
	else
		return err_sys("look at the start socket of container \"%s\"", c->id);
	return 0;
}
