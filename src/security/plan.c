/* SPDX-License-Identifier: Apache-2.0 */
/* Decide what the container may do. Pure, but for the warnings it logs.
 * Surprise: the spec wants a capability that cannot be had to be a warning, never a failure, and
 * the same for one that is asked in a set where the kernel's rules forbid it (effective without
 * permitted, ambient without both, inheritable without bounding). */
#include "base/log.h"
#include "security/parts.h"
#include "sys/probe.h"

struct cap_parse {
	struct arena *a;
	int last_cap;
	VEC(const char *) unknown;
	VEC(const char *) warnings;
};

static void warn(struct cap_parse *cp, const char *text)
{
	log_warn("%s", text);
	vec_push(cp->a, &cp->warnings, text);
}

static void add_unknown(struct cap_parse *cp, const char *word)
{
	for (size_t i = 0; i < cp->unknown.n; i++)
		if (streq(cp->unknown.v[i], word))
			return;
	vec_push(cp->a, &cp->unknown, word);
}

static uint64_t parse_set(struct cap_parse *cp, const struct oci_strs *words)
{
	uint64_t set = 0, nr;
	for (size_t i = 0; i < words->n; i++) {
		if (name_find(security_cap_names, words->v[i], &nr) && (int)nr <= cp->last_cap)
			set |= UINT64_C(1) << nr;
		else
			add_unknown(cp, words->v[i]);
	}
	return set;
}

static void warn_unknown(struct cap_parse *cp)
{
	struct str s;
	if (!cp->unknown.n)
		return;
	str_init(&s, cp->a, 4096);
	str_add(&s, "ignoring unknown or unavailable capabilities: [");
	for (size_t i = 0; i < cp->unknown.n; i++) {
		if (i)
			str_addc(&s, ' ');
		str_add_quoted(&s, cp->unknown.v[i]);
	}
	str_addc(&s, ']');
	warn(cp, s.v);
}

/* The members of *set that are not in `within`: one warning each, then gone. */
static void limit_set(struct cap_parse *cp, uint64_t *set, uint64_t within, const char *verb,
		      const char *why)
{
	for (const struct name *n = security_cap_names; n->word; n++) {
		uint64_t bit = UINT64_C(1) << n->value;
		if (*set & bit & ~within)
			warn(cp,
			     arena_printf(cp->a, "can't %s capability %s: %s", verb, n->word, why));
	}
	*set &= within;
}

static void plan_caps(struct arena *a, const struct oci_capabilities *caps, int last_cap,
		      struct security_plan *out)
{
	struct cap_parse cp = { .a = a, .last_cap = last_cap };
	if (!caps)
		return;
	out->bounding = parse_set(&cp, &caps->bounding);
	out->permitted = parse_set(&cp, &caps->permitted);
	out->effective = parse_set(&cp, &caps->effective);
	out->inheritable = parse_set(&cp, &caps->inheritable);
	out->ambient = parse_set(&cp, &caps->ambient);
	warn_unknown(&cp);
	limit_set(&cp, &out->effective, out->permitted, "make effective", "it is not permitted");
	limit_set(&cp, &out->inheritable, out->bounding, "make inheritable",
		  "it is not in the bounding set");
	limit_set(&cp, &out->ambient, out->permitted & out->inheritable, "raise ambient",
		  "it is not both permitted and inheritable");
	out->warnings = (struct oci_strs){ .v = cp.warnings.v, .n = cp.warnings.n };
}

static int plan_labels(const struct oci_process *proc, const struct host *h,
		       struct security_plan *out)
{
	if (proc->apparmor_profile && *proc->apparmor_profile) {
		if (!h->apparmor)
			return err_msg(ERR_UNSUPPORTED,
				       "/process/apparmorProfile: apparmor: config provided but "
				       "apparmor not supported");
		out->apparmor = proc->apparmor_profile;
	}
	if (proc->selinux_label && *proc->selinux_label) {
		if (!h->selinux)
			return err_msg(ERR_UNSUPPORTED, "/process/selinuxLabel: selinux label is "
							"specified in config, but selinux is "
							"disabled or not supported");
		out->selinux = proc->selinux_label;
	}
	return 0;
}

int security_plan_make(struct arena *a, const struct oci_config *c, const struct oci_process *proc,
		       const struct host *h, struct security_plan *out)
{
	struct security_plan p = { .no_new_privs = proc->no_new_privileges };
	plan_caps(a, proc->capabilities, h->last_cap, &p);
	TRY(plan_labels(proc, h, &p));
	if (c->linux_ && c->linux_->seccomp) {
		p.has_seccomp = true;
		p.seccomp = c->linux_->seccomp;
		TRY(seccomp_plan_make(c, &p));
		p.seccomp_early = !p.no_new_privs || p.seccomp_listener;
	}
	*out = p;
	return 0;
}
