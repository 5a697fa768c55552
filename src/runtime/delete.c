/* SPDX-License-Identifier: Apache-2.0 */
/* delete: kill what is left, remove the cgroup, run poststop, remove the directory. Works from the
 * intent record alone, so a create that was killed half way leaves nothing that delete cannot find.
 * Surprise: --force on an unknown id succeeds silently; engines rely on it. Without --force a
 * poststop hook that fails keeps the directory, so that the cleaning can be tried again. */
#include "base/cleanup.h"
#include "base/log.h"
#include "hooks/hooks.h"
#include "runtime/launch.h"
#include "sys/pidfd.h"

#define KILL_TIMEOUT_MS 10000

/* Runs every hook that has not succeeded yet, whatever the others do; `done` has a digit each. */
static int poststop(struct runtime *rt, const struct container *c, struct oci_record *rec)
{
	struct oci_config *config;
	if (rec->no_late_hooks)
		return 0;
	if (rec->pid && store_half_removed(c))
		return 0; /* a delete came as far, and was killed */
	TRY(container_config(rt, c, &config));
	const struct oci_hooks *h = config->hooks;
	if (!h || !h->poststop.n)
		return 0;
	char *done = arena_alloc(rt->arena, h->poststop.n + 1);
	memset(done, '0', h->poststop.n);
	done[h->poststop.n] = '\0';
	if (rec->poststop_done && strlen(rec->poststop_done) == h->poststop.n)
		memcpy(done, rec->poststop_done, h->poststop.n);
	rec->poststop_done = done;
	struct plan p = { .config = config, .id = rec->id, .bundle = rec->bundle };
	struct hooks run = { .kind = "poststop",
			     .v = h->poststop.v,
			     .n = h->poststop.n,
			     .cwd = rec->bundle,
			     .out_path = config_annotation(config, "run.oci.hooks.stdout"),
			     .err_path = config_annotation(config, "run.oci.hooks.stderr"),
			     .done = done };
	return hooks_run(rt->arena, &run, plan_state_json(rt->arena, &p, OCI_STOPPED, 0));
}

static int stop_unit(const struct oci_record *rec)
{
	struct cgroup_unit u = { .name = rec->systemd_unit, .user_bus = rec->systemd_user };
	return cgroup_unit_stop(&u, !rec->pid);
}

/* A scope whose processes systemd or the OOM killer ended has no cgroup any more, but as a failed
 * unit it keeps its name until somebody takes it away. Another's cgroup there is left alone. */
static int forget_unit(const struct oci_record *rec)
{
	struct cgroup_unit u = { .name = rec->systemd_unit, .user_bus = rec->systemd_user };
	if (!u.name || cgroup_is(rec->cgroup_path, 0) != 0) {
		err_clear();
		return 0;
	}
	if (cgroup_unit_stop(&u, true) < 0) {
		log_warn("%s", err_get()->text);
		err_clear();
	}
	return 0;
}

/* The last one out removes it. */
static int remove_shared(struct arena *a, const char *path)
{
	pid_t *pids;
	size_t n;
	TRY(cgroup_procs(a, path, &pids, &n));
	return n ? 0 : cgroup_remove(path);
}

/* Surprise: without a pid in the record the create was killed somewhere between its intent and the
 * end, perhaps before it saw that the cgroup is in use by others. So nothing in it is killed: the
 * half-made init dies with its creator, and what then remains is not ours. */
static int remove_cgroup(struct arena *a, const struct oci_record *rec)
{
	if (!rec->cgroup_path)
		return 0;
	if (rec->shared_cgroup)
		return remove_shared(a, rec->cgroup_path);
	if (rec->pid && !TRY(container_owns_cgroup(rec)))
		return forget_unit(rec);
	if (rec->pid && !rec->own_pidns)
		TRY(cgroup_kill(rec->cgroup_path, SIGKILL));
	if (stop_unit(rec) < 0) {
		/* A bus that is gone (the user's last session ended) must not keep a container for
		 * ever: what counts is that its cgroup can go. */
		log_warn("%s", err_get()->text);
		err_clear();
	}
	int r = cgroup_remove(rec->cgroup_path);
	if (r < 0 && !rec->pid) {
		log_warn("%s", err_get()->text);
		err_clear();
		return 0;
	}
	return r;
}

/* A create that was killed has made the way to its cgroup, too. Of a container that ran, the way
 * stays: others may count on it by now. */
static void remove_way(const struct container *c, const struct oci_record *rec)
{
	const char *made = rec->cgroup_path ? rec->cgroup_made : NULL;
	const char *rest = made ? after_prefix(rec->cgroup_path, made) : NULL;
	if (rest && *rest == '/' && (!rec->pid || store_never_started(c)))
		cgroup_remove_made(rec->cgroup_path, (size_t)(strrchr(made, '/') - made));
}

/* A create that was killed may not have come to make them: then they are others' if in use. */
static int remove_resctrl(struct runtime *rt, const struct oci_record *rec)
{
	bool only_empty = !rec->pid;
	TRY(resctrl_remove(rt->arena, rec->resctrl_monitor, only_empty));
	return rec->resctrl_own ? resctrl_remove(rt->arena, rec->resctrl_group, only_empty) : 0;
}

/* What is gone already must not be looked for again: its place may be somebody else's by then. */
static int keep_for_retry(struct runtime *rt, struct container *c, struct oci_record *rec)
{
	struct err why = *err_get();
	rec->cgroup_path = NULL;
	rec->root_mount = 0;
	rec->resctrl_group = rec->resctrl_monitor = NULL;
	rec->status = OCI_STOPPED;
	TRY(store_save(rt->arena, c, rec));
	int r = err_set(&why);
	err_hint("the container is kept: delete again runs the hooks that have failed, "
		 "delete --force goes on without them");
	return r;
}

int destroy(struct runtime *rt, struct container *c, struct oci_record *rec, bool forgive)
{
	if (!forgive && !rec->no_late_hooks)
		rec->oom_killed = oom_seen(rec); /* for a container that a failed hook keeps */
	TRY(remove_cgroup(rt->arena, rec));
	remove_way(c, rec);
	TRY(remove_resctrl(rt, rec));
	if (rec->root_mount)
		TRY(rootfs_unmount_leftovers(rec->rootfs, rec->root_mount));
	if (poststop(rt, c, rec) < 0) {
		if (!forgive)
			return keep_for_retry(rt, c, rec);
		log_warn("%s", err_get()->text);
		err_clear();
	}
	return store_remove(c);
}

int kill_init(pid_t pid, uint64_t start_time)
{
	_cleanup_close_ int fd = sys_pidfd_open(pid);
	if (fd < 0 || !store_process_alive(pid, start_time))
		return 0;
	if (sys_pidfd_signal(fd, SIGKILL) < 0)
		return errno == ESRCH ? 0 : err_sys("kill the container's init");
	int r = sys_pidfd_wait_exit(fd, KILL_TIMEOUT_MS);
	if (r < 0)
		return err_sys("wait for the container's init");
	if (r == 0 && store_process_alive(pid, start_time))
		return err_msg(ERR_STATE, "container init still running");
	return 0;
}

static int delete_locked(struct runtime *rt, struct container *c, bool force)
{
	struct oci_record *rec = NULL;
	enum oci_status st;
	int r = store_load(rt->arena, c, &rec);
	if (r == STORE_NO_RECORD || (r < 0 && force)) {
		if (r < 0) {
			log_warn("%s", err_get()->text);
			err_clear();
		}
		return store_remove(c);
	}
	if (r < 0)
		return r;
	TRY(store_status(c, rec, &st));
	bool half_made = !rec->pid;
	if (st != OCI_STOPPED && st != OCI_CREATED && !force)
		return err_msg(ERR_STATE, "cannot delete container %s that is not stopped: %s",
			       c->id, oci_word(&oci_status_words, (int)st));
	if (half_made)
		TRY(kill_init(rec->creator_pid, rec->creator_start));
	else if (st != OCI_STOPPED)
		TRY(kill_init(rec->pid, rec->start_time));
	return destroy(rt, c, rec, force || half_made);
}

int runtime_delete(struct runtime *rt, const char *id, bool force)
{
	struct container c = CONTAINER_INIT;
	const char *root;
	TRY(store_check_id(id));
	TRY(runtime_identity(rt));
	TRY(store_root(rt->arena, rt->root, rt->host.rootless, false, &root));
	int r = store_open(root, id, &c);
	if (r >= 0)
		r = store_lock(&c);
	if (r < 0) {
		store_close(&c);
		if (force && r == -ENOENT) {
			err_clear();
			return 0;
		}
		return r;
	}
	r = delete_locked(rt, &c, force);
	store_close(&c);
	return r < 0 ? r : 0;
}
