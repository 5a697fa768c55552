/* SPDX-License-Identifier: Apache-2.0 */
/* The security part of `ocirun explain` and of the golden plans. Sets that are equal share a line.
 */
#include "security/parts.h"

static const char indent[] = "         ";

static void print_set(uint64_t set, struct str *s)
{
	if (!set)
		str_add(s, " (none)");
	for (const struct name *n = security_cap_names; n->word; n++)
		if (set >> n->value & 1)
			str_addf(s, " %s", n->word);
	str_addc(s, '\n');
}

static void print_caps(const struct security_plan *p, struct str *s)
{
	const struct {
		const char *word;
		uint64_t set;
	} sets[] = {
		{ "bounding", p->bounding },   { "permitted", p->permitted },
		{ "effective", p->effective }, { "inheritable", p->inheritable },
		{ "ambient", p->ambient },
	};
	unsigned done = 0;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		if (done >> i & 1)
			continue;
		str_addf(s, "%scaps %s", indent, sets[i].word);
		for (size_t j = i + 1; j < ARRAY_SIZE(sets); j++)
			if (sets[j].set == sets[i].set) {
				done |= 1u << j;
				str_addf(s, ",%s", sets[j].word);
			}
		str_addc(s, ':');
		print_set(sets[i].set, s);
	}
}

static void print_quoted(const char *what, const char *text, struct str *s)
{
	str_addf(s, "%s%s \"", indent, what);
	str_add_quoted(s, text);
	str_add(s, "\"\n");
}

static void print_seccomp(const struct security_plan *p, struct str *s)
{
	const struct oci_seccomp *sc = p->seccomp;
	size_t names = 0;
	for (size_t i = 0; i < sc->syscalls.n; i++)
		names += sc->syscalls.v[i].names.n;
	str_addf(s, "%sseccomp default %s, %zu names in %zu rules, loaded %s\n", indent,
		 oci_word(&oci_seccomp_action_words, sc->default_action), names, sc->syscalls.n,
		 p->seccomp_early ? "before the capability drop" : "right before execve");
	if (p->seccomp_listener)
		print_quoted("seccomp notifications to", p->listener_path, s);
}

void security_plan_print(const struct security_plan *p, struct str *s)
{
	str_addf(s, "security %s\n",
		 p->no_new_privs ? "no new privileges" : "new privileges allowed");
	print_caps(p, s);
	if (p->apparmor)
		print_quoted("apparmor profile", p->apparmor, s);
	if (p->selinux)
		print_quoted("selinux label", p->selinux, s);
	if (p->has_seccomp)
		print_seccomp(p, s);
	for (size_t i = 0; i < p->warnings.n; i++)
		str_addf(s, "%swarning: %s\n", indent, p->warnings.v[i]);
}
