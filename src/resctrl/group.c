/* SPDX-License-Identifier: Apache-2.0 */
/* Make, fill, use and remove groups of the resctrl file system.
 * Surprise: the kernel takes or refuses all lines of one write together and answers a refusal with
 * a bare EINVAL; its reason is in info/last_cmd_status. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/path.h"
#include "resctrl/parts.h"
#include "sys/resctrlfs.h"

#define AT "/linux/intelRdt"

enum { MAX_TEXT = 1 << 20 };

/* 1 when it was made, 0 when it was there before. */
enum { GROUP_MADE = 1 };
static int make_dir(const char *path)
{
	if (resctrlfs_mkdir(path) == 0)
		return GROUP_MADE;
	if (errno == EEXIST)
		return 0;
	int r = err_sys("make resctrl group \"%s\"", path);
	if (r == -ENOSPC)
		err_hint("this machine has no class of service (or monitoring id) left: use a "
			 "closID that is there, or remove one");
	if (r == -ENOENT)
		err_hint("this machine has no such kind of group");
	return r;
}

/* The recorded error, with the kernel's own words about it. The root is where "info" is: next to
 * the group, or in it. */
static int with_status(struct arena *a, const char *group)
{
	const char *dirs[] = { group, path_dir(a, group) };
	struct err why = *err_get();
	char *text = NULL;
	size_t len = 0;
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !len; i++) {
		const char *file = arena_printf(a, "%s/info/last_cmd_status", dirs[i]);
		if (io_read_virtual(a, AT_FDCWD, file, MAX_TEXT, &text, &len) < 0)
			err_clear();
	}
	int r = err_set(&why);
	return len ? err_wrap("resctrl says \"%.*s\"", (int)strcspn(text, "\n"), text) : r;
}

/* truncate: a value that is replaced, not an entry that is added. */
static int write_file(const char *path, const char *text, bool truncate)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (truncate ? O_TRUNC : 0));
	if (fd < 0)
		return err_sys("open \"%s\"", path);
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);
	if (n < 0)
		return err_sys("write \"%.*s\" to \"%s\"", (int)strcspn(text, "\n"), text, path);
	if ((size_t)n != len)
		return err_msg(ERR_SYS, "only a part of the lines was taken by \"%s\"", path);
	return 0;
}

static int write_schemata(struct arena *a, const char *group, const char *text)
{
	if (!text)
		return 0;
	int r = write_file(arena_printf(a, "%s/schemata", group), text, true);
	return r < 0 ? with_status(a, group) : 0;
}

static int read_schemata(struct arena *a, const char *group, char **text)
{
	size_t len;
	return io_read_virtual(a, AT_FDCWD, arena_printf(a, "%s/schemata", group), MAX_TEXT, text,
			       &len);
}

/* A class that was there before is others' too: it must be as we want it, we do not change it. */
static int compare(struct arena *a, const struct resctrl_plan *p, const char *wanted)
{
	char *have;
	if (!wanted)
		return 0;
	TRY(read_schemata(a, p->group, &have));
	while (*wanted) {
		size_t n = strcspn(wanted, "\n");
		const char *line = arena_strndup(a, wanted, n);
		if (!resctrl_schema_matches(have, line))
			return err_msg(ERR_STATE,
				       AT "/closID: \"%s\" exists already with other schemata: "
					  "wanted \"%s\", found \"%s\"",
				       path_base(p->group), line, have);
		wanted += n + (wanted[n] == '\n');
	}
	return 0;
}

static int use_group(struct arena *a, const struct resctrl_plan *p, struct resctrl *out)
{
	if (p->must_exist || streq(p->group, p->root)) {
		if (access(p->group, F_OK) < 0)
			return err_sys(AT "/closID: without a schema the group must exist: \"%s\"",
				       p->group);
	} else {
		out->group = TRY_AS(make_dir(p->group), AT) == GROUP_MADE;
	}
	if (!out->group && p->own) {
		int r = err_msg(ERR_STATE, AT ": resctrl group \"%s\" exists already", p->group);
		err_hint("name it in closID to share it, or remove it");
		return r;
	}
	if (!out->group) {
		TRY_AS(compare(a, p, p->schema), AT);
		return compare(a, p, p->schemata);
	}
	TRY_AS(write_schemata(a, p->group, p->schema), AT);
	return write_schemata(a, p->group, p->schemata) < 0 ? err_wrap(AT "/schemata") : 0;
}

int resctrl_create(struct arena *a, const struct resctrl_plan *p, struct resctrl *out)
{
	*out = (struct resctrl){ 0 };
	if (!p->wanted)
		return 0;
	TRY(use_group(a, p, out));
	if (!p->monitor)
		return 0;
	out->monitor =
		TRY_AS(make_dir(p->monitor), AT "/enableMonitoring") == GROUP_MADE;
	if (!out->monitor)
		return err_msg(ERR_STATE,
			       AT "/enableMonitoring: resctrl group \"%s\" exists already",
			       p->monitor);
	return 0;
}

int resctrl_undo(const struct resctrl_plan *p, struct resctrl *made)
{
	int r = 0;
	if (made->monitor && resctrlfs_rmdir(p->monitor) < 0 && errno != ENOENT)
		r = err_sys("remove resctrl group \"%s\"", p->monitor);
	if (made->group && resctrlfs_rmdir(p->group) < 0 && errno != ENOENT)
		r = err_sys("remove resctrl group \"%s\"", p->group);
	*made = (struct resctrl){ 0 };
	return r;
}

static int place(const char *group, pid_t pid)
{
	char path[4096], text[16];
	int n = snprintf(path, sizeof(path), "%s/tasks", group);
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_msg(ERR_STATE, "the path of resctrl group \"%s\" is too long", group);
	snprintf(text, sizeof(text), "%d", (int)pid);
	return write_file(path, text, false);
}

int resctrl_place(const char *group, const char *monitor, pid_t pid)
{
	/* In this order: a monitoring group takes only processes of its own class. */
	if (group)
		TRY_AS(place(group, pid), AT ": put process %d into its group", (int)pid);
	if (monitor)
		TRY_AS(place(monitor, pid), AT "/enableMonitoring: put process %d into its group",
		       (int)pid);
	return 0;
}

int resctrl_remove(struct arena *a, const char *path, bool only_empty)
{
	char *tasks;
	size_t len;
	if (!path)
		return 0;
	if (only_empty) {
		int r = io_read_virtual(a, AT_FDCWD, arena_printf(a, "%s/tasks", path), MAX_TEXT,
					&tasks, &len);
		if (r == -ENOENT) {
			err_clear();
			return 0;
		}
		if (r < 0 || len)
			return r < 0 ? r : 0;
	}
	if (resctrlfs_rmdir(path) == 0 || errno == ENOENT)
		return 0;
	return err_sys("remove resctrl group \"%s\"", path);
}

int resctrl_put_back(struct arena *a, const char *group, const char *before)
{
	struct err why = *err_get();
	if (before && write_schemata(a, group, before) < 0)
		log_warn("putting back the schemata of resctrl group \"%s\" failed: %s", group,
			 err_get()->text);
	return err_set(&why);
}

int resctrl_update(struct arena *a, const char *group, const char *l3, const char *mb,
		   const char **before)
{
	struct schema_source src = { .l3 = l3,
				     .l3_key = "--l3-cache-schema",
				     .mb = mb,
				     .mb_key = "--mem-bw-schema" };
	const char *lines, *old;
	char *have;
	*before = NULL;
	if (!l3 && !mb)
		return 0;
	if (!group)
		return err_msg(ERR_STATE, "the container has no resctrl group: it was created "
					  "without /linux/intelRdt");
	TRY(schema_join(a, &src, &lines));
	TRY(read_schemata(a, group, &have));
	old = lines ? schema_before(a, have, lines) : NULL;
	int r = write_schemata(a, group, lines);
	if (r < 0)
		r = resctrl_put_back(a, group, old); /* some of the lines may have been taken */
	TRY_AS(r, "update of resctrl group \"%s\"", group);
	*before = old;
	return 0;
}
