/* SPDX-License-Identifier: Apache-2.0 */
/* Write the list of limits, and say in the user's words why one cannot be had.
 * Surprise: a missing file has two reasons with different remedies: the controller is not there at
 * all (switched off, or held by a cgroup v1 mount), or it is there but a parent does not pass it
 * on. */
#include <fcntl.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cgroup/driver.h"

#define DENIED "container could not join or create cgroup"

/* 0, 1 when the file is not there, negative. */
enum { FILE_MISSING = 1 };
static int write_file(const struct cgroup *cg, const char *key, const char *file, const char *value)
{
	_cleanup_close_ int fd = openat(cg->dir_fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return FILE_MISSING;
	if (fd < 0)
		return err_sys("setting %s: open \"%s/%s\"", key, cg->path, file);
	size_t len = strlen(value);
	ssize_t n = write(fd, value, len);
	if (n < 0)
		return err_sys("setting %s: write \"%s\" to \"%s/%s\"", key, value, cg->path, file);
	if ((size_t)n != len)
		return err_msg(ERR_SYS, "setting %s: only a part of \"%s\" was taken by \"%s/%s\"",
			       key, value, cg->path, file);
	return 0;
}

static bool root_has_controller(const char *root, const char *name)
{
	char list[512];
	_cleanup_close_ int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && cgroup_read_small(fd, "cgroup.controllers", list, sizeof(list)) >= 0 &&
	       cgroup_has_word(list, name);
}

/* Why is the file of `w` not there? */
static int explain_missing(const struct cgroup_plan *p, const struct cgroup *cg,
			   const struct cgroup_write *w)
{
	char name[64], list[512];

	cgroup_controller_of(name, sizeof(name), w->file);
	if (cgroup_read_small(cg->dir_fd, "cgroup.controllers", list, sizeof(list)) < 0)
		return err_sys("setting %s: " DENIED ": read the controllers of \"%s\"", w->key,
			       cg->path);
	if (streq(name, "cgroup") || cgroup_has_word(list, name))
		return err_msg(ERR_UNSUPPORTED, "setting %s: " DENIED ": this kernel has no \"%s\"",
			       w->key, w->file);
	if (root_has_controller(p->root, name))
		return err_msg(ERR_UNSUPPORTED,
			       "setting %s: " DENIED ": controller \"%s\" not available in \"%s\""
			       " (a cgroup above does not pass it on: write +%s to its "
			       "cgroup.subtree_control)",
			       w->key, name, cg->path, name);
	return err_msg(ERR_UNSUPPORTED,
		       "setting %s: " DENIED ": controller \"%s\" not available in \"%s\""
		       " (off in this kernel, or held by cgroup v1: boot with"
		       " systemd.unified_cgroup_hierarchy=1, or leave the limit out)",
		       w->key, name, p->root);
}

int cgroup_write_limit(const struct cgroup_plan *p, const struct cgroup *cg,
		       const struct cgroup_write *w)
{
	int r = TRY(write_file(cg, w->key, w->file, w->value));
	if (r == FILE_MISSING && w->alt_file)
		r = TRY(write_file(cg, w->key, w->alt_file, w->alt_value));
	if (r != FILE_MISSING || w->missing_ok)
		return 0;
	return explain_missing(p, cg, w);
}

int cgroup_write_limits(const struct cgroup_plan *p, const struct cgroup *cg)
{
	const struct cgroup_write *again = NULL;

	for (size_t i = 0; i < p->res.writes.n; i++) {
		const struct cgroup_write *w = &p->res.writes.v[i];
		int r = cgroup_write_limit(p, cg, w);
		if (r < 0 && w->retry && err_get()->no == EINVAL) {
			err_dropped(r);
			again = w;
			continue;
		}
		TRY(r);
		if (again)
			TRY(cgroup_write_limit(p, cg, again));
		again = NULL;
	}
	return 0;
}

/* 0 when the controller is not there. */
static int read_usage(const struct cgroup *cg, const char *file, int64_t *out)
{
	char text[32];
	*out = 0;
	if (cgroup_read_small(cg->dir_fd, file, text, sizeof(text)) < 0)
		return errno == ENOENT ? 0 : err_sys("read \"%s/%s\"", cg->path, file);
	*out = strtoll(text, NULL, 10);
	return 0;
}

/* memory.checkBeforeUpdate: the kernel would kill processes to get below the new limit. */
int cgroup_check_usage(const struct cgroup_plan *p, const struct cgroup *cg)
{
	int64_t usage, swap, limit = p->res.check_limit, both = p->res.check_swap;

	if (!limit && !both)
		return 0;
	TRY(read_usage(cg, "memory.current", &usage));
	TRY(read_usage(cg, "memory.swap.current", &swap));
	if (both && both <= usage + swap)
		return err_msg(ERR_STATE,
			       "rejecting memory+swap limit %" PRId64 " <= usage %" PRId64, both,
			       usage + swap);
	if (limit && limit <= usage)
		return err_msg(ERR_STATE, "rejecting memory limit %" PRId64 " <= usage %" PRId64,
			       limit, usage);
	return 0;
}

int cgroup_limits(const struct cgroup_plan *p, const struct cgroup *cg)
{
	for (size_t i = 0; i < p->res.notes.n; i++)
		log_warn("%s", p->res.notes.v[i]);
	if (cg->dir_fd < 0)
		return 0;
	TRY(cgroup_check_usage(p, cg));
	return cgroup_write_limits(p, cg);
}
