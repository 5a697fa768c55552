/* SPDX-License-Identifier: Apache-2.0 */
/* Which cgroup a process more in the container starts in: the container's own, one below it that
 * the caller names, or, when the container has put its processes into cgroups of its own (then the
 * kernel allows none beside them: EBUSY), that of its init.
 * Surprise: names are checked component by component, not as text: "../c2" and "c" against "c2"
 * must not get out of the container's cgroup. */
#include <fcntl.h>
#include <linux/limits.h>

#include "base/cleanup.h"
#include "cgroup/driver.h"

static bool climbs(const char *path)
{
	for (const char *s = path; *s; s += strspn(s, "/")) {
		size_t n = strcspn(s, "/");
		if (n == 2 && s[0] == '.' && s[1] == '.')
			return true;
		s += n;
	}
	return false;
}

int cgroup_open_sub(struct arena *a, const char *base, const char *sub, struct cgroup *out)
{
	const char *colon = strchr(sub, ':');
	if (colon && memchr(sub, '/', (size_t)(colon - sub)) == NULL)
		return err_msg(ERR_USAGE,
			       "unknown controller \"%.*s\": cgroup v2 has one tree, give a path",
			       (int)(colon - sub), sub);
	if (climbs(sub))
		return err_msg(ERR_USAGE, "bad sub cgroup path: \"%s\"", sub);
	const char *path = arena_printf(a, "%s/%s", base, sub + strspn(sub, "/"));
	if (TRY(cgroup_open(path, out)) == CGROUP_GONE)
		return err_sysno(ENOENT, "open the sub cgroup \"%s\"", path);
	return 0;
}

/* "0::/a/b\n" -> "/a/b" */
static int path_of(pid_t pid, char *text, size_t size, const char **path)
{
	char file[64];
	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (cgroup_read_small(AT_FDCWD, file, text, size) < 0)
		return err_sys("read \"%s\"", file);
	for (char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		char *next = line[n] ? line + n + 1 : line + n;
		line[n] = '\0';
		*path = after_prefix(line, "0::");
		if (*path)
			return 0;
		line = next;
	}
	return err_msg(ERR_SYS, "process %d has no cgroup v2", (int)pid);
}

int cgroup_open_of(struct arena *a, const char *root, const char *base, pid_t pid,
		   struct cgroup *out)
{
	char text[PATH_MAX];
	const char *path;
	TRY(path_of(pid, text, sizeof(text), &path));
	path = arena_printf(a, "%s%s", root, path);
	const char *rest = after_prefix(path, base);
	if (!rest || (*rest && *rest != '/'))
		return err_msg(ERR_STATE,
			       "the container's init has left its cgroup \"%s\" for \"%s\"", base,
			       path);
	if (TRY(cgroup_open(path, out)) == CGROUP_GONE)
		return err_sysno(ENOENT, "open cgroup \"%s\"", path);
	return 0;
}
