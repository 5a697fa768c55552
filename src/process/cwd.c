/* SPDX-License-Identifier: Apache-2.0 */
/* The working directory: made when missing (as root, before the identity changes), entered, and
 * proven to be inside the container.
 * Surprise: the proof is getcwd. A directory reached through a leaked descriptor of the host
 * (/proc/self/fd/7) can be entered, but it has no path from our root, and getcwd says so. */
#include <limits.h>
#include <sys/stat.h>

#include "process/process.h"

static int make_parents_and_self(const char *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	if (len >= sizeof(path))
		return err_sysno(ENAMETOOLONG, "/process/cwd: make \"%s\"", dir);
	memcpy(path, dir, len + 1);
	for (char *p = path + 1; p <= path + len; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return err_sys("/process/cwd: make \"%s\"", path);
		*p = end;
	}
	return 0;
}

static int check_inside(const char *dir)
{
	char path[PATH_MAX];
	if (!getcwd(path, sizeof(path)) || path[0] != '/')
		return err_msg(ERR_CONFIG, "/process/cwd: \"%s\" is outside of the container", dir);
	return 0;
}

static int enter(const char *dir)
{
	if (chdir(dir) < 0)
		return err_sys("/process/cwd: chdir to \"%s\"", dir);
	return check_inside(dir);
}

int process_cwd_early(const struct process_plan *p)
{
	int r = enter(p->cwd);
	if (r == -ENOENT) {
		err_dropped(r);
		TRY(make_parents_and_self(p->cwd));
		r = enter(p->cwd);
	}
	if (r == -EACCES) { /* root without CAP_DAC_OVERRIDE; a FUSE mount of the user */
		err_dropped(r);
		return PROCESS_CWD_LATER;
	}
	return r;
}

int process_cwd(const struct process_plan *p, int early)
{
	if (early == PROCESS_CWD_LATER)
		return enter(p->cwd);
	return check_inside(p->cwd);
}
