/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a cgroup and what is below it. Kills nothing.
 * Surprise: a cgroup whose last process was just killed stays busy until the kernel has taken the
 * process apart, which can take seconds; so removing waits for "populated 0" in cgroup.events (poll
 * tells), tries again, and after ten seconds names who is left. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup/driver.h"

enum { REMOVE_MS = 10000, RETRY_MS = 20 };

/* 0 removed or gone; STILL_BUSY when processes are in it or below. */
enum { STILL_BUSY = 1 };

static int remove_children(int dir_fd, int depth);

static int remove_at(int parent_fd, const char *name, int depth)
{
	/* Mostly there is nothing below it, and this is the only call. */
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || cgroup_is_gone(errno))
		return 0;
	if (errno != EBUSY)
		return err_sys("remove cgroup \"%s\"", name);
	_cleanup_close_ int fd =
		openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return cgroup_is_gone(errno) ? 0 : err_sys("open cgroup \"%s\"", name);
	TRY(remove_children(fd, depth + 1));
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || cgroup_is_gone(errno))
		return 0;
	return errno == EBUSY ? STILL_BUSY : err_sys("remove cgroup \"%s\"", name);
}

static int remove_children(int dir_fd, int depth)
{
	if (depth >= CGROUP_MAX_DEPTH)
		return err_msg(ERR_STATE, "cgroups are nested more than %d deep", CGROUP_MAX_DEPTH);
	_cleanup_dir_ DIR *d = cgroup_list_dir(dir_fd);
	if (!d)
		return cgroup_is_gone(errno) ? 0 : err_sys("list a cgroup");
	int busy = 0;
	for (struct dirent *e; (e = readdir(d));)
		if (cgroup_is_child(e))
			busy |= TRY(remove_at(dir_fd, e->d_name, depth));
	return busy;
}

/* ---- waiting ---- */

enum { SHOWN = 3 };

/* "4711 (sleep) D", for whoever must find out why it does not die. */
static void add_process(char *text, size_t size, pid_t pid)
{
	char path[40], stat[512];
	size_t used = strlen(text);
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	ssize_t n = cgroup_read_small(AT_FDCWD, path, stat, sizeof(stat));
	const char *end = n > 0 ? strrchr(stat, ')') : NULL;
	int len = end && end[1] ? (int)(end + 3 - stat) : 0;
	if (len > 0 && end + 3 <= stat + n)
		snprintf(text + used, size - used, "%s%.*s", used ? ", " : "", len, stat);
	else
		snprintf(text + used, size - used, "%s%d", used ? ", " : "", (int)pid);
}

static int still_busy(int dir_fd, const char *path)
{
	pid_t first[SHOWN];
	char who[256] = "";
	size_t n = 0;
	TRY(cgroup_first_procs(dir_fd, first, SHOWN, &n));
	for (size_t i = 0; i < n && i < SHOWN; i++)
		add_process(who, sizeof(who), first[i]);
	return err_msg(ERR_STATE,
		       "cgroup \"%s\" cannot be removed: %zu process(es) still in it after %d "
		       "seconds: %s%s",
		       path, n, REMOVE_MS / 1000, who, n > SHOWN ? ", ..." : "");
}

static void sleep_ms(int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	nanosleep(&ts, NULL);
}

/* The kernel wakes the poll when the last process is gone, here or below. What keeps a cgroup busy
 * without processes (a child that is just being made or removed) is asked again soon. */
static void wait_change(int events_fd, const char *events, ssize_t n, int left_ms)
{
	struct pollfd p = { .fd = events_fd, .events = POLLPRI };
	bool populated = n > 0 && memmem(events, (size_t)n, "populated 1", 11);
	if (!populated || poll(&p, 1, left_ms) < 0)
		sleep_ms(left_ms < RETRY_MS ? left_ms : RETRY_MS);
}

static int remove_until(int parent, const char *name, int fd, const char *path)
{
	uint64_t end = clock_mono_ns() + REMOVE_MS * 1000000ull;
	_cleanup_close_ int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	for (;;) {
		char text[256];
		/* Read before trying: a change after this wakes the poll below. */
		ssize_t n = events < 0 ? -1 : pread(events, text, sizeof(text), 0);
		int r = remove_at(parent, name, 0);
		if (r != STILL_BUSY)
			return r;
		uint64_t now = clock_mono_ns();
		if (now >= end)
			return still_busy(fd, path);
		wait_change(events, text, n, (int)((end - now) / 1000000) + 1);
	}
}

int cgroup_remove(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!*path)
		return 0;
	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(dir))
		return err_msg(ERR_STATE, "\"%s\" is not the path of a cgroup", path);
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';

	_cleanup_close_ int parent = -1, fd = -1;
	if (TRY(cgroup_dir_open(dir, &parent)) == CGROUP_GONE)
		return 0;
	if (TRY(remove_at(parent, slash + 1, 0)) != STILL_BUSY)
		return 0;
	if (TRY(cgroup_dir_open(path, &fd)) == CGROUP_GONE)
		return 0;
	return remove_until(parent, slash + 1, fd, path);
}

/* ---- what is above ---- */

size_t cgroup_way_there(const struct cgroup_plan *p)
{
	char dir[PATH_MAX];
	size_t len = strlen(p->path);
	char *slash;

	if (p->manager != CGROUP_FS || len >= sizeof(dir))
		return 0;
	memcpy(dir, p->path, len + 1);
	while ((slash = strrchr(dir, '/')) && slash != dir) {
		*slash = '\0';
		if (access(dir, F_OK) == 0)
			return (size_t)(slash - dir);
		if (errno != ENOENT)
			return 0;
	}
	return 0;
}

const char *cgroup_way_made(struct arena *a, const char *path, size_t kept)
{
	size_t n = kept ? strcspn(path + kept + 1, "/") : 0;

	return n && path[kept + 1 + n] ? arena_strndup(a, path, kept + 1 + n) : NULL;
}

void cgroup_remove_made(const char *path, size_t kept)
{
	char dir[PATH_MAX];
	size_t len = strlen(path);

	if (!kept || len >= sizeof(dir))
		return;
	memcpy(dir, path, len + 1);
	for (char *slash; strlen(dir) > kept && (slash = strrchr(dir, '/')); *slash = '\0')
		if (rmdir(dir) < 0 && !cgroup_is_gone(errno))
			return; /* somebody else uses it by now */
}
