/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of a transient unit (pure): ours, those of annotations, and one for every limit
 * that systemd has a property for. The limits are taken from the list of cgroup writes, so that
 * config and `unified` need one translation only; the same list is written to the files as well.
 * Surprise: systemd writes its properties into the cgroup whenever it likes (daemon-reload), so
 * what it has no say in is safe, and what it has must be told to it or is undone. */
#include <ctype.h>
#include <inttypes.h>

#include "base/parse.h"
#include "cgroup/driver.h"

#define ANNOTATION "org.systemd.property."
#define MAX_CPU    8192

/* ---- building ---- */

static struct cgroup_prop *add(struct arena *a, struct cgroup_props *out, const char *name,
			       const char *sig)
{
	struct cgroup_prop *p = vec_add(a, out);
	*p = (struct cgroup_prop){ .name = name, .sig = sig };
	return p;
}

static void add_one(struct arena *a, struct cgroup_props *out, const char *name, const char *sig,
		    const char *word)
{
	struct cgroup_prop *p = add(a, out, name, sig);
	vec_push(a, &p->words, word);
}

static const char *number(struct arena *a, uint64_t v)
{
	return arena_printf(a, "%" PRIu64, v);
}

/* ---- limits ---- */

/* "max", or bytes with the kernel's suffixes. What is none of these the kernel will refuse when it
 * is written. */
static bool amount(const char *text, uint64_t *out)
{
	char *end;
	if (streq(text, "max")) {
		*out = UINT64_MAX;
		return true;
	}
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	uint64_t v = strtoull(text, &end, 10);
	unsigned shift = strchr("kK", *end)   ? 10
			 : strchr("mM", *end) ? 20
			 : strchr("gG", *end) ? 30
					      : 99;
	if (!*end)
		shift = 0;
	if (errno || shift == 99 || (*end && end[1]) || v > UINT64_MAX >> shift)
		return false;
	*out = v << shift;
	return true;
}

static void amount_prop(struct arena *a, const char *name, const char *text,
			struct cgroup_props *out)
{
	uint64_t v;
	if (amount(text, &v))
		add_one(a, out, name, "t", number(a, v));
}

/* An idle cgroup is one of weight 0 to systemd (252 and later). */
static void idle_prop(struct arena *a, const char *name, const char *text, struct cgroup_props *out)
{
	add_one(a, out, name, "t", streq(text, "1") ? "0" : "100");
}

/* "QUOTA PERIOD". systemd keeps the quota per second and rounds it to 10 ms when it stores it. */
static void quota_prop(struct arena *a, const char *name, const char *text,
		       struct cgroup_props *out)
{
	uint64_t quota, period = 100000, per_sec;
	size_t n = strcspn(text, " ");
	if (!amount(arena_strndup(a, text, n), &quota) ||
	    (text[n] && (!amount(text + n + 1, &period) || !period)))
		return;
	per_sec = UINT64_MAX;
	if (quota != UINT64_MAX && quota <= UINT64_MAX / 1000000) {
		per_sec = quota * 1000000 / period;
		per_sec += (10000 - per_sec % 10000) % 10000;
	}
	add_one(a, out, name, "t", number(a, per_sec));
	if (text[n])
		add_one(a, out, "?CPUQuotaPeriodUSec", "t", number(a, period));
}

static bool take_cpu(const char **p, uint64_t *out)
{
	char *end;
	if (!isdigit((unsigned char)**p))
		return false;
	*out = strtoull(*p, &end, 10);
	*p = end;
	return *out < MAX_CPU;
}

/* "0-3,7" -> bytes, lowest bit first. */
static bool cpu_bits(const char *text, uint8_t bits[MAX_CPU / 8], size_t *len)
{
	*len = 0;
	for (const char *p = text;; p++) {
		uint64_t first, last;
		if (!take_cpu(&p, &first))
			return false;
		last = first;
		if (*p == '-' && (p++, !take_cpu(&p, &last)))
			return false;
		for (uint64_t i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1u << (i % 8));
		if (last >= first && last / 8 + 1 > *len)
			*len = last / 8 + 1;
		if (!*p)
			return *len > 0;
		if (*p != ',')
			return false;
	}
}

static void cpus_prop(struct arena *a, const char *name, const char *text, struct cgroup_props *out)
{
	uint8_t bits[MAX_CPU / 8] = { 0 };
	size_t len;
	if (!cpu_bits(text, bits, &len))
		return;
	struct cgroup_prop *p = add(a, out, name, "ay");
	vec_push(a, &p->words, number(a, len));
	for (size_t i = 0; i < len; i++)
		vec_push(a, &p->words, number(a, bits[i]));
}

/* "default N" or "N"; weights of single devices are written to the file alone. */
static void weight_prop(struct arena *a, const char *name, const char *text,
			struct cgroup_props *out)
{
	const char *rest = after_prefix(text, "default ");
	amount_prop(a, name, rest ? rest : text, out);
}

static const struct {
	const char *file, *name;
	void (*make)(struct arena *a, const char *name, const char *text, struct cgroup_props *out);
} limits[] = {
	{ "memory.max", "?MemoryMax", amount_prop },
	{ "memory.high", "?MemoryHigh", amount_prop },
	{ "memory.low", "?MemoryLow", amount_prop },
	{ "memory.min", "?MemoryMin", amount_prop },
	{ "memory.swap.max", "?MemorySwapMax", amount_prop },
	{ "memory.zswap.max", "?MemoryZSwapMax", amount_prop },
	{ "pids.max", "?TasksMax", amount_prop },
	{ "cpu.weight", "?CPUWeight", amount_prop },
	{ "cpu.idle", "?CPUWeight", idle_prop },
	{ "cpu.max", "?CPUQuotaPerSecUSec", quota_prop },
	{ "cpuset.cpus", "?AllowedCPUs", cpus_prop },
	{ "cpuset.mems", "?AllowedMemoryNodes", cpus_prop },
	{ "io.weight", "?IOWeight", weight_prop },
};

static void limit_prop(struct arena *a, const char *file, const char *value,
		       struct cgroup_props *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (streq(limits[i].file, file))
			limits[i].make(a, limits[i].name, value, out);
}

/* ---- devices ---- */

static const char *device_word(struct arena *a, const struct cgroup_rule *r, uint8_t type)
{
	const char *kind = type == CGROUP_DEV_BLOCK ? "block" : "char";
	if (r->major < 0)
		return arena_printf(a, "%s-*", kind);
	if (r->minor < 0)
		return arena_printf(a, "%s-%" PRId64, kind, r->major);
	return arena_printf(a, "/dev/%s/%" PRId64 ":%" PRId64, kind, r->major, r->minor);
}

static void allow_device(struct arena *a, const struct cgroup_rule *r, uint8_t type,
			 struct cgroup_prop *p)
{
	if (r->type && r->type != type)
		return;
	vec_push(a, &p->words, device_word(a, r, type));
	vec_push(a, &p->words,
		 arena_printf(a, "%s%s%s", r->access & CGROUP_ACC_READ ? "r" : "",
			      r->access & CGROUP_ACC_WRITE ? "w" : "",
			      r->access & CGROUP_ACC_MKNOD ? "m" : ""));
}

/* Where the last rule about every device is: what comes before it does not count. */
static size_t first_that_counts(const struct cgroup_resources *r, bool *allow)
{
	*allow = false;
	for (size_t i = r->rules.n; i-- > 0;) {
		const struct cgroup_rule *rule = &r->rules.v[i];
		if (rule->type || rule->major >= 0 || rule->minor >= 0 ||
		    rule->access != CGROUP_ACC_ALL)
			continue;
		*allow = rule->allow;
		return i + 1;
	}
	return 0;
}

/* systemd's list can only allow, so it is a bound around our own program, which is exact and stays
 * attached beside systemd's: rules that take a piece away again are ours alone. */
static void device_props(struct arena *a, const struct cgroup_resources *r,
			 struct cgroup_props *out)
{
	bool all;
	size_t first = first_that_counts(r, &all), n;

	add_one(a, out, "?DeviceAllow", "a(ss)", "0"); /* forget the old list */
	if (all) {
		add_one(a, out, "?DevicePolicy", "s", "auto");
		return;
	}
	struct cgroup_prop *p = add(a, out, "?DeviceAllow", "a(ss)");
	vec_push(a, &p->words, "");
	for (size_t i = first; i < r->rules.n; i++) {
		if (!r->rules.v[i].allow)
			continue;
		allow_device(a, &r->rules.v[i], CGROUP_DEV_CHAR, p);
		allow_device(a, &r->rules.v[i], CGROUP_DEV_BLOCK, p);
	}
	n = (p->words.n - 1) / 2;
	p->words.v[0] = number(a, n);
	/* After the list: with an empty one this would cut all access at once. */
	add_one(a, out, "?DevicePolicy", "s", "strict");
}

void cgroup_resources_props(struct arena *a, const struct cgroup_resources *r, bool user_bus,
			    struct cgroup_props *out)
{
	/* A user's manager may not load device programs, and neither may its user. */
	if (!user_bus)
		device_props(a, r, out);
	for (size_t i = 0; i < r->writes.n; i++) {
		const struct cgroup_write *w = &r->writes.v[i];
		limit_prop(a, w->file, w->value, out);
		if (w->alt_file)
			limit_prop(a, w->alt_file, w->alt_value, out);
	}
}

/* ---- annotations ---- */

static bool is_property_name(const char *s)
{
	size_t n = strlen(s);
	return n >= 3 && n < 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

/* TimeoutStopSec as people write it is TimeoutStopUSec on the bus. */
static int seconds(struct arena *a, const char *key, struct cgroup_prop *p)
{
	size_t n = strlen(p->name);
	if (n <= 3 || !streq(p->name + n - 3, "Sec") || !islower((unsigned char)p->name[n - 4]))
		return 0;
	if (strlen(p->sig) != 1 || !strchr("nqiuxtd", *p->sig))
		return err_msg(ERR_CONFIG, "%s: must be a number of seconds", key);
	double v = strtod(p->words.v[0], NULL);
	if (!(v >= 0 && v < 1e13))
		return err_msg(ERR_CONFIG, "%s: must be a number of seconds", key);
	p->name = arena_printf(a, "%.*sUSec", (int)(n - 3), p->name);
	p->words.v[0] = number(a, (uint64_t)(v * 1000000));
	p->sig = "t";
	return 0;
}

static bool is_ours(const char *name)
{
	static const char *const list[] = { "PIDs", "Slice", "Delegate" };
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (streq(name, list[i]))
			return true;
	return false;
}

static int annotation_props(struct arena *a, const struct oci_config *c, struct cgroup_props *out)
{
	for (size_t i = 0; i < c->annotations.n; i++) {
		const char *name = after_prefix(c->annotations.v[i].key, ANNOTATION);
		if (!name)
			continue;
		const char *key = arena_printf(a, "/annotations/%s", c->annotations.v[i].key);
		struct cgroup_prop p = { .name = name };
		if (!is_property_name(name))
			return err_msg(ERR_CONFIG,
				       "%s: \"%s\" is not the name of a unit property (letters, at "
				       "least three)",
				       key, name);
		if (is_ours(name))
			return err_msg(ERR_CONFIG, "%s: this property is set by ocirun itself",
				       key);
		TRY_AS(cgroup_gvariant(a, c->annotations.v[i].value, &p.sig, &p.words),
		       "%s: not a value in GVariant text", key);
		TRY(seconds(a, key, &p));
		vec_push(a, out, p);
	}
	return 0;
}

/* ---- the whole ---- */

/* A slice lies where its name says; it has no process of its own and cannot be delegated. */
static void unit_props(struct arena *a, const char *id, struct cgroup_unit *u)
{
	struct cgroup_props *out = &u->props;

	add_one(a, out, "Description", "s", arena_printf(a, "ocirun container %s", id));
	if (!u->is_slice) {
		add_one(a, out, "Slice", "s", u->slice);
		add_one(a, out, "Delegate", "b", "true");
	}
	static const char *const accounting[] = { "?CPUAccounting", "?MemoryAccounting",
						  "?IOAccounting", "?TasksAccounting" };
	for (size_t i = 0; i < ARRAY_SIZE(accounting); i++)
		add_one(a, out, accounting[i], "b", "true");
	add_one(a, out, "DefaultDependencies", "b", "false");
}

int cgroup_unit_properties(struct arena *a, const struct oci_config *c, const char *id,
			   struct cgroup_plan *out)
{
	unit_props(a, id, &out->unit);
	TRY(annotation_props(a, c, &out->unit.props));
	cgroup_resources_props(a, &out->res, out->unit.user_bus, &out->unit.props);
	return 0;
}
