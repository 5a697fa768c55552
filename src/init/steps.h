/* SPDX-License-Identifier: Apache-2.0 */
/* Private to init/: the adapters between the step table and the rooms. */
#pragma once

#include "init/init.h"

/* steps.c: up to the pivot */
int step_shed(struct init *in);
int step_guard(struct init *in);
int step_place(struct init *in);
int step_join_early(struct init *in);
int step_userns(struct init *in);
int step_map_ids(struct init *in);
int step_root_inside(struct init *in);
int step_namespaces(struct init *in);
int step_final(struct init *in);
int step_session(struct init *in);
int step_cgroupns(struct init *in);
int step_network(struct init *in);
int step_mounts(struct init *in);
int step_devices(struct init *in);
int step_terminal(struct init *in);
int step_kernel(struct init *in);
int step_runtime_hooks(struct init *in);
int step_container_hooks(struct init *in);
int step_mask(struct init *in);
int step_make_cwd(struct init *in);
int step_finish_root(struct init *in);
int step_lend(struct init *in);
int step_pivot(struct init *in);

/* steps_exec.c: from the pivot to execve */
int step_limits(struct init *in);
int step_labels(struct init *in);
int step_nnp(struct init *in);
int step_seccomp_early(struct init *in);
int step_home(struct init *in);
int step_cwd_early(struct init *in);
int step_bound(struct init *in);
int step_identity(struct init *in);
int step_caps(struct init *in);
int step_cwd(struct init *in);
int step_program(struct init *in);
int step_ready(struct init *in);
int step_wait(struct init *in);
int step_start_hooks(struct init *in);
int step_close(struct init *in);
int step_seccomp_late(struct init *in);
int step_exec(struct init *in);
