/* SPDX-License-Identifier: Apache-2.0 */
/* Becoming the user: owner of the standard streams, groups, gid, uid, umask, in this order because
 * each needs a privilege the next one gives away. Capabilities are security's.
 * Surprise: a change of ids makes the process dumpable again on some hosts (fs.suid_dumpable), so
 * that is switched off once more at the end. */
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "process/process.h"

/* What a program reopens through /dev/stdout: terminals, pipes, sockets. Files keep their owner. */
static bool wants_owner(int fd, const struct stat *st)
{
	if (S_ISCHR(st->st_mode))
		return st->st_rdev != makedev(1, 3) && isatty(fd);
	return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode);
}

int process_stdio_owner(const struct process_plan *p)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;
		if (fstat(fd, &st) < 0)
			return err_sys("look at standard stream %d", fd);
		if (st.st_uid == p->uid || !wants_owner(fd, &st))
			continue;
		if (fchown(fd, p->uid, (gid_t)-1) == 0)
			continue;
		/* Not ours to give: a read-only file system, or an owner that our user namespace
		 * lacks. */
		int r = err_sys("give standard stream %d to uid %u", fd, p->uid);
		if (r != -EINVAL && r != -EPERM && r != -EROFS)
			return r;
		err_dropped(r);
	}
	return 0;
}

static int set_groups(const struct process_plan *p)
{
	if (p->keep_groups || setgroups(p->ngids, (const gid_t *)p->gids) == 0)
		return 0;
	bool denied = errno == EPERM && (p->rootless || p->userns);
	if (denied && p->ngids)
		return err_msg(ERR_CONFIG, "/process/user/additionalGids: cannot set any "
					   "additional groups in a rootless container");
	if (denied) {
		err_dropped(
			err_sys("drop the supplementary groups")); /* setgroups is "deny" here */
		return 0;
	}
	return err_sys("/process/user/additionalGids: set %zu groups", p->ngids);
}

static int id_failed(const char *what, uint32_t id)
{
	if (errno == EINVAL)
		return err_msg(
			ERR_CONFIG,
			"/process/user/%s: cannot set %s to unmapped user in user namespace: %u",
			what, what, id);
	return err_sys("/process/user/%s: become %u", what, id);
}

int process_become(const struct process_plan *p)
{
	TRY(set_groups(p));
	if (setresgid(p->gid, p->gid, p->gid) < 0)
		return id_failed("gid", p->gid);
	if (setresuid(p->uid, p->uid, p->uid) < 0)
		return id_failed("uid", p->uid);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys("make the process undumpable");
	umask(p->umask);
	return 0;
}
