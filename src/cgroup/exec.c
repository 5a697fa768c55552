/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup for one exec, with limits of its own, in the container's. Made and removed under the
 * container's lock, so the empty ones found are of execs that have ended.
 * Surprise: while processes are in the container's cgroup itself, the kernel passes only threaded
 * controllers (cpu, cpuset, pids) on, and only to threaded cgroups; so ours becomes one, and memory
 * or io are refused. With the annotation for a leaf, or a container that keeps its processes in
 * cgroups of its own, there is nobody beside ours, and it can have every limit. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/driver.h"

enum { MAX_NAMES = 1000 };

/* The key in config.json of the first limit that needs the controller. */
static const char *key_of(const struct cgroup_resources *r, const char *controller)
{
	char name[64];
	for (size_t i = 0; i < r->writes.n; i++)
		if (streq(cgroup_controller_of(name, sizeof(name), r->writes.v[i].file),
			  controller))
			return r->writes.v[i].key;
	return CGROUP_KEY();
}

static int not_passed_on(const struct cgroup_plan *p, const char *base, const char *c)
{
	bool threaded = cgroup_is_threaded(c);
	int r = err_msg(ERR_UNSUPPORTED,
			"setting %s: the kernel does not pass the controller \"%s\" on below the "
			"container's cgroup \"%s\", because processes are in it%s",
			key_of(&p->res, c), c, base,
			threaded ? " and in cgroups below, too" : " (only cpu, cpuset and pids)");
	err_hint("the annotation " CGROUP_LEAF_KEY "=NAME, at create, puts the container's "
		 "processes into a cgroup of their own");
	return r;
}

/* What was on before is not ours to switch off later. */
static int pass_on(struct arena *a, const struct cgroup_plan *p, const struct cgroup *base,
		   const char **enabled)
{
	char have[512], on[512], word[64];
	if (cgroup_read_small(base->dir_fd, "cgroup.controllers", have, sizeof(have)) < 0 ||
	    cgroup_read_small(base->dir_fd, "cgroup.subtree_control", on, sizeof(on)) < 0)
		return err_sys("read the controllers of cgroup \"%s\"", base->path);
	for (size_t i = 0; i < p->res.controllers.n; i++) {
		const char *c = p->res.controllers.v[i];
		if (!cgroup_has_word(have, c) || cgroup_has_word(on, c))
			continue; /* one that is missing: its limit explains it */
		_cleanup_close_ int fd =
			openat(base->dir_fd, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
		int n = snprintf(word, sizeof(word), "+%s", c);
		if (fd < 0 || write(fd, word, (size_t)n) < 0)
			return errno == EBUSY || errno == EOPNOTSUPP
				       ? not_passed_on(p, base->path, c)
				       : err_sys("setting %s: pass the controller \"%s\" on in "
						 "\"%s\"",
						 key_of(&p->res, c), c, base->path);
		*enabled = arena_printf(a, "%s%s%s", *enabled, **enabled ? " " : "", c);
	}
	return 0;
}

static void switch_off(const struct cgroup *base, const char *enabled)
{
	char word[64];
	for (const char *s = enabled; *s; s += strspn(s, " ")) {
		size_t len = strcspn(s, " ");
		_cleanup_close_ int fd =
			openat(base->dir_fd, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
		int n = snprintf(word, sizeof(word), "-%.*s", (int)len, s);
		if (fd < 0 || write(fd, word, (size_t)n) < 0)
			log_debug("cgroup controller %s stays on in \"%s\": %s", word + 1,
				  base->path, err_text(errno));
		s += len;
	}
}

static int sweep(const struct cgroup *base, const char **enabled)
{
	bool busy = false;
	_cleanup_dir_ DIR *d = cgroup_list_dir(base->dir_fd);
	if (!d)
		return cgroup_is_gone(errno) ? 0 : err_sys("list cgroup \"%s\"", base->path);
	for (struct dirent *e; (e = readdir(d));) {
		if (!cgroup_is_child(e) || !after_prefix(e->d_name, CGROUP_EXEC_PREFIX))
			continue;
		if (unlinkat(base->dir_fd, e->d_name, AT_REMOVEDIR) == 0 || cgroup_is_gone(errno))
			continue;
		if (errno != EBUSY)
			return err_sys("remove cgroup \"%s/%s\"", base->path, e->d_name);
		busy = true;
	}
	if (!busy && **enabled) {
		switch_off(base, *enabled);
		*enabled = "";
	}
	return 0;
}

static int make_dir(struct arena *a, const struct cgroup *base, struct cgroup *out)
{
	for (int i = 0; i < MAX_NAMES; i++) {
		const char *name = arena_printf(a, CGROUP_EXEC_PREFIX "%d-%d", (int)getpid(), i);
		if (mkdirat(base->dir_fd, name, 0755) < 0 && errno == EEXIST)
			continue;
		*out = (struct cgroup){ .created = true,
					.path = arena_printf(a, "%s/%s", base->path, name) };
		out->dir_fd = openat(base->dir_fd, name,
				     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return out->dir_fd < 0 ? err_sys("make cgroup \"%s\"", out->path) : 0;
	}
	return err_msg(ERR_STATE, "too many cgroups of execs in \"%s\"", base->path);
}

static int limit(struct arena *a, const struct cgroup_plan *p, const struct cgroup *base,
		 const struct cgroup *cg, const char **enabled)
{
	TRY(pass_on(a, p, base, enabled));
	TRY(cgroup_check_type(p, cg));
	TRY(cgroup_limits(p, cg));
	return p->device_prog_len ? cgroup_devices(p, cg) : 0;
}

static int make(struct arena *a, struct cgroup_plan *p, const struct cgroup *base,
		const char **enabled, struct cgroup *out)
{
	struct cgroup cg = { .dir_fd = -1 };
	TRY(cgroup_enable_controllers(p, base));
	TRY(sweep(base, enabled));
	int r = make_dir(a, base, &cg);
	p->path = cg.path;
	if (r >= 0)
		r = limit(a, p, base, &cg, enabled);
	if (r >= 0) {
		*out = cg;
		return 0;
	}
	struct err why = *err_get();
	cgroup_close(&cg);
	err_dropped(sweep(base, enabled)); /* nobody is in it yet */
	return err_set(&why);
}

int cgroup_exec_make(struct arena *a, const struct cgroup_plan *base,
		     const struct oci_resources *asked, const char **enabled, struct cgroup *out)
{
	struct cgroup_plan p = *base;
	struct cgroup c;
	p.device_prog_len = 0;
	TRY(cgroup_resources_make(a, asked, &p.res));
	/* The container's rules hold besides, so without any it needs no program. */
	if (asked->devices.n)
		TRY(cgroup_plan_devices(a, &p));
	if (TRY(cgroup_open(base->path, &c)) == CGROUP_GONE)
		return err_msg(ERR_STATE, "the container's cgroup \"%s\" is gone", base->path);
	int r = make(a, &p, &c, enabled, out);
	cgroup_close(&c);
	return r;
}

int cgroup_exec_sweep(const char *base, const char **enabled)
{
	struct cgroup c;
	if (TRY(cgroup_open(base, &c)) == CGROUP_GONE)
		return 0;
	int r = sweep(&c, enabled);
	cgroup_close(&c);
	return r;
}

/* ---- the leaf ---- */

int cgroup_leaf_open(struct arena *a, const struct cgroup_plan *p, const struct cgroup *cg,
		     struct cgroup *out)
{
	*out = (struct cgroup){ .dir_fd = -1, .path = "" };
	if (!p->leaf || cg->dir_fd < 0)
		return 0;
	out->path = arena_printf(a, "%s/%s", cg->path, p->leaf);
	if (mkdirat(cg->dir_fd, p->leaf, 0755) < 0 && errno != EEXIST)
		return err_sys("make cgroup \"%s\"", out->path);
	out->dir_fd =
		openat(cg->dir_fd, p->leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out->dir_fd < 0 ? err_sys("open cgroup \"%s\"", out->path) : 0;
}
