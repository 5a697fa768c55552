/* SPDX-License-Identifier: Apache-2.0 */
/* stats: what containers use now and have used at most, for people (table) and programs (json).
 * Without an id, all containers whose init lives. */
#include <inttypes.h>

#include "base/io.h"
#include "runtime/launch.h"
#include "runtime/stats_json.h"

static const char *size_text(struct arena *a, uint64_t v)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t u = 0;
	double d = (double)v;
	if (v == UINT64_MAX)
		return "-";
	for (; d >= 1024 && u + 1 < ARRAY_SIZE(units); u++)
		d /= 1024;
	return arena_printf(a, u ? "%.1f%s" : "%.0f%s", d, units[u]);
}

static void add_row(struct arena *a, const char *id, const struct cgroup_stat *v, struct str *s)
{
	uint64_t rd = 0, wr = 0;
	for (size_t i = 0; i < v->io.n; i++) {
		rd += v->io.v[i].read_bytes;
		wr += v->io.v[i].write_bytes;
	}
	const char *limit = v->pids_limit ? arena_printf(a, "%" PRIu64, v->pids_limit) : "-";
	str_addf(s,
		 "%-20s %12.2fs %10s %10s %10s %10s %6" PRIu64 " %6s %6" PRIu64
		 " %10s %10s %4" PRIu64 "\n",
		 id, (double)v->cpu_ns / 1e9, size_text(a, v->memory.usage),
		 size_text(a, v->has_memory ? v->memory.limit : UINT64_MAX),
		 size_text(a, v->memory.max), size_text(a, v->swap_alone), v->pids, limit,
		 v->pids_peak, size_text(a, rd), size_text(a, wr), v->oom_kills);
}

static void add_object(const char *id, const struct cgroup_stat *v, const struct resctrl_stat *rdt,
		       struct str *s)
{
	str_add(s, "{\"id\":");
	str_add_json(s, id);
	str_addf(s,
		 ",\"peaks\":{\"memory\":%" PRIu64 ",\"pids\":%" PRIu64 "},\"oomKills\":%" PRIu64
		 ",\"data\":",
		 v->memory.max, v->pids_peak, v->oom_kills);
	stats_json(v, rdt, s);
	str_addc(s, '}');
}

/* 1 = it has numbers, 0 = it does not live. */
static int read_one(struct runtime *rt, const char *id, struct cgroup_stat *out,
		    struct resctrl_stat *rdt)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	TRY(container_open(rt, id, &c, &rec));
	store_close(&c);
	if (!rec || !store_process_alive(rec->pid, rec->start_time))
		return 0;
	*out = (struct cgroup_stat){ 0 };
	if (rec->cgroup_path && TRY(cgroup_stat_read(rt->arena, rec->cgroup_path, out)))
		return 0;
	resctrl_stat_read(rt->arena, rec->resctrl_group, rec->resctrl_monitor, rdt);
	return 1;
}

static int all_ids(struct runtime *rt, struct oci_strs *ids)
{
	const char *root;
	TRY(runtime_identity(rt));
	TRY(store_root(rt->arena, rt->root, rt->host.rootless, false, &root));
	int r = TRY(store_list(rt->arena, root, ids));
	if (r == STORE_NO_ROOT && rt->root)
		return err_sysno(ENOENT, "open \"%s\"", root);
	return 0;
}

int runtime_stats(struct runtime *rt, const struct oci_strs *asked, const char *format)
{
	struct oci_strs ids = *asked;
	struct cgroup_stat v;
	struct resctrl_stat rdt;
	struct str s;
	bool json = format && streq(format, "json");
	size_t n = 0;
	if (format && !json && !streq(format, "table"))
		return err_msg(ERR_USAGE, "invalid format option \"%s\", expected table or json",
			       format);
	if (!asked->n)
		TRY(all_ids(rt, &ids));
	str_init(&s, rt->arena, 0);
	if (json)
		str_addc(&s, '[');
	else
		str_addf(&s, "%-20s %13s %10s %10s %10s %10s %6s %6s %6s %10s %10s %4s\n", "ID",
			 "CPU", "MEMORY", "LIMIT", "PEAK", "SWAP", "PIDS", "LIMIT", "PEAK", "READ",
			 "WRITTEN", "OOM");
	for (size_t i = 0; i < ids.n; i++) {
		int r = read_one(rt, ids.v[i], &v, &rdt);
		if (r < 0 && asked->n)
			return r;
		if (r == 0 && asked->n)
			return err_msg(ERR_STATE, "container with id %s is not running", ids.v[i]);
		err_clear(); /* of many, one may be deleted meanwhile */
		if (r <= 0)
			continue;
		if (json && n++)
			str_addc(&s, ',');
		if (json)
			add_object(ids.v[i], &v, &rdt, &s);
		else
			add_row(rt->arena, ids.v[i], &v, &s);
	}
	if (json)
		str_add(&s, "]\n");
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}
