/* SPDX-License-Identifier: Apache-2.0 */
/* Processes by descriptor, and the start time that makes a pid unique.
 * Surprise: the name in /proc/PID/stat may hold spaces and parentheses, so fields are counted from
 * the last ')'. */
#include "sys/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/cleanup.h"
#include "sys/sys.h"

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

int sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int sys_pidfd_signal(int pidfd, int signo)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0);
}

static int64_t now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int sys_pidfd_wait_exit(int pidfd, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	int left = timeout_ms;
	for (;;) {
		struct pollfd p = { .fd = pidfd, .events = POLLIN };
		int r = poll(&p, 1, left);
		if (r > 0 && (p.revents & POLLNVAL)) {
			errno = EBADF;
			return -1;
		}
		if (r >= 0)
			return r > 0;
		if (errno != EINTR)
			return -1;
		if (timeout_ms >= 0) {
			int64_t rest = end - now_ms();
			left = rest > 0 ? (int)rest : 0;
		}
	}
}

bool sys_proc_stat_parse(const char *stat, uint64_t *start_time, char *state)
{
	const char *p = strrchr(stat, ')');
	if (!p || p[1] != ' ' || p[2] == '\0')
		return false;
	p += 2;
	char st = *p;
	for (int field = 3; field < 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return false;
		p++;
	}
	char *end;
	errno = 0;
	unsigned long long v = strtoull(p, &end, 10);
	if (*p < '0' || *p > '9' || errno || (*end != ' ' && *end != '\n' && *end != '\0'))
		return false;
	*start_time = v;
	*state = st;
	return true;
}

int sys_proc_start_time(pid_t pid, uint64_t *out, bool *zombie)
{
	char path[40], text[1024], state;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT)
			errno = ESRCH;
		return -1;
	}
	ssize_t n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -1;
	text[n] = '\0';
	if (!sys_proc_stat_parse(text, out, &state)) {
		errno = n == 0 ? ESRCH : EPROTO;
		return -1;
	}
	if (zombie)
		*zombie = state == 'Z' || state == 'X' || state == 'x';
	return 0;
}

/* -1 and ESRCH where pidfds are not files of their own. *ended: as zombie above. */
static int pidfd_number(pid_t pid, uint64_t *out, bool *ended)
{
	struct statfs fs;
	struct stat st;
	_cleanup_close_ int fd = sys_pidfd_open(pid);
	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return -1;
	if (fs.f_type != PID_FS_MAGIC) {
		errno = ESRCH;
		return -1;
	}
	*out = (uint64_t)st.st_ino | SYS_STAMP_PIDFD;
	*ended = sys_pidfd_wait_exit(fd, 0) != 0;
	return 0;
}

int sys_process_stamp(pid_t pid, uint64_t *out)
{
	bool ended;
	if (sys_proc_start_time(pid, out, NULL) == 0)
		return 0;
	return errno == ESRCH ? pidfd_number(pid, out, &ended) : -1;
}

bool sys_process_is(pid_t pid, uint64_t stamp, bool *ended)
{
	uint64_t now;
	int r = stamp & SYS_STAMP_PIDFD ? pidfd_number(pid, &now, ended)
					: sys_proc_start_time(pid, &now, ended);
	return r == 0 && now == stamp;
}
