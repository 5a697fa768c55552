/* SPDX-License-Identifier: Apache-2.0 */
/* kill: a signal to init, by pidfd and start time, so that a reused pid is never hit. When the pid
 * namespace is shared, SIGKILL goes to the whole cgroup: killing init would leave its children.
 * Surprise: in a cgroup that containers share nothing but init can be told from the others. */
#include "base/cleanup.h"
#include "runtime/launch.h"
#include "sys/pidfd.h"

static int not_running(bool all)
{
	return all ? 0 : container_not_running();
}

static int signal_init(const struct oci_record *rec, int signo, bool all)
{
	_cleanup_close_ int fd = sys_pidfd_open(rec->pid);
	if (fd < 0 && errno == ESRCH)
		return not_running(all);
	if (fd < 0)
		return err_sys("open process %d", (int)rec->pid);
	/* The pidfd is open: if the start time fits now, it is and stays our process. */
	if (!store_process_alive(rec->pid, rec->start_time))
		return not_running(all);
	if (sys_pidfd_signal(fd, signo) < 0)
		return errno == ESRCH ? not_running(all) : err_sys("send signal %d", signo);
	return 0;
}

/* A path alone proves nothing: another container may have been given it since. */
int container_owns_cgroup(const struct oci_record *rec)
{
	if (!rec->cgroup_path || rec->shared_cgroup)
		return 0;
	return cgroup_is(rec->cgroup_path, rec->cgroup_id);
}

int runtime_kill(struct runtime *rt, const char *id, int signo, bool all)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	TRY(container_open(rt, id, &c, &rec));
	store_close(&c);
	if (!rec || !rec->pid)
		return not_running(all);
	bool whole = signo && (all || (signo == SIGKILL && !rec->own_pidns));
	if (whole && TRY(container_owns_cgroup(rec))) {
		int r = TRY(cgroup_kill(rec->cgroup_path, signo));
		return r == CGROUP_GONE ? not_running(all) : 0;
	}
	return signal_init(rec, signo, all);
}
