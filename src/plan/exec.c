/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of a process more in a container that exists: what the container has (seccomp,
 * personality, namespaces) comes from its config, who the process is from `proc`. Pure. */
#include "plan/plan.h"

#include "config/config.h"
#include "handshake/handshake.h"

#define BIT(ask_) (1u << (ask_))

int plan_exec(struct arena *a, const struct oci_config *c, const struct host *h,
	      const struct plan_exec_opts *o, struct plan *out)
{
	const struct oci_process *proc = o->process;
	const char *keep = config_annotation(c, "run.oci.keep_original_groups");
	*out = (struct plan){
		.config = c,
		.id = o->id,
		.bundle = o->bundle,
		.has_process = true,
		.new_keyring = o->keyring,
		.asks = BIT(ASK_READY),
	};
	ns_target_plan(c, h, o->own_userns, &out->ns, o->target);
	out->ns.keep_groups = keep && streq(keep, "1");
	struct process_opts po = {
		.rootless = h->rootless,
		.userns = out->ns.userns,
		.joins = true,
		.keep_groups = out->ns.keep_groups,
		.listen_fds = o->listen_fds,
		.preserve_fds = o->preserve_fds,
		.listen_fdnames = o->listen_fdnames,
	};
	TRY(process_plan_make(a, c, proc, &po, &out->process));
	TRY(security_plan_make(a, c, proc, h, &out->security));
	out->rlimits_by_parent = out->ns.userns;
	if (!h->clone3)
		out->asks |= BIT(ASK_PLACE);
	if (out->ns.forks)
		out->asks |= BIT(ASK_INIT);
	if (out->process.terminal)
		out->asks |= BIT(ASK_CONSOLE);
	if (out->security.seccomp_listener)
		out->asks |= BIT(ASK_NOTIFY);
	return 0;
}
