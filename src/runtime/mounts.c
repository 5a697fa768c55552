/* SPDX-License-Identifier: Apache-2.0 */
/* mounts add, mounts remove: a child of ours enters the namespaces of a container that lives and
 * mounts there what the parent opened on the host. The container may be hostile: the child is
 * undumpable, runs nothing of it and answers by a pipe. */
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/launch.h"
#include "sys/clone.h"
#include "sys/pidfd.h"

struct change {
	struct runtime *rt;
	bool add;
	struct oci_config *config; /* the container's, with the mounts of the file */
	struct rootfs_plan plan;
	struct ns_target target;
	struct ns_plan ns; /* forks: the pid namespace is out of reach */
	int *fds;
	int answer[2];
};

static int read_mounts(struct arena *a, const char *file, struct oci_mounts **out)
{
	struct oci_diag diag;
	char *text;
	size_t len;
	if (streq(file, "-"))
		TRY(io_read_fd(a, STDIN_FILENO, "stdin", OCI_MAX_DOCUMENT, &text, &len));
	else
		TRY(io_read_file(a, AT_FDCWD, file, OCI_MAX_DOCUMENT, &text, &len));
	*out = oci_decode(a, oci_mounts_type(), text, len, 0, &diag);
	/* The planners name an entry as in config.json; so do we. */
	return *out ? 0
		    : err_msg(ERR_CONFIG, "%s: %s%s", file, *diag.text == '/' ? "/mounts" : "",
			      diag.text);
}

static int check_state(const struct container *c, const struct oci_record *rec)
{
	enum oci_status st;
	if (!rec)
		return container_not_running();
	TRY(store_status(c, rec, &st));
	return st == OCI_STOPPED || st == OCI_CREATING ? container_not_running() : 0;
}

/* Without the right to the pid namespace, a new proc would show ours. */
static int check_proc(const struct change *m)
{
	for (size_t i = 0; m->ns.forks && i < m->config->mounts.n; i++) {
		const char *type = m->config->mounts.v[i].type;
		if (type && streq(type, "proc"))
			return err_msg(ERR_UNSUPPORTED,
				       "/mounts/%zu/type: only root can add a \"proc\"", i);
	}
	return 0;
}

static int prepare_add(struct change *m)
{
	const struct rootfs_opts o = { .bundle = "/" };
	struct arena *a = m->rt->arena;
	TRY(check_proc(m));
	TRY(rootfs_live_plan(a, m->config, &m->rt->host, &o, &m->plan));
	m->fds = arena_calloc(a, m->plan.nhandles, sizeof(*m->fds));
	return rootfs_live_open(a, &m->plan, m->fds, launch_mapfd);
}

/* ---- the child ---- */

static int work(struct change *m, struct rootfs *r)
{
	TRY(rootfs_live_enter(r));
	TRY(ns_target_enter(&m->target, m->target.first));
	TRY(ns_target_enter(&m->target, m->target.last));
	TRY(ns_target_chroot(&m->target));
	/* What is made belongs to the container's root, also with a user namespace. */
	if (m->ns.userns)
		TRY(ns_become_root(&m->ns));
	TRY(rootfs_live_root(r));
	return m->add ? rootfs_live_add(&m->plan, r, m->fds) : rootfs_live_remove(r, m->config);
}

static NORETURN void child_main(struct change *m)
{
	struct rootfs r = ROOTFS_INIT;
	if (work(m, &r) >= 0)
		_exit(0);
	_exit(write(m->answer[1], err_get(), sizeof(struct err)) < 0 ? 2 : 1);
}

/* ---- the parent ---- */

static int answer_of(struct change *m, pid_t pid)
{
	struct err why;
	int status;
	close_fd(&m->answer[1]);
	ssize_t n = read(m->answer[0], &why, sizeof(why));
	if (waitpid(pid, &status, 0) < 0)
		return err_sys("waiting for the process in the container");
	if (n == (ssize_t)sizeof(why))
		return err_set(&why);
	return status ? err_msg(ERR_SYS, "the process in the container was killed") : 0;
}

static int enter(struct change *m)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys("become undumpable");
	if (pipe2(m->answer, O_CLOEXEC) < 0)
		return err_sys("making a pipe");
	TRY(ns_target_enter(&m->target, m->target.parent));
	pid_t pid = sys_clone3(0, -1, NULL, NULL);
	if (pid < 0)
		return err_sys("making a process");
	if (pid == 0)
		child_main(m);
	return answer_of(m, pid);
}

static int change(struct change *m, struct container *c, const struct oci_record *rec)
{
	struct ns_target *t = &m->target;
	TRY(runtime_host(m->rt));
	_cleanup_close_ int init = t->pidfd = sys_pidfd_open(rec->pid);
	int r = init < 0 ? err_sys("open the container's init") : container_borrow(c, rec, t);
	if (r >= 0) {
		bool own = ns_target_shares(t, rec->pid, OCI_NS_USER);
		ns_target_plan(m->config, &m->rt->host, own, &m->ns, t);
		r = ns_target_open(t, rec->pid);
	}
	if (!store_process_alive(rec->pid, rec->start_time))
		return container_not_running();
	TRY(r);
	if (ns_target_shares(t, rec->pid, OCI_NS_MOUNT))
		return err_msg(ERR_UNSUPPORTED,
			       "container \"%s\" has no mount namespace of its own", rec->id);
	if (m->add)
		TRY(prepare_add(m));
	return enter(m);
}

int runtime_mounts(struct runtime *rt, const char *id, const char *file, bool add)
{
	struct container c = CONTAINER_INIT;
	struct change m = { .rt = rt, .add = add, .answer = { -1, -1 } };
	struct oci_mounts *asked;
	struct oci_record *rec;
	ns_target_init(&m.target);
	TRY(read_mounts(rt->arena, file, &asked));
	TRY(container_open_locked(rt, id, &c, &rec));
	int r = check_state(&c, rec);
	if (r >= 0)
		r = container_config(rt, &c, &m.config);
	if (r >= 0) {
		m.config->mounts.v = asked->mounts.v;
		m.config->mounts.n = asked->mounts.n;
		r = change(&m, &c, rec);
		if (r < 0)
			r = err_wrap("%s", file);
	}
	ns_target_close(&m.target);
	close_fd(&m.answer[0]);
	close_fd(&m.answer[1]);
	store_close(&c);
	return r;
}
