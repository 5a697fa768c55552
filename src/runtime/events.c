/* SPDX-License-Identifier: Apache-2.0 */
/* events: one JSON record per line, statistics at an interval and kills for want of memory as they
 * happen, until the container ends. An OOM kill that we see is also noted in the container's record
 * (oom.c), so that `state` can tell when the cgroup is gone. Surprise: memory.events is looked at
 * once more after the end, for the kill may have been the end. */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "runtime/launch.h"
#include "runtime/stats_json.h"
#include "sys/pidfd.h"

struct watch {
	struct runtime *rt;
	const char *id;
	const struct oci_record *rec;
	uint64_t oom_kills;
	int memory_fd, pidfd; /* memory.events, -1 = nobody counts */
};

/* The arena of a command that may run for days must not grow: each record has its own. */
static int print_stats(const struct watch *w)
{
	struct arena *a = arena_new();
	struct cgroup_stat v = { 0 };
	struct resctrl_stat rdt;
	struct str s;
	str_init(&s, a, 0);
	int r = cgroup_stat_read(a, w->rec->cgroup_path ? w->rec->cgroup_path : "", &v);
	if (r == 0) {
		str_add(&s, "{\"type\":\"stats\",\"id\":");
		str_add_json(&s, w->id);
		str_add(&s, ",\"data\":");
		resctrl_stat_read(a, w->rec->resctrl_group, w->rec->resctrl_monitor, &rdt);
		stats_json(&v, &rdt, &s);
		str_add(&s, "}\n");
		r = io_write_all(STDOUT_FILENO, s.v, s.n);
	}
	arena_free(a);
	return r < 0 ? r : 0;
}

static int print_oom(const struct watch *w)
{
	struct str s;
	str_init(&s, w->rt->arena, 0);
	str_add(&s, "{\"type\":\"oom\",\"id\":");
	str_add_json(&s, w->id);
	str_add(&s, "}\n");
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}

static int check_oom(struct watch *w)
{
	uint64_t n;
	if (!w->rec->cgroup_path)
		return 0;
	TRY(cgroup_oom_kills(w->rec->cgroup_path, &n));
	if (n <= w->oom_kills)
		return 0;
	if (w->oom_kills == 0)
		oom_note(w->rt, w->id, w->rec);
	w->oom_kills = n;
	return print_oom(w);
}

/* When the cgroup went with its last process, somebody else may have been in time. */
static int check_end(struct watch *w)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	TRY(check_oom(w));
	if (w->oom_kills || w->rec->oom_killed)
		return 0;
	int r = container_open(w->rt, w->id, &c, &rec);
	store_close(&c);
	if (r < 0) {
		err_dropped(r); /* deleted by now */
		return 0;
	}
	bool same = rec && rec->pid == w->rec->pid && rec->start_time == w->rec->start_time;
	return same && rec->oom_killed ? print_oom(w) : 0;
}

/* Reading is what arms poll for the next change. */
static void arm(int fd)
{
	char text[512];
	if (fd >= 0 && pread(fd, text, sizeof(text), 0) < 0)
		errno = 0;
}

static int attend(struct watch *w, int64_t interval_ns)
{
	uint64_t next = clock_mono_ns() + (uint64_t)interval_ns;
	for (;;) {
		struct pollfd p[] = { { .fd = w->pidfd, .events = POLLIN },
				      { .fd = w->memory_fd, .events = POLLPRI } };
		uint64_t now = clock_mono_ns();
		arm(w->memory_fd);
		TRY(check_oom(w));
		uint64_t ms = now >= next ? 0 : (next - now + 999999) / 1000000;
		int n = poll(p, 2, ms > INT32_MAX ? INT32_MAX : (int)ms);
		if (n < 0 && errno != EINTR)
			return err_sys("wait for events");
		if (n > 0 && p[0].revents)
			return check_end(w);
		if (clock_mono_ns() < next)
			continue;
		TRY(print_stats(w));
		next += (uint64_t)interval_ns;
	}
}

static int watch(struct watch *w, int64_t interval_ns)
{
	_cleanup_close_ int pidfd = sys_pidfd_open(w->rec->pid), memory = -1;
	if (pidfd < 0 && errno != ESRCH)
		return err_sys("open process %d", (int)w->rec->pid);
	if (pidfd < 0 || !store_process_alive(w->rec->pid, w->rec->start_time))
		return 0;
	if (w->rec->cgroup_path)
		memory = open(arena_printf(w->rt->arena, "%s/memory.events", w->rec->cgroup_path),
			      O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (w->rec->cgroup_path)
		TRY(cgroup_oom_kills(w->rec->cgroup_path, &w->oom_kills));
	w->pidfd = pidfd;
	w->memory_fd = memory;
	return attend(w, interval_ns);
}

int runtime_events(struct runtime *rt, const char *id, int64_t interval_ns, bool stats)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	if (interval_ns <= 0)
		return err_msg(ERR_USAGE, "duration interval must be greater than 0");
	TRY(container_open(rt, id, &c, &rec));
	store_close(&c);
	if (!rec || !store_process_alive(rec->pid, rec->start_time))
		return err_msg(ERR_STATE, "container with id %s is not running", id);
	struct watch w = { .rt = rt, .id = id, .rec = rec };
	return stats ? print_stats(&w) : watch(&w, interval_ns);
}
