/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as text: `ocirun explain` and the golden tests. Each room prints its own lines. */
#include "handshake/handshake.h"
#include "plan/plan.h"

static void print_hooks(const struct oci_hooks *h, struct str *s)
{
	if (!h)
		return;
#define KIND(member_, key_)                              \
	for (size_t i = 0; i < h->member_.n; i++) {      \
		str_add(s, "hook     " key_ " ");        \
		str_add_quoted(s, h->member_.v[i].path); \
		str_add(s, "\n");                        \
	}
	KIND(prestart, "prestart")
	KIND(create_runtime, "createRuntime")
	KIND(create_container, "createContainer")
	KIND(start_container, "startContainer")
	KIND(poststart, "poststart")
	KIND(poststop, "poststop")
#undef KIND
}

void plan_print(const struct plan *p, struct str *s)
{
	ns_plan_print(&p->ns, s);
	cgroup_plan_print(&p->cgroup, s);
	resctrl_plan_print(&p->resctrl, s);
	rootfs_plan_print(&p->rootfs, s);
	if (p->has_process) {
		process_plan_print(&p->process, s);
		security_plan_print(&p->security, s);
	} else {
		str_add(s, "process  none: create works, start will fail\n");
	}
	print_hooks(p->config->hooks, s);
	str_add(s, "asks    ");
	for (unsigned i = 0; i < ASK_COUNT; i++)
		if (p->asks & 1u << i)
			str_addf(s, " %s", ask_name((enum ask_kind)i));
	str_add(s, "\n");
}
