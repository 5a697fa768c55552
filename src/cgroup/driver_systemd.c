/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup is that of a transient unit of systemd, which needs a process to begin with. So
 * `create` only starts ocirun-systemd, which connects to the bus while we go on, and the unit is
 * made around the container's first process when that asks for its place.
 * Surprise: limits are told twice, as properties and as files. Properties outlive a daemon-reload;
 * files cover what systemd has no property for, rounds or ignores. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/driver.h"

#define DENIED "container could not join or create cgroup"

static int systemd_create(const struct cgroup_plan *p, struct cgroup *out)
{
	struct cgroup cg = { .dir_fd = -1, .path = p->path, .unit = &p->unit };
	TRY(cgroup_talk_open(&p->unit, &cg.talk));
	*out = cg;
	return CGROUP_LATER;
}

static int systemd_update(const struct cgroup_plan *p, const struct cgroup *cg)
{
	(void)cg;
	return cgroup_unit_update(&p->unit, &p->res);
}

const struct cgroup_driver cgroup_driver_systemd = { .name = "systemd",
						     .create = systemd_create,
						     .update = systemd_update };

/* ---- the unit ---- */

static int start_unit(struct arena *a, const struct cgroup_plan *p, struct cgroup *cg, pid_t pid)
{
	const struct cgroup_unit *u = &p->unit;
	struct cgroup_words q = { 0 };
	struct oci_strs answer;

	vec_push(a, &q, "start");
	vec_push(a, &q, u->name);
	cgroup_talk_props(a, &u->props, &q);
	if (!u->is_slice) {
		vec_push(a, &q, "PIDs");
		vec_push(a, &q, "au");
		vec_push(a, &q, "2");
		vec_push(a, &q, "1");
		vec_push(a, &q, arena_printf(a, "%d", (int)pid));
	}
	TRY(cgroup_talk_ask(a, &cg->talk, &q, &answer));
	if (answer.n != 3 || answer.v[1][0] != '/')
		return err_msg(ERR_SYS, "systemd does not say where unit \"%s\" is", u->name);
	cg->created = streq(answer.v[2], "new");
	const char *sub = u->subgroup && *u->subgroup ? u->subgroup : NULL;
	cg->path =
		arena_printf(a, "%s%s%s%s", p->root, answer.v[1], sub ? "/" : "", sub ? sub : "");
	if (!streq(cg->path, p->path))
		log_debug("unit %s is at \"%s\", not at \"%s\"", u->name, cg->path, p->path);
	return 0;
}

/* ---- a cgroup below the scope ---- */

/* Once the scope itself is empty, it may pass its controllers on. */
static void pass_controllers(int scope_fd)
{
	char list[512], word[64];
	_cleanup_close_ int fd = openat(scope_fd, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || cgroup_read_small(scope_fd, "cgroup.controllers", list, sizeof(list)) < 0)
		return; /* then the limit's own write explains itself */
	for (char *p = list; *p; p += strspn(p, " \n")) {
		size_t n = strcspn(p, " \n");
		int len = snprintf(word, sizeof(word), "+%.*s", (int)n, p);
		if (n && write(fd, word, (size_t)len) < 0)
			log_debug("cgroup controller %s cannot be passed on: %s", word + 1,
				  err_text(errno));
		p += n;
	}
}

static int enter_subgroup(struct arena *a, struct cgroup *cg, pid_t pid)
{
	const char *name = cg->unit->subgroup;
	_cleanup_close_ int scope = -1;
	const char *dir = arena_strndup(a, cg->path, strlen(cg->path) - strlen(name) - 1);

	if (TRY(cgroup_dir_open(dir, &scope)) == CGROUP_GONE)
		return err_msg(ERR_STATE, DENIED ": \"%s\" is gone", dir);
	if (mkdirat(scope, name, 0755) < 0 && errno != EEXIST)
		return err_sys(DENIED ": create \"%s\"", cg->path);
	if (TRY(cgroup_dir_open(cg->path, &cg->dir_fd)) == CGROUP_GONE)
		return err_msg(ERR_STATE, DENIED ": \"%s\" is gone", cg->path);
	TRY(cgroup_place(cg, pid));
	pass_controllers(scope);
	return 0;
}

/* A slice may hold the units of others already, even one that systemd says is new: those that it
 * made for a unit in it do not count as existing. Undoing must not end them. */
static int enter_slice(const struct cgroup_plan *p, struct cgroup *cg, pid_t pid)
{
	struct cgroup_events ev;
	TRY(cgroup_read_events(cg->dir_fd, &ev));
	if (ev.populated)
		cg->created = false;
	if (ev.populated && !p->shared)
		return cgroup_not_ours(err_msg(
			ERR_STATE, "container's cgroup is not empty: processes found in \"%s\"",
			cg->path));
	return cgroup_place(cg, pid);
}

int cgroup_begin(struct arena *a, const struct cgroup_plan *p, struct cgroup *cg, pid_t pid)
{
	TRY(start_unit(a, p, cg, pid));
	cgroup_talk_close(&cg->talk);
	if (p->unit.subgroup && *p->unit.subgroup)
		return enter_subgroup(a, cg, pid);
	if (TRY(cgroup_dir_open(cg->path, &cg->dir_fd)) == CGROUP_GONE)
		return err_msg(ERR_STATE, DENIED ": \"%s\" of unit \"%s\" is gone", cg->path,
			       p->unit.name);
	return p->unit.is_slice ? enter_slice(p, cg, pid) : 0;
}

/* ---- a unit that exists ---- */

static int ask_once(struct arena *a, const struct cgroup_unit *u, const struct cgroup_words *q)
{
	struct cgroup_talk t;
	TRY(cgroup_talk_open(u, &t));
	int r = cgroup_talk_ask(a, &t, q, NULL);
	cgroup_talk_close(&t);
	return r;
}

int cgroup_unit_stop(const struct cgroup_unit *u, bool only_empty)
{
	if (!u->name)
		return 0;
	struct arena *a = arena_new();
	struct cgroup_words q = { 0 };
	vec_push(a, &q, "stop");
	vec_push(a, &q, u->name);
	if (only_empty)
		vec_push(a, &q, "empty");
	int r = ask_once(a, u, &q);
	arena_free(a);
	return r;
}

int cgroup_unit_update(const struct cgroup_unit *u, const struct cgroup_resources *r)
{
	if (!u->name)
		return 0;
	struct arena *a = arena_new();
	struct cgroup_words q = { 0 };
	struct cgroup_props props = { 0 };
	vec_push(a, &q, "set");
	vec_push(a, &q, u->name);
	cgroup_resources_props(a, r, u->user_bus, &props);
	cgroup_talk_props(a, &props, &q);
	int done = props.n ? ask_once(a, u, &q) : 0;
	arena_free(a);
	return done;
}

int cgroup_unit_attach(const struct cgroup_unit *u, const char *sub, pid_t pid)
{
	if (!u->name)
		return 0;
	struct arena *a = arena_new();
	struct cgroup_words q = { 0 };
	vec_push(a, &q, "attach");
	vec_push(a, &q, u->name);
	vec_push(a, &q, *sub ? arena_printf(a, "/%s", sub + strspn(sub, "/")) : "");
	vec_push(a, &q, arena_printf(a, "%d", (int)pid));
	int r = ask_once(a, u, &q);
	arena_free(a);
	return r;
}
