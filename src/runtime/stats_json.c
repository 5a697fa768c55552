/* SPDX-License-Identifier: Apache-2.0 */
/* struct cgroup_stat -> the "data" object that engines read (pure). The names and what may be left
 * out are those of runc's events: part of the interface, like an error text. */
#include "runtime/stats_json.h"

#include <inttypes.h>

/* `,"key":value` for a number that is not 0; the caller puts something before it. */
static void opt_number(struct str *s, const char *key, uint64_t v)
{
	if (v)
		str_addf(s, ",\"%s\":%" PRIu64, key, v);
}

static void add_pressure(struct str *s, const char *kind, const struct cgroup_pressure *p)
{
	str_addf(s, "\"%s\":{\"avg10\":%s,\"avg60\":%s,\"avg300\":%s,\"total\":%s}", kind, p->avg10,
		 p->avg60, p->avg300, p->total);
}

static void add_psi(struct str *s, const struct cgroup_psi *psi, bool first)
{
	if (!psi->there)
		return;
	str_add(s, first ? "\"psi\":{" : ",\"psi\":{");
	add_pressure(s, "some", &psi->some);
	str_addc(s, ',');
	add_pressure(s, "full", &psi->full);
	str_addc(s, '}');
}

static void add_cpu(struct str *s, const struct cgroup_stat *v)
{
	bool used = v->cpu_ns || v->user_ns || v->system_ns;
	bool throttled = v->periods || v->throttled_periods || v->throttled_ns;

	str_add(s, "\"cpu\":{");
	if (used)
		str_addf(s,
			 "\"usage\":{\"total\":%" PRIu64 ",\"kernel\":%" PRIu64 ",\"user\":%" PRIu64
			 "}",
			 v->cpu_ns, v->system_ns, v->user_ns);
	if (throttled)
		str_addf(s,
			 "%s\"throttling\":{\"periods\":%" PRIu64 ",\"throttledPeriods\":%" PRIu64
			 ",\"throttledTime\":%" PRIu64 "}",
			 used ? "," : "", v->periods, v->throttled_periods, v->throttled_ns);
	add_psi(s, &v->cpu_psi, !used && !throttled);
	str_addc(s, '}');
}

static void add_use(struct str *s, const char *key, const struct cgroup_use *u)
{
	str_addf(s, "\"%s\":{\"limit\":%" PRIu64, key, u->limit);
	opt_number(s, "usage", u->usage);
	opt_number(s, "max", u->max);
	str_addf(s, ",\"failcnt\":%" PRIu64 "}", u->failcnt);
}

static void add_memory(struct str *s, const struct cgroup_stat *v)
{
	const char *sep = "";

	str_add(s, ",\"memory\":{");
	if (v->cache) {
		str_addf(s, "\"cache\":%" PRIu64, v->cache);
		sep = ",";
	}
	if (v->has_memory) {
		str_add(s, sep);
		add_use(s, "usage", &v->memory);
		sep = ",";
	}
	if (v->has_swap) {
		str_add(s, sep);
		add_use(s, "swap", &v->swap);
		sep = ",";
	}
	if (v->memory_raw.n) {
		str_addf(s, "%s\"raw\":{", sep);
		for (size_t i = 0; i < v->memory_raw.n; i++) {
			str_add(s, i ? "," : "");
			str_add_json(s, v->memory_raw.v[i].key);
			str_addf(s, ":%" PRIu64, v->memory_raw.v[i].value);
		}
		str_addc(s, '}');
		sep = ",";
	}
	add_psi(s, &v->memory_psi, !*sep);
	str_addc(s, '}');
}

static void add_pids(struct str *s, const struct cgroup_stat *v)
{
	str_add(s, ",\"pids\":{");
	if (v->pids)
		str_addf(s, "\"current\":%" PRIu64, v->pids);
	if (v->pids_limit)
		str_addf(s, "%s\"limit\":%" PRIu64, v->pids ? "," : "", v->pids_limit);
	str_addc(s, '}');
}

static void add_io(struct str *s, const char *key, const struct cgroup_stat *v, bool bytes)
{
	str_addf(s, "\"%s\":[", key);
	for (size_t i = 0; i < v->io.n; i++) {
		const struct cgroup_io *io = &v->io.v[i];
		str_addf(s,
			 "%s{\"major\":%u,\"minor\":%u,\"op\":\"Read\",\"value\":%" PRIu64
			 "},{\"major\":%u,\"minor\":%u,\"op\":\"Write\",\"value\":%" PRIu64 "}",
			 i ? "," : "", io->major, io->minor, bytes ? io->read_bytes : io->reads,
			 io->major, io->minor, bytes ? io->write_bytes : io->writes);
	}
	str_addc(s, ']');
}

static void add_blkio(struct str *s, const struct cgroup_stat *v)
{
	str_add(s, ",\"blkio\":{");
	if (v->io.n) {
		add_io(s, "ioServiceBytesRecursive", v, true);
		str_addc(s, ',');
		add_io(s, "ioServicedRecursive", v, false);
	}
	add_psi(s, &v->io_psi, !v->io.n);
	str_addc(s, '}');
}

static void add_hugetlb(struct str *s, const struct cgroup_stat *v)
{
	str_add(s, ",\"hugetlb\":{");
	for (size_t i = 0; i < v->huge.n; i++) {
		const struct cgroup_huge *h = &v->huge.v[i];
		str_add(s, i ? "," : "");
		str_add_json(s, h->size);
		str_add(s, ":{");
		if (h->usage)
			str_addf(s, "\"usage\":%" PRIu64 ",", h->usage);
		if (h->max)
			str_addf(s, "\"max\":%" PRIu64 ",", h->max);
		str_addf(s, "\"failcnt\":%" PRIu64 "}", h->failcnt);
	}
	str_addc(s, '}');
}

/* ---- cache and memory bandwidth ---- */

/* `"key":"text"` with a comma before it when it is not the first. */
static void opt_text(struct str *s, const char **sep, const char *key, const char *text)
{
	if (!text)
		return;
	str_addf(s, "%s\"%s\":", *sep, key);
	str_add_json(s, text);
	*sep = ",";
}

static void add_l3_info(struct str *s, const char **sep, const struct resctrl_stat *r)
{
	if (!r->l3)
		return;
	str_addf(s, "%s\"l3_cache_info\":{\"cbm_mask\":", *sep);
	str_add_json(s, r->cbm_mask);
	opt_number(s, "min_cbm_bits", r->min_cbm_bits);
	opt_number(s, "num_closids", r->l3_closids);
	str_addc(s, '}');
	*sep = ",";
}

static void add_mb_info(struct str *s, const char **sep, const struct resctrl_stat *r)
{
	if (!r->mb)
		return;
	str_addf(s,
		 "%s\"mem_bw_info\":{\"bandwidth_gran\":%" PRIu64 ",\"delay_linear\":%" PRIu64
		 ",\"min_bandwidth\":%" PRIu64 ",\"num_closids\":%" PRIu64 "}",
		 *sep, r->bandwidth_gran, r->delay_linear, r->min_bandwidth, r->mb_closids);
	*sep = ",";
}

static void add_schemata(struct str *s, const char **sep, const struct resctrl_lines *l)
{
	if (!l->all.n)
		return;
	str_addf(s, "%s\"schemata\":[", *sep);
	for (size_t i = 0; i < l->all.n; i++) {
		str_add(s, i ? "," : "");
		str_add_json(s, l->all.v[i]);
	}
	str_addc(s, ']');
	*sep = ",";
}

static void add_mbm(struct str *s, const char **sep, const struct resctrl_stat *r)
{
	str_addf(s, "%s\"mbm_stats\":[", *sep);
	for (size_t i = 0; i < r->nodes.n; i++) {
		const struct resctrl_node *n = &r->nodes.v[i];
		str_add(s, i ? ",{" : "{");
		if (n->has_total)
			str_addf(s, "\"mbm_total_bytes\":%" PRIu64, n->total_bytes);
		if (n->has_local)
			str_addf(s, "%s\"mbm_local_bytes\":%" PRIu64, n->has_total ? "," : "",
				 n->local_bytes);
		str_addc(s, '}');
	}
	str_addc(s, ']');
	*sep = ",";
}

static void add_cmt(struct str *s, const char **sep, const struct resctrl_stat *r)
{
	str_addf(s, "%s\"cmt_stats\":[", *sep);
	for (size_t i = 0; i < r->nodes.n; i++) {
		const struct resctrl_node *n = &r->nodes.v[i];
		str_add(s, i ? ",{" : "{");
		if (n->has_occupancy)
			str_addf(s, "\"llc_occupancy\":%" PRIu64, n->occupancy);
		str_addc(s, '}');
	}
	str_addc(s, ']');
	*sep = ",";
}

static void add_rdt(struct str *s, const struct resctrl_stat *r)
{
	const char *sep = "";
	str_add(s, ",\"intel_rdt\":{");
	add_l3_info(s, &sep, r);
	opt_text(s, &sep, "l3_cache_schema_root", r->root.l3);
	opt_text(s, &sep, "l3_cache_schema", r->group.l3);
	add_mb_info(s, &sep, r);
	opt_text(s, &sep, "mem_bw_schema_root", r->root.mb);
	opt_text(s, &sep, "mem_bw_schema", r->group.mb);
	add_schemata(s, &sep, &r->group);
	if (r->mbm)
		add_mbm(s, &sep, r);
	if (r->cmt)
		add_cmt(s, &sep, r);
	str_addc(s, '}');
}

void stats_json(const struct cgroup_stat *v, const struct resctrl_stat *rdt, struct str *s)
{
	str_addc(s, '{');
	add_cpu(s, v);
	/* v2 has none of these; readers expect the numbers. */
	str_add(s,
		",\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,"
		"\"memory_migrate\":0,\"memory_spread_page\":0,\"memory_spread_slab\":0,"
		"\"memory_pressure\":0,\"sched_load_balance\":0,\"sched_relax_domain_level\":0}");
	add_memory(s, v);
	add_pids(s, v);
	add_blkio(s, v);
	add_hugetlb(s, v);
	add_rdt(s, rdt);
	str_add(s, ",\"network_interfaces\":null}");
}
