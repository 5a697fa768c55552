/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources -> list of {file, value} of cgroup v2 (pure). Numbers were defined for cgroup v1,
 * so several are converted; the formulas are the ones engines and the kubelet calculate with.
 * Surprise: 0 mostly means "not set", as engines write it for limits that nobody asked for. */
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>

#include "cgroup/driver.h"

#define KEY CGROUP_KEY

struct cgroup_write *cgroup_add_write(struct arena *a, struct cgroup_resources *out,
				      const char *key, const char *file, const char *value)
{
	struct cgroup_write *w = vec_add(a, &out->writes);
	*w = (struct cgroup_write){ .file = file, .value = value, .key = key };
	return w;
}

static void want(struct arena *a, struct cgroup_resources *out, const char *file)
{
	char name[64];
	cgroup_controller_of(name, sizeof(name), file);
	if (streq(name, "cgroup"))
		return; /* core files, there without any controller */
	for (size_t i = 0; i < out->controllers.n; i++)
		if (streq(out->controllers.v[i], name))
			return;
	vec_push(a, &out->controllers, arena_strdup(a, name));
}

/* Values end up in kernel files line by line: a control character would be a second command. */
static int check_plain(const char *key, const char *text)
{
	for (const char *p = text; *p; p++)
		if (iscntrl((unsigned char)*p))
			return err_msg(ERR_CONFIG, "%s: must not contain control characters", key);
	return 0;
}

static const char *number_or_max(struct arena *a, int64_t v)
{
	return v < 0 ? "max" : arena_printf(a, "%" PRId64, v);
}

/* ---- cpu ---- */

/* log2 bit by bit: squaring doubles the logarithm. Spares us the mathematics library. */
static double log2_of(uint64_t v)
{
	int whole = 63 - __builtin_clzll(v);
	double x = (double)v / (double)(1ull << whole), l = whole;

	for (double bit = 0.5; bit > 1e-13; bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			l += bit;
		}
	}
	return l;
}

/* cpu.shares (2..262144, default 1024) -> cpu.weight (1..10000, default 100), through the two
 * minima, defaults and maxima: ceil(10 ^ ((l^2 + 125 l - 126) / 612)) with l = log2(shares). Found
 * as the smallest weight whose logarithm is not below. */
static uint64_t weight_of_shares(uint64_t shares)
{
	const double log10_of_2 = 0.30102999566398119521;
	uint64_t low = 1, high = 10000;

	if (shares <= 2)
		return low;
	if (shares >= 262144)
		return high;
	double l = log2_of(shares);
	double wanted = (l * l + 125 * l - 126) / 612 - 1e-10;
	while (low < high) {
		uint64_t middle = (low + high) / 2;
		if (log2_of(middle) * log10_of_2 < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The kernel refuses a burst above the quota, so which one must come first depends on whether they
 * grow or shrink: the burst is tried again after the quota. */
static void add_cpu_quota(struct arena *a, const struct oci_cpu *cpu, struct cgroup_resources *out)
{
	int64_t quota = cpu->quota.set ? cpu->quota.v : 0;
	uint64_t period = cpu->period.set ? cpu->period.v : 0;

	if (cpu->burst.set) {
		struct cgroup_write *w =
			cgroup_add_write(a, out, KEY("cpu/burst"), "cpu.max.burst",
					 arena_printf(a, "%" PRIu64, cpu->burst.v));
		w->missing_ok = cpu->burst.v == 0;
		w->retry = quota || period;
	}
	if (quota || period) {
		const char *value =
			arena_printf(a, "%s %" PRIu64, quota > 0 ? number_or_max(a, quota) : "max",
				     period ? period : 100000);
		cgroup_add_write(a, out, quota ? KEY("cpu/quota") : KEY("cpu/period"), "cpu.max",
				 value);
	}
}

static int add_cpu(struct arena *a, const struct oci_cpu *cpu, struct cgroup_resources *out)
{
	bool idle = cpu->idle.set && cpu->idle.v == 1;

	if (cpu->idle.set && cpu->idle.v != 0 && cpu->idle.v != 1)
		return err_msg(ERR_CONFIG, KEY("cpu/idle") ": must be 0 or 1, not %" PRId64,
			       cpu->idle.v);
	if (cpu->idle.set)
		cgroup_add_write(a, out, KEY("cpu/idle"), "cpu.idle", idle ? "1" : "0")
			->missing_ok = !idle;
	/* An idle cgroup has no weight: the kernel refuses to set one. */
	if (cpu->shares.set && cpu->shares.v && !idle)
		cgroup_add_write(a, out, KEY("cpu/shares"), "cpu.weight",
				 arena_printf(a, "%" PRIu64, weight_of_shares(cpu->shares.v)));
	add_cpu_quota(a, cpu, out);
	return 0;
}

static int add_cpuset(struct arena *a, const struct oci_cpu *cpu, struct cgroup_resources *out)
{
	if (cpu->cpus && *cpu->cpus) {
		TRY(check_plain(KEY("cpu/cpus"), cpu->cpus));
		cgroup_add_write(a, out, KEY("cpu/cpus"), "cpuset.cpus", cpu->cpus);
	}
	if (cpu->mems && *cpu->mems) {
		TRY(check_plain(KEY("cpu/mems"), cpu->mems));
		cgroup_add_write(a, out, KEY("cpu/mems"), "cpuset.mems", cpu->mems);
	}
	return 0;
}

/* ---- memory ---- */

static int check_limit(const char *key, int64_t v)
{
	if (v < -1)
		return err_msg(ERR_CONFIG, "%s: invalid memory value: %" PRId64, key, v);
	return 0;
}

/* The spec's "swap" is memory plus swap, as v1 had it; v2 wants swap alone. *out: -1 = max, and
 * false when nothing is to be written. */
static int swap_alone(int64_t limit, const struct oci_i64 *asked, bool *set, int64_t *out)
{
	int64_t swap = asked->set ? asked->v : 0;

	*set = true;
	*out = swap;
	if (swap == 0) {
		/* v1 had no swap limit without a memory limit: unlimited memory frees swap too. */
		*out = -1;
		*set = limit == -1;
		return 0;
	}
	if (swap == -1 || limit == -1)
		return 0;
	if (limit == 0)
		return err_msg(
			ERR_CONFIG,
			KEY("memory/swap") ": unable to set swap limit without memory limit");
	if (swap < limit)
		return err_msg(ERR_CONFIG,
			       KEY("memory/swap") ": memory+swap limit should be >= memory limit");
	*out = swap - limit;
	return 0;
}

static int add_memory(struct arena *a, const struct oci_memory *m, struct cgroup_resources *out)
{
	int64_t limit = m->limit.set ? m->limit.v : 0, swap;
	bool has_swap;

	TRY(check_limit(KEY("memory/limit"), limit));
	TRY(check_limit(KEY("memory/swap"), m->swap.set ? m->swap.v : 0));
	TRY(check_limit(KEY("memory/reservation"), m->reservation.set ? m->reservation.v : 0));
	TRY(swap_alone(limit, &m->swap, &has_swap, &swap));

	/* Kernels without swap accounting lack the file; then 0 and max say what is so anyway. */
	if (has_swap)
		cgroup_add_write(a, out, m->swap.set ? KEY("memory/swap") : KEY("memory/limit"),
				 "memory.swap.max", number_or_max(a, swap))
			->missing_ok = swap <= 0;
	if (limit)
		cgroup_add_write(a, out, KEY("memory/limit"), "memory.max",
				 number_or_max(a, limit));
	if (m->reservation.set && m->reservation.v)
		cgroup_add_write(a, out, KEY("memory/reservation"), "memory.low",
				 number_or_max(a, m->reservation.v));
	if (m->check_before_update == OCI_BOOL_TRUE && limit > 0)
		out->check_limit = limit;
	if (m->check_before_update == OCI_BOOL_TRUE && m->swap.set && m->swap.v > 0)
		out->check_swap = m->swap.v;
	return 0;
}

/* ---- the rest ---- */

static void add_pids(struct arena *a, const struct oci_pids *pids, struct cgroup_resources *out)
{
	if (!pids->limit.set)
		return;
	/* pids.max 0 would not even let init run; engines that write 0 mean the smallest that
	 * works. */
	int64_t v = pids->limit.v == 0 ? 1 : pids->limit.v;
	cgroup_add_write(a, out, KEY("pids/limit"), "pids.max", number_or_max(a, v));
}

/* The size becomes part of a file name: digits followed by KB, MB or GB and nothing else. */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");
	return digits > 0 && digits < 20 && s[0] != '0' &&
	       (streq(s + digits, "KB") || streq(s + digits, "MB") || streq(s + digits, "GB"));
}

static int add_hugepages(struct arena *a, const struct oci_resources *r,
			 struct cgroup_resources *out)
{
	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *h = &r->hugepage_limits.v[i];
		const char *key = arena_printf(a, KEY("hugepageLimits/%zu"), i);
		if (!is_page_size(h->page_size)) {
			struct str shown;
			str_init(&shown, a, 100);
			str_add_quoted(&shown, h->page_size);
			return err_msg(ERR_CONFIG,
				       "%s/pageSize: \"%s\" is not a page size like 2MB or 1GB",
				       key, shown.v);
		}
		const char *limit = arena_printf(a, "%" PRIu64, h->limit);
		cgroup_add_write(a, out, key, arena_printf(a, "hugetlb.%s.max", h->page_size),
				 limit);
		/* Reservations are counted since Linux 5.7. */
		cgroup_add_write(a, out, key, arena_printf(a, "hugetlb.%s.rsvd.max", h->page_size),
				 limit)
			->missing_ok = true;
	}
	return 0;
}

static int add_rdma(struct arena *a, const struct oci_resources *r, struct cgroup_resources *out)
{
	for (size_t i = 0; i < r->rdma.n; i++) {
		const struct oci_rdma *v = &r->rdma.v[i].value;
		const char *dev = r->rdma.v[i].key;
		TRY(check_plain(KEY("rdma"), dev));
		if (!*dev || strchr(dev, ' '))
			return err_msg(ERR_CONFIG, KEY("rdma") ": \"%s\" is not a device name",
				       dev);
		struct str s;
		str_init(&s, a, 0);
		str_add(&s, dev);
		if (v->hca_handles.set)
			str_addf(&s, " hca_handle=%u", v->hca_handles.v);
		if (v->hca_objects.set)
			str_addf(&s, " hca_object=%u", v->hca_objects.v);
		if (v->hca_handles.set || v->hca_objects.set)
			cgroup_add_write(a, out, arena_printf(a, KEY("rdma/%s"), dev), "rdma.max",
					 s.v);
	}
	return 0;
}

/* Writing one of these does something to processes; they limit nothing. */
static bool is_command_file(const char *file)
{
	static const char *const files[] = { "cgroup.procs", "cgroup.threads", "cgroup.kill",
					     "cgroup.freeze", "cgroup.type" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (streq(file, files[i]))
			return true;
	return false;
}

static bool is_file_name(const char *s)
{
	size_t n = strlen(s);
	return n > 0 && n <= NAME_MAX && s[0] != '.' && strchr(s, '.') &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

static int add_unified(struct arena *a, const struct oci_resources *r, struct cgroup_resources *out)
{
	for (size_t i = 0; i < r->unified.n; i++) {
		const char *file = r->unified.v[i].key, *value = r->unified.v[i].value;
		struct str shown;
		str_init(&shown, a, 300);
		str_add_quoted(&shown, file);
		if (!is_file_name(file))
			return err_msg(ERR_CONFIG,
				       KEY("unified") ": \"%s\" must be a file name "
						      "without any slash, like memory.high",
				       shown.v);
		if (is_command_file(file))
			return err_msg(ERR_CONFIG, KEY("unified") ": \"%s\" is not a limit",
				       shown.v);
		const char *key = arena_printf(a, KEY("unified/%s"), file);
		/* io.max and its like take one line (one device) per write. */
		do {
			size_t n = strcspn(value, "\n");
			char *line = arena_strndup(a, value, n);
			TRY(check_plain(key, line));
			if (n)
				cgroup_add_write(a, out, key, file, line);
			value += n + (value[n] == '\n');
		} while (*value);
	}
	return 0;
}

/* ---- all of it ---- */

static int add_limits(struct arena *a, const struct oci_resources *r, struct cgroup_resources *out)
{
	TRY(cgroup_v1only(a, r, out));
	/* cpuset first: memory is charged to the nodes it names. */
	if (r->cpu)
		TRY(add_cpuset(a, r->cpu, out));
	if (r->memory)
		TRY(add_memory(a, r->memory, out));
	if (r->cpu)
		TRY(add_cpu(a, r->cpu, out));
	if (r->pids)
		add_pids(a, r->pids, out);
	if (r->block_io)
		TRY(cgroup_add_block_io(a, r->block_io, out));
	TRY(add_hugepages(a, r, out));
	TRY(add_rdma(a, r, out));
	/* Last, so that they win over what we translated. */
	return add_unified(a, r, out);
}

int cgroup_resources_make(struct arena *a, const struct oci_resources *res,
			  struct cgroup_resources *out)
{
	struct cgroup_resources made = { 0 };

	if (res)
		TRY(add_limits(a, res, &made));
	TRY(cgroup_device_rules(a, res, &made));
	for (size_t i = 0; i < made.writes.n; i++)
		if (!made.writes.v[i].missing_ok)
			want(a, &made, made.writes.v[i].file);
	*out = made;
	return 0;
}
