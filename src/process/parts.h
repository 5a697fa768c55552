/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this room: the parts process_plan_make is put together from. All pure. */
#pragma once

#include "process/process.h"

/* plan_env.c: env without duplicates, LISTEN_*, NOTIFY_SOCKET; notes a missing HOME. */
int process_plan_env(struct arena *a, const struct oci_process *proc, const struct process_opts *o,
		     struct process_plan *out) MUST_CHECK;
/* plan_sched.c: scheduler, io priority, personality, memory policy, affinity. */
int process_plan_sched(struct arena *a, const struct oci_config *c, const struct oci_process *proc,
		       struct process_plan *out) MUST_CHECK;
/* plan_sysctl.c: the allow-list that ties keys to namespaces. */
int process_plan_sysctls(struct arena *a, const struct oci_config *c,
			 struct process_plan *out) MUST_CHECK;

/* KEY as one token of a JSON pointer ("/" -> "~1"). */
const char *process_pointer_token(struct arena *a, const char *key);

/* home.c, pure: the home directory of uid in passwd text, NULL when it has none. */
const char *process_passwd_home(struct arena *a, const char *text, uint32_t uid);
