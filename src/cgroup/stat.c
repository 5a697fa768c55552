/* SPDX-License-Identifier: Apache-2.0 */
/* What a cgroup has used: the texts of its files -> struct cgroup_stat. A file that is not there,
 * or holds something else than expected, leaves its numbers out; nothing here fails.
 * Surprise: engines know the numbers of cgroup v1, so times become nanoseconds, and "swap" is
 * memory plus swap. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cgroup/driver.h"

#define FILE_MAX (1 << 20)

struct files {
	struct arena *a;
	int dir_fd;
};

/* NULL when there is no such file. */
static const char *text_of(const struct files *t, const char *file)
{
	char *text;
	size_t len;
	if (io_read_virtual(t->a, t->dir_fd, file, FILE_MAX, &text, &len) >= 0)
		return text;
	err_clear();
	return NULL;
}

/* ---- small grammars ---- */

/* Digits up to the end of the word; what is not a number is as if it were not there. */
static bool digits(const char *text, uint64_t *out)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	uint64_t v = strtoull(text, &end, 10);
	if (errno || (*end && *end != '\n' && *end != ' '))
		return false;
	*out = v;
	return true;
}

/* "12\n", "max\n" */
static bool one_number(const char *text, uint64_t *out)
{
	if (!text)
		return false;
	if (!streq(text, "max") && !streq(text, "max\n"))
		return digits(text, out);
	*out = UINT64_MAX;
	return true;
}

/* The number after "key " (or "key=") at the beginning of a word. */
static uint64_t named(const char *text, const char *key, char sep)
{
	size_t n = strlen(key);
	uint64_t v;
	for (const char *p = text; p && *p; p += strcspn(p, " \n"), p += strspn(p, " \n"))
		if (strncmp(p, key, n) == 0 && p[n] == sep)
			return digits(p + n + 1, &v) ? v : 0;
	return 0;
}

static uint64_t number_in(const struct files *t, const char *file)
{
	uint64_t v = 0;
	return one_number(text_of(t, file), &v) ? v : 0;
}

/* No file, no limit. */
static uint64_t limit_in(const struct files *t, const char *file)
{
	uint64_t v;
	return one_number(text_of(t, file), &v) ? v : UINT64_MAX;
}

static const char *word_after(struct arena *a, const char *line, const char *key)
{
	const char *p = strstr(line, key);
	if (!p)
		return "0";
	p += strlen(key);
	size_t n = strspn(p, "0123456789.");
	return n ? arena_strndup(a, p, n) : "0";
}

static struct cgroup_pressure pressure_line(struct arena *a, const char *text, const char *kind)
{
	const char *p = strstr(text, kind);
	struct cgroup_pressure out = { "0", "0", "0", "0" };
	if (!p)
		return out;
	const char *line = arena_strndup(a, p, strcspn(p, "\n"));
	out.avg10 = word_after(a, line, "avg10=");
	out.avg60 = word_after(a, line, "avg60=");
	out.avg300 = word_after(a, line, "avg300=");
	out.total = word_after(a, line, "total=");
	return out;
}

static struct cgroup_psi pressure(struct arena *a, const struct files *t, const char *file)
{
	const char *text = text_of(t, file);
	struct cgroup_psi psi = { 0 };
	if (!text || !strstr(text, "some "))
		return psi;
	psi.there = true;
	psi.some = pressure_line(a, text, "some ");
	psi.full = pressure_line(a, text, "full ");
	return psi;
}

/* ---- controllers ---- */

static void read_cpu(struct arena *a, const struct files *t, struct cgroup_stat *s)
{
	const char *text = text_of(t, "cpu.stat");
	s->cpu_ns = named(text, "usage_usec", ' ') * 1000;
	s->user_ns = named(text, "user_usec", ' ') * 1000;
	s->system_ns = named(text, "system_usec", ' ') * 1000;
	s->periods = named(text, "nr_periods", ' ');
	s->throttled_periods = named(text, "nr_throttled", ' ');
	s->throttled_ns = named(text, "throttled_usec", ' ') * 1000;
	s->cpu_psi = pressure(a, t, "cpu.pressure");
}

/* "key number" lines, all of them. */
static void read_raw(struct arena *a, const char *text, struct cgroup_stat *s)
{
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t n = strcspn(text, " \n");
		uint64_t v;
		if (!n || text[n] != ' ' || !digits(text + n + 1, &v))
			continue;
		struct cgroup_number num = { .key = arena_strndup(a, text, n), .value = v };
		vec_push(a, &s->memory_raw, num);
	}
}

static void read_memory(struct arena *a, const struct files *t, struct cgroup_stat *s)
{
	const char *text = text_of(t, "memory.stat");
	uint64_t swap, swap_limit = 0;

	read_raw(a, text, s);
	s->cache = named(text, "file", ' ');
	s->memory_psi = pressure(a, t, "memory.pressure");
	text = text_of(t, "memory.events");
	s->oom_kills = named(text, "oom_kill", ' ');
	s->has_memory = one_number(text_of(t, "memory.current"), &s->memory.usage);
	if (!s->has_memory)
		return;
	s->memory.failcnt = named(text, "max", ' ');
	s->memory.limit = limit_in(t, "memory.max");
	s->memory.max = number_in(t, "memory.peak");
	s->has_swap = one_number(text_of(t, "memory.swap.current"), &swap);
	if (!s->has_swap)
		return;
	swap_limit = limit_in(t, "memory.swap.max");
	s->swap_alone = swap;
	s->swap.usage = swap + s->memory.usage;
	s->swap.failcnt = named(text_of(t, "memory.swap.events"), "max", ' ');
	if (swap_limit == UINT64_MAX || __builtin_add_overflow(swap_limit, s->memory.limit, &swap))
		swap = UINT64_MAX;
	s->swap.limit = swap;
}

static void read_pids(const struct files *t, struct cgroup_stat *s)
{
	s->pids = number_in(t, "pids.current");
	s->pids_limit = limit_in(t, "pids.max");
	if (s->pids_limit == UINT64_MAX)
		s->pids_limit = 0;
	s->pids_peak = number_in(t, "pids.peak");
}

static void read_io(struct arena *a, const struct files *t, struct cgroup_stat *s)
{
	const char *text = text_of(t, "io.stat");
	s->io_psi = pressure(a, t, "io.pressure");
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n') {
		struct cgroup_io io = { 0 };
		int used = 0;
		if (sscanf(text, "%u:%u %n", &io.major, &io.minor, &used) < 2 || !used)
			continue;
		const char *line = arena_strndup(a, text + used, strcspn(text + used, "\n"));
		io.read_bytes = named(line, "rbytes", '=');
		io.write_bytes = named(line, "wbytes", '=');
		io.reads = named(line, "rios", '=');
		io.writes = named(line, "wios", '=');
		vec_push(a, &s->io, io);
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "hugetlb.2MB.current" -> "2MB", sorted */
static struct oci_strs list_pages(const struct files *t)
{
	VEC(const char *) pages = { 0 };
	_cleanup_dir_ DIR *d = cgroup_list_dir(t->dir_fd);
	for (struct dirent *e; d && (e = readdir(d));) {
		const char *size = after_prefix(e->d_name, "hugetlb.");
		size_t n = size ? strcspn(size, ".") : 0;
		if (size && streq(size + n, ".current"))
			vec_push(t->a, &pages, arena_strndup(t->a, size, n));
	}
	if (pages.n)
		qsort(pages.v, pages.n, sizeof(*pages.v), compare_names);
	return (struct oci_strs){ .v = pages.v, .n = pages.n };
}

static void read_hugetlb(struct arena *a, const struct files *t, struct cgroup_stat *s)
{
	const struct oci_strs pages = list_pages(t);
	for (size_t i = 0; i < pages.n; i++) {
		const char *size = pages.v[i];
		struct cgroup_huge h = { .size = size };
		const char *kind = "rsvd.";
		if (!one_number(text_of(t, arena_printf(a, "hugetlb.%s.rsvd.current", size)),
				&h.usage)) {
			kind = "";
			h.usage = number_in(t, arena_printf(a, "hugetlb.%s.current", size));
		}
		h.max = number_in(t, arena_printf(a, "hugetlb.%s.%smax_usage", size, kind));
		h.failcnt = named(text_of(t, arena_printf(a, "hugetlb.%s.events", size)),
				  "max", ' ');
		vec_push(a, &s->huge, h);
	}
}

void cgroup_stat_at(struct arena *a, int dir_fd, struct cgroup_stat *out)
{
	const struct files t = { a, dir_fd };
	struct cgroup_stat s = { 0 };
	read_cpu(a, &t, &s);
	read_memory(a, &t, &s);
	read_pids(&t, &s);
	read_io(a, &t, &s);
	read_hugetlb(a, &t, &s);
	*out = s;
}

int cgroup_stat_read(struct arena *a, const char *path, struct cgroup_stat *out)
{
	_cleanup_close_ int fd = -1;
	if (TRY(cgroup_dir_open(path, &fd)) == CGROUP_GONE)
		return CGROUP_GONE;
	cgroup_stat_at(a, fd, out);
	return 0;
}

int cgroup_oom_kills(const char *path, uint64_t *out)
{
	char text[512];
	_cleanup_close_ int fd = -1;
	*out = 0;
	if (TRY(cgroup_dir_open(path, &fd)) == CGROUP_GONE)
		return CGROUP_GONE;
	if (cgroup_read_small(fd, "memory.events", text, sizeof(text)) >= 0)
		*out = named(text, "oom_kill", ' ');
	return 0;
}
