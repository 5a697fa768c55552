/* SPDX-License-Identifier: Apache-2.0 */
/* Labels for the program: the registry of label modules and the two attr file operations they
 * share. Surprise: /proc/thread-self must be resolved by the final process, and through the host's
 * /proc: the container's own may be anything, and a label written to the wrong file is silently
 * lost. */
#include <fcntl.h>
#include <limits.h>

#include "base/cleanup.h"
#include "security/parts.h"
#include "sys/procfs.h"

static const struct lsm *const lsms[] = { &lsm_apparmor, &lsm_selinux };

static int open_attr_dir(int *out)
{
	_cleanup_close_ int proc_fd = -1;
	char self[64], path[80];
	TRY(procfs_open(&proc_fd));
	/* A symlink to PID/task/TID in the numbering of that /proc, not in ours. */
	ssize_t n = readlinkat(proc_fd, "thread-self", self, sizeof(self) - 1);
	if (n <= 0)
		return err_sys("find ourselves in /proc");
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/attr", self);
	int fd = procfs_open_below(proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open /proc/%s", path);
	*out = fd;
	return 0;
}

int security_labels_open(const struct security_plan *p, int *fd)
{
	_cleanup_close_ int dir = -1;
	for (size_t i = 0; i < ARRAY_SIZE(lsms); i++) {
		const char *label = lsms[i]->label(p);
		if (!label)
			continue;
		if (dir < 0)
			TRY(open_attr_dir(&dir));
		TRY(lsms[i]->open(label));
	}
	*fd = take_fd(&dir);
	return 0;
}

int security_labels_apply(const struct security_plan *p, int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(lsms); i++) {
		const char *label = lsms[i]->label(p);
		if (label)
			TRY(lsms[i]->apply(label, fd));
	}
	return 0;
}

int lsm_write_attr(int attr_fd, const char *file, const char *text)
{
	_cleanup_close_ int fd = procfs_open_below(attr_fd, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open /proc/self/attr/%s", file);
	ssize_t n = write(fd, text, strlen(text));
	if (n < 0)
		return err_sys("write \"%s\" to /proc/self/attr/%s", text, file);
	if ((size_t)n != strlen(text))
		return err_msg(ERR_SYS, "write \"%s\" to /proc/self/attr/%s: only a part was taken",
			       text, file);
	return 0;
}

int lsm_read_attr(int attr_fd, const char *file, char *got, size_t size)
{
	_cleanup_close_ int fd = procfs_open_below(attr_fd, file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open /proc/self/attr/%s", file);
	ssize_t n = read(fd, got, size - 1);
	if (n < 0)
		return err_sys("read /proc/self/attr/%s", file);
	while (n > 0 && (got[n - 1] == '\n' || got[n - 1] == '\0'))
		n--;
	got[n] = '\0';
	return 0;
}
