/* SPDX-License-Identifier: Apache-2.0 */
/* What lives in a cgroup and below it: list, signal, freeze. Works on directories by descriptor;
 * cgroups and processes may vanish at any moment, so ENOENT, ENODEV and ESRCH mean "gone already"
 * everywhere. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup/driver.h"
#include "sys/sys.h"

#define WAIT_NS        (10ull * 1000 * 1000 * 1000)
#define BACKOFF_MAX_MS 100

bool cgroup_is_gone(int no)
{
	return no == ENOENT || no == ENODEV;
}

/* ---- small files ---- */

ssize_t cgroup_read_small(int dir_fd, const char *file, char *buf, size_t size)
{
	_cleanup_close_ int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, buf, size - 1);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

char *cgroup_controller_of(char *buf, size_t size, const char *file)
{
	size_t n = strcspn(file, ".");
	if (n >= size)
		n = size - 1;
	memcpy(buf, file, n);
	buf[n] = '\0';
	return buf;
}

bool cgroup_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = list; *p; p += strspn(p, " \n")) {
		size_t len = strcspn(p, " \n");
		if (len == n && memcmp(p, word, n) == 0)
			return true;
		p += len;
	}
	return false;
}

int cgroup_read_events(int dir_fd, struct cgroup_events *out)
{
	char text[256];
	if (cgroup_read_small(dir_fd, "cgroup.events", text, sizeof(text)) < 0)
		return err_sys("read cgroup.events");
	out->populated = strstr(text, "populated 1") != NULL;
	out->frozen = strstr(text, "frozen 1") != NULL;
	return 0;
}

/* ---- opening ---- */

/* openat2 refuses symlinks on the whole way; before 5.6 only the last component is checked, which
 * cgroup2 (it has no symlinks) makes good enough. */
static int open_no_symlinks(const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

int cgroup_dir_open(const char *path, int *out)
{
	struct statfs fs;

	if (!*path)
		return CGROUP_GONE;
	_cleanup_close_ int fd = open_no_symlinks(path);
	if (fd < 0 && cgroup_is_gone(errno))
		return CGROUP_GONE;
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys("open cgroup \"%s\"", path);
	if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_msg(ERR_STATE, "\"%s\" is not a cgroup", path);
	*out = take_fd(&fd);
	return 0;
}

/* ---- walking ---- */

typedef int walk_fn(int dir_fd, void *ctx);

DIR *cgroup_list_dir(int dir_fd)
{
	/* A descriptor of its own: a DIR keeps a position. */
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d && fd >= 0)
		close(fd);
	return d;
}

bool cgroup_is_child(const struct dirent *e)
{
	return e->d_type == DT_DIR && !streq(e->d_name, ".") && !streq(e->d_name, "..");
}

static int walk_level(int dir_fd, walk_fn *fn, void *ctx, int depth)
{
	TRY(fn(dir_fd, ctx));
	if (depth >= CGROUP_MAX_DEPTH)
		return err_msg(ERR_STATE, "cgroups are nested more than %d deep", CGROUP_MAX_DEPTH);
	_cleanup_dir_ DIR *d = cgroup_list_dir(dir_fd);
	if (!d)
		return cgroup_is_gone(errno) ? 0 : err_sys("list a cgroup");
	for (struct dirent *e; (e = readdir(d));) {
		if (!cgroup_is_child(e))
			continue;
		_cleanup_close_ int child =
			openat(dir_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0 && cgroup_is_gone(errno))
			continue;
		if (child < 0)
			return err_sys("open cgroup \"%s\"", e->d_name);
		TRY(walk_level(child, fn, ctx, depth + 1));
	}
	return 0;
}

/* ---- processes ---- */

struct pids {
	struct arena *a; /* NULL = only count */
	pid_t *first;    /* keep the first `max` of them here */
	size_t count, max;
	int signo; /* > 0: signal each */
	VEC(pid_t) list;
};

static int take_pid(struct pids *p, pid_t pid)
{
	/* 0 is a process of another pid namespace: we cannot name it, and kill(0) would be us. */
	if (pid > 0 && p->signo > 0 && kill(pid, p->signo) < 0 && errno != ESRCH)
		return err_sys("signal process %d", (int)pid);
	if (pid > 0 && p->a)
		vec_push(p->a, &p->list, pid);
	if (p->count < p->max)
		p->first[p->count] = pid;
	p->count++;
	return 0;
}

static int take_procs(int dir_fd, void *ctx)
{
	int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "re");
	if (!f && cgroup_is_gone(errno))
		return 0;
	if (!f)
		return err_sys("read cgroup.procs");
	int pid, r = 0;
	while (r >= 0 && fscanf(f, "%d", &pid) == 1)
		r = take_pid(ctx, pid);
	/* Threaded cgroups answer EOPNOTSUPP: their processes are listed by the domain above. */
	int failed = ferror(f) ? errno : 0;
	fclose(f);
	if (r < 0 || !failed || cgroup_is_gone(failed) || failed == EOPNOTSUPP)
		return r;
	return err_sysno(failed, "read cgroup.procs");
}

int cgroup_count_procs(int dir_fd, size_t *n)
{
	struct pids p = { 0 };
	TRY(walk_level(dir_fd, take_procs, &p, 0));
	*n = p.count;
	return 0;
}

int cgroup_first_procs(int dir_fd, pid_t *first, size_t max, size_t *n)
{
	struct pids p = { .first = first, .max = max };
	TRY(walk_level(dir_fd, take_procs, &p, 0));
	*n = p.count;
	return 0;
}

int cgroup_procs(struct arena *a, const char *path, pid_t **out, size_t *n)
{
	struct pids p = { .a = a };
	_cleanup_close_ int fd = -1;

	if (TRY(cgroup_dir_open(path, &fd)) != CGROUP_GONE)
		TRY(walk_level(fd, take_procs, &p, 0));
	*out = p.list.v;
	*n = p.list.n;
	return 0;
}

/* ---- waiting ---- */

static void sleep_ms(unsigned ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	nanosleep(&ts, NULL);
}

/* Wait for a change of cgroup.events, at most ms. The file must have been read since the last
 * change. */
static void wait_events(int events_fd, unsigned ms)
{
	struct pollfd p = { .fd = events_fd, .events = POLLPRI };
	if (events_fd < 0 || poll(&p, 1, (int)ms) < 0)
		sleep_ms(ms);
}

static unsigned next_backoff(unsigned ms)
{
	return ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : ms * 2;
}

/* ---- freezing ---- */

static int write_frozen(int dir_fd, const char *path, bool freeze)
{
	_cleanup_close_ int fd = openat(dir_fd, "cgroup.freeze", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, freeze ? "1" : "0", 1) == 1)
		return 0;
	if (cgroup_is_gone(errno) && faccessat(dir_fd, "cgroup.procs", F_OK, 0) < 0)
		return CGROUP_GONE;
	return err_sys("%s cgroup \"%s\"", freeze ? "freeze" : "thaw", path);
}

/* cgroup.events tells when the last process has stopped. */
static int wait_frozen(int dir_fd, const char *path, bool freeze)
{
	uint64_t end = clock_mono_ns() + WAIT_NS;
	_cleanup_close_ int events = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	for (unsigned ms = 1;; ms = next_backoff(ms)) {
		char text[256];
		ssize_t n = events < 0 ? -1 : pread(events, text, sizeof(text) - 1, 0);
		if (n < 0)
			return cgroup_is_gone(errno) ? CGROUP_GONE
					      : err_sys("read cgroup.events of \"%s\"", path);
		text[n] = '\0';
		if (strstr(text, freeze ? "frozen 1" : "frozen 0"))
			return 0;
		if (clock_mono_ns() > end)
			return err_msg(ERR_STATE, "cgroup \"%s\" is not %s after %d seconds", path,
				       freeze ? "frozen" : "thawed", (int)(WAIT_NS / 1000000000));
		wait_events(events, ms);
	}
}

int cgroup_freeze(const char *path, bool freeze)
{
	_cleanup_close_ int fd = -1;
	if (TRY(cgroup_dir_open(path, &fd)) == CGROUP_GONE)
		return CGROUP_GONE;
	if (TRY(write_frozen(fd, path, freeze)) == CGROUP_GONE)
		return CGROUP_GONE;
	int r = wait_frozen(fd, path, freeze);
	/* Half frozen is worse than not frozen: nobody would know that it must be thawed. */
	if (r < 0 && freeze) {
		struct err e = *err_get();
		err_dropped(write_frozen(fd, path, false));
		return err_set(&e);
	}
	return r;
}

/* The switch of this very cgroup, as pause and resume set it: one frozen through a parent is not
 * paused, since resume could not undo it. */
int cgroup_is_frozen(const char *path)
{
	char text[8];
	_cleanup_close_ int fd = -1;
	if (TRY(cgroup_dir_open(path, &fd)) == CGROUP_GONE)
		return 0;
	if (cgroup_read_small(fd, "cgroup.freeze", text, sizeof(text)) < 0)
		return cgroup_is_gone(errno) ? 0 : err_sys("read the state of cgroup \"%s\"", path);
	return text[0] == '1';
}

/* ---- killing ---- */

/* Before 5.14 (and in threaded cgroups) there is no cgroup.kill: stop them all, so that no fork
 * escapes, signal each, and thaw again whatever happens. */
static int kill_by_walk(int dir_fd, const char *path, int signo)
{
	struct pids p = { .signo = signo };
	bool freeze = signo == SIGKILL;
	if (freeze)
		err_dropped(write_frozen(dir_fd, path, true));
	int r = walk_level(dir_fd, take_procs, &p, 0);
	if (!freeze)
		return r;
	struct err e = *err_get();
	err_dropped(write_frozen(dir_fd, path, false));
	return r < 0 ? err_set(&e) : r;
}

int cgroup_kill(const char *path, int signo)
{
	_cleanup_close_ int fd = -1;
	if (TRY(cgroup_dir_open(path, &fd)) == CGROUP_GONE)
		return CGROUP_GONE;
	if (signo == SIGKILL) {
		_cleanup_close_ int switch_fd = openat(fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
		if (switch_fd >= 0 && write(switch_fd, "1", 1) == 1)
			return 0;
	}
	return kill_by_walk(fd, path, signo);
}
