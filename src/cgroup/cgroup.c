/* SPDX-License-Identifier: Apache-2.0 */
/* The managers, and the verbs at create that are the same for all of them. */
#include "cgroup/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cgroup/driver.h"

static const struct name managers[] = {
	{ "cgroupfs", CGROUP_FS },
	{ "systemd", CGROUP_SYSTEMD },
	{ "disabled", CGROUP_NONE },
	{ NULL, 0 },
};

const char *cgroup_manager_name(enum cgroup_manager m)
{
	return name_of(managers, m);
}

bool cgroup_manager_find(const char *name, enum cgroup_manager *out)
{
	uint64_t v;
	if (!name_find(managers, name, &v))
		return false;
	*out = (enum cgroup_manager)v;
	return true;
}

static const struct cgroup_driver *const drivers[] = {
	[CGROUP_FS] = &cgroup_driver_fs,
	[CGROUP_SYSTEMD] = &cgroup_driver_systemd,
	[CGROUP_NONE] = &cgroup_driver_none,
};

int cgroup_create(const struct cgroup_plan *p, struct cgroup *out)
{
	return drivers[p->manager]->create(p, out);
}

int cgroup_tell_manager(const struct cgroup_plan *p, const struct cgroup *cg)
{
	const struct cgroup_driver *d = drivers[p->manager];
	return d && d->update ? d->update(p, cg) : 0;
}

int cgroup_place(const struct cgroup *cg, pid_t pid)
{
	char text[16];

	if (cg->dir_fd < 0)
		return 0;
	_cleanup_close_ int fd = openat(cg->dir_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int n = snprintf(text, sizeof(text), "%d", (int)pid);
	if (fd < 0 || write(fd, text, (size_t)n) < 0)
		return err_sys("adding pid %d to cgroups: write \"%s/cgroup.procs\"", (int)pid,
			       cg->path);
	return 0;
}

/* ---- delegation ---- */

/* The kernel lists the files that a delegatee may write (since 4.15); these were the first. */
static const char old_delegate_files[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

static int give_file(const struct cgroup *cg, const char *file, uid_t owner)
{
	/* The list is of the kernel, not of this cgroup: files of absent controllers are not there.
	 */
	if (fchownat(cg->dir_fd, file, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != ENOENT)
		return err_sys("give \"%s/%s\" to uid %u", cg->path, file, (unsigned)owner);
	return 0;
}

int cgroup_delegate(const struct cgroup_plan *p, const struct cgroup *cg)
{
	char list[4096];

	if (cg->dir_fd < 0 || !p->delegate)
		return 0;
	if (fchown(cg->dir_fd, p->owner, (gid_t)-1) < 0) {
		int r = err_sys("give cgroup \"%s\" to uid %u", cg->path, (unsigned)p->owner);
		if (r != -EPERM || !p->rootless)
			return r;
		err_dropped(r); /* an ordinary user cannot give anything away */
		return 0;
	}
	if (cgroup_read_small(AT_FDCWD, "/sys/kernel/cgroup/delegate", list, sizeof(list)) < 0)
		memcpy(list, old_delegate_files, sizeof(old_delegate_files));
	for (char *line = list; *line;) {
		size_t n = strcspn(line, "\n");
		char *next = line[n] ? line + n + 1 : line + n;
		line[n] = '\0';
		/* Names only, so that nothing outside the cgroup is given away. */
		if (n && !strchr(line, '/'))
			TRY(give_file(cg, line, p->owner));
		line = next;
	}
	return 0;
}

/* ---- the end of create ---- */

int cgroup_undo(struct cgroup *cg)
{
	int r = 0;
	if (cg->created && cg->unit) {
		r = cgroup_unit_stop(cg->unit, false);
	} else if (cg->dir_fd >= 0 && cg->created) {
		r = cgroup_remove(cg->path);
		cgroup_remove_made(cg->path, cg->kept);
	}
	cgroup_close(cg);
	return r;
}

/* ---- which one is it ---- */

int cgroup_id(const struct cgroup *cg, uint64_t *id)
{
	struct stat st;

	*id = 0;
	if (cg->dir_fd < 0)
		return 0;
	if (fstat(cg->dir_fd, &st) < 0)
		return err_sys("look at cgroup \"%s\"", cg->path);
	*id = st.st_ino;
	return 0;
}

int cgroup_is(const char *path, uint64_t id)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (TRY(cgroup_dir_open(path, &fd)) == CGROUP_GONE)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_sys("look at cgroup \"%s\"", path);
	return !id || st.st_ino == id;
}

void cgroup_close(struct cgroup *cg)
{
	close_fd(&cg->dir_fd);
	cgroup_talk_close(&cg->talk);
}

int cgroup_open(const char *path, struct cgroup *out)
{
	int fd;
	int r = TRY(cgroup_dir_open(path, &fd));
	if (r == CGROUP_GONE) {
		*out = (struct cgroup){ .dir_fd = -1, .path = "" };
		return r;
	}
	*out = (struct cgroup){ .dir_fd = fd, .path = path };
	return 0;
}
