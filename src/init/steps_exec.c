/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters for the steps after the pivot: giving privileges up, waiting, execve. Everything that
 * belongs to the process is skipped when the config has none. */
#include "init/steps.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "hooks/hooks.h"
#include "store/store.h"

/* Late, so that what we ourselves have to say until here goes where our caller looks. */
static int take_stdio(const int *fds)
{
	for (int i = 0; fds && i < 3; i++)
		if (fds[i] >= 0 && dup2(fds[i], i) < 0)
			return err_sys("put the file of standard stream %d in its place", i);
	return 0;
}

int step_limits(struct init *in)
{
	TRY(take_stdio(in->stdio));
	if (!in->plan->has_process)
		return 0;
	TRY(process_limits(&in->plan->process));
	if (!in->plan->rlimits_by_parent)
		TRY(process_rlimits(&in->plan->process, 0));
	return process_stdio_owner(&in->plan->process);
}

int step_labels(struct init *in)
{
	TRY(security_labels_apply(&in->plan->security, in->labels_fd));
	close_fd(&in->labels_fd);
	return 0;
}

int step_nnp(struct init *in)
{
	return security_no_new_privs(&in->plan->security);
}

int step_seccomp_early(struct init *in)
{
	_cleanup_close_ int listener = -1;
	if (!in->plan->security.seccomp_early)
		return 0;
	TRY(security_seccomp_load(in->filter, &listener));
	return handshake_ask(&in->sock, ASK_NOTIFY, listener);
}

int step_home(struct init *in)
{
	return in->plan->has_process ? process_home(in->arena, &in->plan->process, &in->env) : 0;
}

int step_cwd_early(struct init *in)
{
	if (!in->plan->has_process)
		return 0;
	in->cwd_early = TRY(process_cwd_early(&in->plan->process));
	return 0;
}

int step_bound(struct init *in)
{
	return in->plan->has_process ? security_drop_bounding(&in->plan->security) : 0;
}

int step_identity(struct init *in)
{
	if (!in->plan->has_process)
		return 0;
	TRY(security_keep_caps());
	TRY(process_become(&in->plan->process));
	/* The kernel clears it when the identity changes. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys("set the parent death signal");
	return 0;
}

int step_caps(struct init *in)
{
	return in->plan->has_process ? security_apply_caps(&in->plan->security) : 0;
}

int step_cwd(struct init *in)
{
	return in->plan->has_process ? process_cwd(&in->plan->process, in->cwd_early) : 0;
}

int step_program(struct init *in)
{
	if (!in->plan->has_process)
		return 0;
	return process_find_program(in->arena, &in->plan->process, in->env, &in->program);
}

int step_ready(struct init *in)
{
	/* A created container outlives the runtime. If the runtime dies right here, the broken talk
	 * ends us. */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys("clear the parent death signal");
	return handshake_ask(&in->sock, ASK_READY, -1);
}

/* Until `start` has come. Who borrows gets what there is: its troubles are not ours. */
static int wait_for_start(struct init *in)
{
	for (;;) {
		_cleanup_close_ int conn = -1;
		bool starts;
		TRY(store_start_accept(in->start_fd, &starts, &conn));
		if (starts) {
			in->start_conn = take_fd(&conn);
			return 0;
		}
		err_dropped(ns_lend_give(conn, in->lent));
	}
}

int step_wait(struct init *in)
{
	if (in->start_fd >= 0) {
		handshake_close(&in->sock);
		TRY(wait_for_start(in));
		close_fd(&in->start_fd);
		for (size_t i = 0; i < ARRAY_SIZE(in->lent); i++)
			close_fd(&in->lent[i]);
	}
	if (!in->plan->has_process)
		return err_msg(ERR_CONFIG, "/process: is required to start a container");
	return 0;
}

int step_start_hooks(struct init *in)
{
	const struct oci_hooks *h = in->plan->config->hooks;
	if (!h || !h->start_container.n)
		return 0;
	struct hooks run = {
		.kind = "startContainer",
		.v = h->start_container.v,
		.n = h->start_container.n,
		.env = (const char *const *)in->env,
	};
	return hooks_run(in->arena, &run,
			 plan_state_json(in->arena, in->plan, OCI_CREATED, getpid()));
}

int step_close(struct init *in)
{
	TRY(process_signals());
	return process_close_fds(&in->plan->process);
}

int step_seccomp_late(struct init *in)
{
	if (in->plan->security.seccomp_early)
		return 0;
	return security_seccomp_load(in->filter, NULL);
}

int step_exec(struct init *in)
{
	return process_exec(&in->plan->process, in->program, (const char *const *)in->env);
}
