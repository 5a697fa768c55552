/* SPDX-License-Identifier: Apache-2.0 */
/* Mounter for everything else: mount(2), whose targets are paths. The path is a descriptor's name
 * in the host's own /proc/self/fd, which we stand in: never the container's /proc, which may be a
 * plain directory full of symlinks, and never a path below the root. Surprise: a bind ignores all
 * flags but MS_REC; they come with a second call, and between the two the mount has the flags of
 * its source. */
#include "sys/sys.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "rootfs/op.h"
#include "sys/inroot.h"
#include "sys/mountfd.h"

struct fd_name {
	char text[16];
};

/* The name of a descriptor relative to /proc/self/fd. */
static struct fd_name fd_name(int fd)
{
	struct fd_name n;

	snprintf(n.text, sizeof(n.text), "%d", fd);
	return n;
}

static int stand_in_proc(struct rootfs *r)
{
	return fchdir(r->proc_fd);
}

int classic_bind(struct rootfs *r, int source_fd, int target_fd, unsigned long flags)
{
	if (stand_in_proc(r) < 0)
		return -1;
	return mount(fd_name(source_fd).text, fd_name(target_fd).text, NULL, MS_BIND | flags, NULL);
}

int classic_propagation(struct rootfs *r, int mount_fd, unsigned long flags)
{
	if (stand_in_proc(r) < 0)
		return -1;
	return mount(NULL, fd_name(mount_fd).text, NULL, flags, NULL);
}

/* What the mount has now, as MS_*. */
static int current_flags(int fd, unsigned long *out)
{
	static const struct {
		unsigned long st, ms;
	} map[] = {
		{ ST_RDONLY, MS_RDONLY },     { ST_NOSUID, MS_NOSUID },
		{ ST_NODEV, MS_NODEV },       { ST_NOEXEC, MS_NOEXEC },
		{ ST_NOATIME, MS_NOATIME },   { ST_NODIRATIME, MS_NODIRATIME },
		{ ST_RELATIME, MS_RELATIME }, { 8192 /* ST_NOSYMFOLLOW */, MS_NOSYMFOLLOW },
	};
	struct statvfs v;

	if (fstatvfs(fd, &v) < 0)
		return -1;
	*out = 0;
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (v.f_flag & map[i].st)
			*out |= map[i].ms;
	/* Neither: access times are always written. */
	if (!(*out & (MS_NOATIME | MS_RELATIME)))
		*out |= MS_STRICTATIME;
	return 0;
}

/* The flags for a remount: what is there, changed by what was asked. */
static int changed_flags(int fd, uint64_t set, uint64_t clear, unsigned long *out)
{
	unsigned long flags;

	if (current_flags(fd, &flags) < 0)
		return -1;
	flags &= ~mountopt_legacy(clear & ~(uint64_t)MOUNT_ATTR__ATIME);
	if (clear & MOUNT_ATTR__ATIME) {
		flags &= ~(unsigned long)(MS_NOATIME | MS_RELATIME | MS_STRICTATIME);
		if ((set & MOUNT_ATTR__ATIME) == MOUNT_ATTR_RELATIME)
			flags |= MS_RELATIME;
	}
	*out = flags | mountopt_legacy(set);
	return 0;
}

int classic_change(struct rootfs *r, int mount_fd, uint64_t set, uint64_t clear)
{
	unsigned long flags;

	if (changed_flags(mount_fd, set, clear, &flags) < 0 || stand_in_proc(r) < 0)
		return -1;
	return mount(NULL, fd_name(mount_fd).text, NULL, MS_REMOUNT | MS_BIND | flags, NULL);
}

/* The target descriptor is below the new mount now. Look again, and see that we got it and not what
 * somebody swapped in. */
static int reopen(struct mount_job *j)
{
	const unsigned links = MOUNTOPT_DEST_NOFOLLOW | MOUNTOPT_SRC_NOFOLLOW;
	unsigned how = j->op->opt.ext & links ? INROOT_NOFOLLOW : 0;
	_cleanup_close_ int fd = inroot_open(j->r->root_fd, j->op->target, O_PATH, how);
	const int other = j->op->kind == MOUNT_BIND ? j->source_fd : j->target_fd;
	struct stat is, was;
	bool same;

	if (fd < 0 || fstat(fd, &is) < 0 || fstat(other, &was) < 0)
		return op_failed(j->op, errno, "opening the new mount");
	same = is.st_dev == was.st_dev && is.st_ino == was.st_ino;
	/* One proc per pid namespace: mounted twice it is the same directory. */
	if (j->op->kind == MOUNT_BIND
		    ? !same
		    : same && !streq(j->op->fstype, "proc") && !streq(j->op->fstype, "sysfs"))
		return op_failed(j->op, 0, "the mount point was changed meanwhile");
	j->mount_fd = take_fd(&fd);
	return 0;
}

static int run_fs(struct mount_job *j)
{
	const struct mount_op *op = j->op;
	unsigned long flags = mountopt_legacy(op->opt.attr_set | op->opt.rec_set) | op->opt.sb_set;
	const char *data = mountopt_data(j->r->arena, &op->opt);
	const char *source = op->source && *op->source ? op->source : op->fstype;

	if (j->extra_data)
		data = data ? arena_printf(j->r->arena, "%s,%s", j->extra_data, data)
			    : j->extra_data;
	if (data && strlen(data) > 4095)
		return op_failed(op, E2BIG, "the options do not fit in one page");
	if (stand_in_proc(j->r) < 0 ||
	    mount(source, fd_name(j->target_fd).text, op->fstype, flags, data) < 0)
		return op_failed(op, errno, errno == ENODEV ? "unknown filesystem type" : NULL);
	TRY(reopen(j));
	if (j->populate)
		TRY(op_populate(j, j->mount_fd));
	return MOUNT_DONE;
}

static int run_bind(struct mount_job *j)
{
	const struct mount_op *op = j->op;

	if (j->source_is_tree || op->opt.rec_clear || (op->opt.ext & MOUNTOPT_IDMAP))
		return MOUNT_NOT_MINE;
	if (classic_bind(j->r, j->source_fd, j->target_fd,
			 op->opt.ext & MOUNTOPT_RECURSIVE ? MS_REC : 0) < 0)
		return op_failed(op, errno, NULL);
	TRY(reopen(j));
	if (!op->opt.attr_clear)
		return MOUNT_DONE;
	if (classic_change(j->r, j->mount_fd, op->opt.attr_set, op->opt.attr_clear) == 0)
		return MOUNT_DONE;
	/* As in mount_fd.c: a locked access time mode stays. */
	if (errno == EPERM && (op->opt.attr_clear & MOUNT_ATTR__ATIME) &&
	    classic_change(j->r, j->mount_fd, op->opt.attr_set & ~(uint64_t)MOUNT_ATTR__ATIME,
			   op->opt.attr_clear & ~(uint64_t)MOUNT_ATTR__ATIME) == 0)
		return MOUNT_DONE;
	return op_failed(op, errno,
			 errno == EPERM ? "an option asks to clear a flag that is locked in this "
					  "user namespace"
					: "changing the flags of the bind");
}

/* "remount" changes the mount on top of the target; with "bind" only that mount, else also its file
 * system. */
static int run_remount(struct mount_job *j)
{
	const struct mount_op *op = j->op;
	unsigned long flags;
	const char *data = mountopt_data(j->r->arena, &op->opt);

	if (changed_flags(j->target_fd, op->opt.attr_set, op->opt.attr_clear, &flags) < 0)
		return op_failed(op, errno, "reading the flags");
	flags |= MS_REMOUNT | op->opt.sb_set | (op->opt.ext & MOUNTOPT_BIND ? MS_BIND : 0);
	if (stand_in_proc(j->r) < 0 ||
	    mount(NULL, fd_name(j->target_fd).text, NULL, flags, data) < 0)
		return op_failed(op, errno, NULL);
	if (op->opt.rec_clear) {
		struct mountfd_attr a = {
			.set = op->opt.rec_set,
			.clear = (op->opt.rec_clear & ~op->opt.rec_set) |
				 (op->opt.rec_clear & MOUNT_ATTR__ATIME),
			.recursive = true,
		};

		if (mountfd_setattr(j->target_fd, &a) < 0)
			return op_failed(op, errno, "setting attributes");
	}
	j->mount_fd = fcntl(j->target_fd, F_DUPFD_CLOEXEC, 3);
	return j->mount_fd < 0 ? op_failed(op, errno, "duplicating the mount") : MOUNT_DONE;
}

static int run(struct mount_job *j)
{
	switch (j->op->kind) {
	case MOUNT_FS:
		return run_fs(j);
	case MOUNT_BIND:
		return run_bind(j);
	case MOUNT_REMOUNT:
		return run_remount(j);
	case MOUNT_CGROUP:
		break; /* cgroupfs.c turns it into one of the others */
	}
	return MOUNT_NOT_MINE;
}

const struct mounter mounter_classic = { "classic", run };
