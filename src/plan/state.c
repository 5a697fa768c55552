/* SPDX-License-Identifier: Apache-2.0 */
/* The state document (runtime-spec, runtime.md "State"), for hooks and seccomp agents. */
#include "plan/plan.h"

char *plan_state_json(struct arena *a, const struct plan *p, enum oci_status status, pid_t pid)
{
	struct oci_state st = {
		.oci_version = p->config->oci_version,
		.id = p->id,
		.status = status,
		.bundle = p->bundle,
		.annotations = p->config->annotations,
	};
	size_t len;
	if (pid > 0)
		st.pid = (struct oci_i32){ .v = pid, .set = true };
	return oci_encode(a, oci_state_type(), &st, NULL, &len);
}
