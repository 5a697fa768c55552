/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt -> resctrl_plan. Pure.
 * Surprise: the container's id is the name of its class when closID is absent, so an id that is a
 * name of the kernel's own there ("info") cannot be used without a closID. */
#include "resctrl/parts.h"
#include "sys/probe.h"

#define AT "/linux/intelRdt"

/* 0, or why `name` cannot be a group's. */
static const char *bad_name(const char *name)
{
	static const char *const kernels[] = { "info", "mon_data", "mon_groups" };
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		if (streq(name, kernels[i]))
			return "the kernel has a directory of that name";
	if (streq(name, ".") || streq(name, "..") || strpbrk(name, "/\n"))
		return "is not the name of one directory";
	return strlen(name) > 255 ? "is longer than 255 bytes" : NULL;
}

static int plan_lines(struct arena *a, const struct oci_intel_rdt *rdt, struct resctrl_plan *p)
{
	struct schema_source src = { .l3 = rdt->l3_cache_schema,
				     .l3_key = AT "/l3CacheSchema",
				     .mb = rdt->mem_bw_schema,
				     .mb_key = AT "/memBwSchema" };
	struct str s;
	TRY(schema_join(a, &src, &p->schema));
	str_init(&s, a, 0);
	for (size_t i = 0; i < rdt->schemata.n; i++) {
		const char *line = rdt->schemata.v[i];
		if (!strchr(line, ':') || strchr(line, '\n'))
			return err_msg(ERR_CONFIG,
				       AT "/schemata/%zu: expected one line of the form "
					  "\"L3:0=ff;1=c0\", found \"%s\"",
				       i, line);
		str_addf(&s, "%s\n", line);
	}
	p->schemata = s.n ? s.v : NULL;
	return 0;
}

/* The class of service: the one that is named, the default one ("/"), or one of the container. */
static int plan_group(struct arena *a, const struct oci_intel_rdt *rdt, const char *id,
		      struct resctrl_plan *p)
{
	const char *clos = rdt->clos_id && *rdt->clos_id ? rdt->clos_id : NULL;
	bool top = clos && streq(clos, "/");
	const char *why = top ? NULL : bad_name(clos ? clos : id);
	if (why && clos)
		return err_msg(ERR_CONFIG, AT "/closID: \"%s\": %s", clos, why);
	if (why)
		return err_msg(ERR_CONFIG,
			       AT "/closID: is required, because the container's id \"%s\" "
				  "cannot be used: %s",
			       id, why);
	p->own = !clos;
	p->must_exist = clos && !p->schema && !p->schemata;
	p->group = top ? p->root : arena_printf(a, "%s/%s", p->root, clos ? clos : id);
	return 0;
}

int resctrl_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		      const char *id, struct resctrl_plan *out)
{
	const struct oci_intel_rdt *rdt = c->linux_ ? c->linux_->intel_rdt : NULL;
	struct resctrl_plan p = { .wanted = rdt != NULL };
	if (rdt) {
		p.root = h->resctrl_root ? h->resctrl_root : "";
		TRY(plan_lines(a, rdt, &p));
		TRY(plan_group(a, rdt, id, &p));
		const char *why = rdt->enable_monitoring ? bad_name(id) : NULL;
		if (why)
			return err_msg(ERR_CONFIG, AT "/enableMonitoring: the container's id "
						      "\"%s\" cannot be used: %s",
				       id, why);
		if (rdt->enable_monitoring)
			p.monitor = arena_printf(a, "%s/mon_groups/%s", p.group, id);
		if (!*p.root) {
			int r = err_msg(ERR_UNSUPPORTED,
					AT ": no resctrl file system is mounted");
			err_hint("where the CPU has RDT: mount -t resctrl resctrl /sys/fs/resctrl");
			return r;
		}
	}
	*out = p;
	return 0;
}

static void print_lines(const char *text, struct str *s)
{
	while (text && *text) {
		size_t n = strcspn(text, "\n");
		str_add(s, "         schema \"");
		str_add_quoted(s, arena_strndup(s->arena, text, n));
		str_add(s, "\"\n");
		text += n + (text[n] == '\n');
	}
}

void resctrl_plan_print(const struct resctrl_plan *p, struct str *s)
{
	if (!p->wanted)
		return;
	str_add(s, "resctrl  \"");
	str_add_quoted(s, p->group);
	str_add(s, p->own	   ? "\" new, removed with the container\n"
		   : p->must_exist ? "\" must exist\n"
				   : "\" shared, made when missing\n");
	print_lines(p->schema, s);
	print_lines(p->schemata, s);
	if (!p->monitor)
		return;
	str_add(s, "         monitor \"");
	str_add_quoted(s, p->monitor);
	str_add(s, "\"\n");
}
