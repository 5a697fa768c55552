/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the cgroup by mkdir in the cgroup2 mount. Every component is opened by descriptor, without
 * symlinks. A cgroup that is there already is used only when it is empty; a frozen one (itself or
 * through a parent) is refused, because the container would never come to its first instruction.
 * Surprise: controllers are switched on only when one that is wanted is missing: each one costs
 * memory and time in every cgroup below. */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/driver.h"

#define DENIED    "container could not join or create cgroup"
#define DIR_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* What engines read statistics from, limits or not. */
static const char *const stat_controllers[] = { "cpu", "io", "memory", "pids" };

/* "/sys/fs/cgroup/a/b" -> "a/b" */
static const char *below_root(const struct cgroup_plan *p)
{
	const char *rest = after_prefix(p->path, p->root);
	return rest ? rest + strspn(rest, "/") : "";
}

static int open_root(const struct cgroup_plan *p, int *out)
{
	struct statfs fs;
	_cleanup_close_ int fd = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(DENIED ": open \"%s\"", p->root);
	if ((unsigned long)fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_msg(ERR_UNSUPPORTED, DENIED ": \"%s\" is not a cgroup v2 file system",
			       p->root);
	*out = take_fd(&fd);
	return 0;
}

/* ---- making the directory ---- */

/* Open (made first if missing) one component of the way; `last` one: is it new? */
static int enter(const struct cgroup_plan *p, int *dir_fd, const char *name, bool *created)
{
	*created = mkdirat(*dir_fd, name, 0755) == 0;
	if (!*created && errno != EEXIST) {
		/* A read-only mount answers EROFS before it looks whether the name is there. */
		int saved = errno;
		struct stat st;
		if (fstatat(*dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sysno(saved, DENIED ": create \"%s\" for \"%s\"", name, p->path);
	}
	int fd = openat(*dir_fd, name, O_RDONLY | DIR_FLAGS);
	if (fd < 0) {
		int r = err_sys(DENIED ": open \"%s\" of \"%s\"", name, p->path);
		if (*created)
			unlinkat(*dir_fd, name, AT_REMOVEDIR);
		return r;
	}
	close(*dir_fd);
	*dir_fd = fd;
	return 0;
}

/* mkdir first, also for the components on the way: mostly there is only one, and mkdir of what
 * exists is as cheap as open. */
static int make_dirs(const struct cgroup_plan *p, int root_fd, struct cgroup *cg)
{
	char name[NAME_MAX + 1];
	_cleanup_close_ int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_sys("duplicate a descriptor");
	for (const char *s = below_root(p); *s; s += strspn(s, "/")) {
		size_t n = strcspn(s, "/");
		if (n > NAME_MAX)
			return err_msg(ERR_CONFIG,
				       "/linux/cgroupsPath: a component is longer than %d bytes",
				       NAME_MAX);
		memcpy(name, s, n);
		name[n] = '\0';
		TRY(enter(p, &fd, name, &cg->created));
		/* Below a new one all are new. */
		if (cg->created && !cg->kept)
			cg->kept = (size_t)(s - 1 - p->path);
		s += n;
	}
	cg->dir_fd = take_fd(&fd);
	return 0;
}

/* ---- is it fit for a container? ---- */

int cgroup_not_ours(int r)
{
	err_hint("the annotation " CGROUP_SHARED_KEY "=true lets containers share a cgroup");
	return r;
}

static int check_idle(const struct cgroup_plan *p, const struct cgroup *cg)
{
	struct cgroup_events ev;
	size_t n = 0;

	TRY(cgroup_read_events(cg->dir_fd, &ev));
	if (ev.populated && !p->shared)
		TRY(cgroup_count_procs(cg->dir_fd, &n));
	if (n)
		return cgroup_not_ours(err_msg(
			ERR_STATE,
			"container's cgroup is not empty: %zu process(es) found in \"%s\"", n,
			cg->path));
	if (ev.frozen)
		return err_msg(ERR_STATE, "container's cgroup unexpectedly frozen: \"%s\"",
			       cg->path);
	return 0;
}

bool cgroup_is_threaded(const char *controller)
{
	return streq(controller, "cpu") || streq(controller, "cpuset") ||
	       streq(controller, "perf_event") || streq(controller, "pids");
}

/* Below a threaded cgroup a new one is "domain invalid": processes may enter only once it is
 * threaded too, and then only threaded controllers work. */
int cgroup_check_type(const struct cgroup_plan *p, const struct cgroup *cg)
{
	char type[32];

	if (!strchr(below_root(p), '/'))
		return 0; /* children of the root are always domains */
	if (cgroup_read_small(cg->dir_fd, "cgroup.type", type, sizeof(type)) < 0)
		return errno == ENOENT ? 0 : err_sys("read the type of cgroup \"%s\"", cg->path);
	if (!streq(type, "domain invalid\n"))
		return 0;
	for (size_t i = 0; i < p->res.controllers.n; i++)
		if (!cgroup_is_threaded(p->res.controllers.v[i]))
			return err_msg(ERR_STATE,
				       "cannot enter cgroupv2 \"%s\" with domain controllers -- "
				       "it is in an invalid state",
				       cg->path);
	_cleanup_close_ int fd = openat(cg->dir_fd, "cgroup.type", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "threaded", 8) < 0)
		return err_sys("make cgroup \"%s\" threaded", cg->path);
	return 0;
}

/* ---- controllers ---- */

/* The controllers that are wanted, that the root offers and that the cgroup lacks: " +a +b". */
static size_t missing_controllers(const struct cgroup_plan *p, int root_fd, const struct cgroup *cg,
				  char names[][64], size_t max)
{
	char offered[512], have[512];
	size_t n = 0;

	if (cgroup_read_small(root_fd, "cgroup.controllers", offered, sizeof(offered)) < 0 ||
	    cgroup_read_small(cg->dir_fd, "cgroup.controllers", have, sizeof(have)) < 0)
		return 0; /* then the limit's own write explains itself */
	size_t stats = ARRAY_SIZE(stat_controllers);
	for (size_t i = 0; i < stats + p->res.controllers.n && n < max; i++) {
		const char *c = i < stats ? stat_controllers[i] : p->res.controllers.v[i - stats];
		if (!cgroup_has_word(offered, c) || cgroup_has_word(have, c))
			continue;
		snprintf(names[n++], sizeof(names[0]), "+%s", c);
	}
	return n;
}

/* One by one: a controller that cannot be had must not take the others with it. What is missing in
 * the end is reported by the limit that needs it. */
static void pass_on(int dir_fd, char names[][64], size_t n)
{
	_cleanup_close_ int fd = openat(dir_fd, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		if (fd < 0 || write(fd, names[i], strlen(names[i])) < 0)
			log_debug("cgroup controller %s cannot be switched on: %s", names[i] + 1,
				  err_text(errno));
}

/* From the root down to the parent of the container's cgroup. */
static int enable_controllers(const struct cgroup_plan *p, int root_fd, const struct cgroup *cg)
{
	char names[24][64], name[NAME_MAX + 1];
	size_t n = missing_controllers(p, root_fd, cg, names, ARRAY_SIZE(names));

	if (!n)
		return 0;
	_cleanup_close_ int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_sys("duplicate a descriptor");
	for (const char *s = below_root(p); *s; s += strspn(s, "/")) {
		pass_on(fd, names, n);
		size_t len = strcspn(s, "/");
		memcpy(name, s, len);
		name[len] = '\0';
		s += len;
		if (!*s)
			break;
		int next = openat(fd, name, O_RDONLY | DIR_FLAGS);
		if (next < 0)
			return err_sys(DENIED ": open \"%s\" of \"%s\"", name, p->path);
		close(fd);
		fd = next;
	}
	return 0;
}

int cgroup_enable_controllers(const struct cgroup_plan *p, const struct cgroup *cg)
{
	_cleanup_close_ int root_fd = -1;
	TRY(open_root(p, &root_fd));
	return enable_controllers(p, root_fd, cg);
}

/* ---- the driver ---- */

static int fit_for_use(const struct cgroup_plan *p, int root_fd, const struct cgroup *cg)
{
	TRY(check_idle(p, cg));
	TRY(enable_controllers(p, root_fd, cg));
	return cgroup_check_type(p, cg);
}

static int make(const struct cgroup_plan *p, struct cgroup *out)
{
	struct cgroup cg = { .dir_fd = -1, .path = p->path };
	_cleanup_close_ int root_fd = -1;

	TRY(open_root(p, &root_fd));
	int r = make_dirs(p, root_fd, &cg);
	if (r >= 0)
		r = fit_for_use(p, root_fd, &cg);
	if (r < 0) {
		/* Nobody is in it yet, so removing needs no waiting. */
		cgroup_remove_made(cg.path, cg.kept);
		cgroup_close(&cg);
		return r;
	}
	*out = cg;
	return 0;
}

static bool was_denied(void)
{
	int no = err_get()->no;
	return no == EACCES || no == EPERM || no == EROFS;
}

static int fs_create(const struct cgroup_plan *p, struct cgroup *out)
{
	int r = make(p, out);

	if (r >= 0 || !p->rootless || !was_denied())
		return r;
	if (p->needed) {
		r = err_wrap("rootless needs no limits + no cgrouppath when no permission is "
			     "granted for cgroups");
		err_hint("leave out /linux/resources and /linux/cgroupsPath, or start us in a "
			 "cgroup "
			 "of your own: systemd-run --user --scope -p Delegate=yes, or "
			 "--systemd-cgroup");
		return r;
	}
	log_debug("going on without a cgroup of our own: no permission to make \"%s\"", p->path);
	err_dropped(r);
	*out = (struct cgroup){ .dir_fd = -1, .path = "" };
	return CGROUP_SKIPPED;
}

const struct cgroup_driver cgroup_driver_fs = { .name = "cgroupfs", .create = fs_create };
