/* SPDX-License-Identifier: Apache-2.0 */
/* Masked paths become unreadable, not absent: files are covered by the host's /dev/null (opened and
 * checked before the root was touched), directories by one shared empty tmpfs. Read-only paths
 * become read-only binds of themselves. Each path is opened once and everything is done to that
 * descriptor. Surprise: a path that does not exist is fine; engines list paths that many kernels
 * lack. */
#include "sys/sys.h"

#include <sys/stat.h>

#include "base/cleanup.h"
#include "rootfs/op.h"
#include "sys/inroot.h"
#include "sys/mountfd.h"

/* 1 when there is nothing to cover. */
static int open_path(struct rootfs *r, const char *what, const char *path, int *fd, struct stat *st)
{
	*fd = inroot_open(r->root_fd, path, O_PATH, 0);
	if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 1;
	if (*fd < 0 || fstat(*fd, st) < 0)
		return err_sys("%s \"%s\"", what, path);
	return 0;
}

static int ro_by_tree(int target)
{
	struct mountfd_attr a = { .set = MOUNT_ATTR_RDONLY, .recursive = true };
	_cleanup_close_ int tree = mountfd_clone(target, "", true, false);

	if (tree < 0 || mountfd_setattr(tree, &a) < 0)
		return -1;
	return mountfd_attach(tree, target);
}

/* Two steps: the flags of a bind come with a remount. */
static int ro_by_remount(struct rootfs *r, const char *path, int target)
{
	_cleanup_close_ int fd = -1;
	struct stat was, is;

	if (classic_bind(r, target, target, MS_REC) < 0)
		return -1;
	fd = inroot_open(r->root_fd, path, O_PATH, 0);
	if (fd < 0 || fstat(fd, &is) < 0 || fstat(target, &was) < 0)
		return -1;
	if (is.st_dev != was.st_dev || is.st_ino != was.st_ino) {
		errno = EAGAIN; /* somebody swapped it; the remount would hit the wrong mount */
		return -1;
	}
	return classic_change(r, fd, MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY);
}

static int make_readonly(const struct rootfs_plan *p, struct rootfs *r, const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int res;

	if (TRY(open_path(r, "making read-only", path, &fd, &st)) == 1)
		return 0;
	res = p->use_fd_api ? ro_by_tree(fd) : ro_by_remount(r, path, fd);
	return res < 0 ? err_sys("making \"%s\" read-only", path) : 0;
}

/* The first masked directory gets the tmpfs itself, later ones a bind of it: one file system for
 * all, and never a detached mount that dies unused (each death is a wait for the whole machine). */
static int empty_dir(const struct rootfs_plan *p, struct rootfs *r, const char *path, int target,
		     int *tmpfs)
{
	static const char *data[4] = { "nr_inodes=1", "nr_blocks=1", "mode=755" };
	struct mount_op op = {
		.kind = MOUNT_FS, .asked = -1, .target = path, .fstype = "tmpfs", .source = "tmpfs"
	};
	struct mount_job j = {
		.op = &op, .plan = p, .r = r, .source_fd = -1, .target_fd = target, .mount_fd = -1
	};

	if (*tmpfs >= 0)
		return bind_over(p, r, *tmpfs, target) < 0 ? err_sys("masking \"%s\"", path) : 0;
	op.opt.attr_set =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	op.opt.attr_clear = op.opt.attr_set;
	data[3] = p->label;
	op.opt.data = data;
	op.opt.ndata = p->label ? 4 : 3;
	TRY_AS(op_run(&j), "masking \"%s\"", path);
	*tmpfs = j.mount_fd;
	return 0;
}

static int mask_path(const struct rootfs_plan *p, struct rootfs *r, const char *path, int *tmpfs)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (TRY(open_path(r, "masking", path, &fd, &st)) == 1)
		return 0;
	if (S_ISDIR(st.st_mode))
		return empty_dir(p, r, path, fd, tmpfs);
	if (bind_over(p, r, r->null_fd, fd) < 0)
		return err_sys("masking \"%s\"", path);
	return 0;
}

int rootfs_mask(const struct rootfs_plan *p, struct rootfs *r)
{
	_cleanup_close_ int tmpfs = -1;

	/* Read-only first: their recursive binds need not copy the masks. */
	for (size_t i = 0; i < p->nro_paths; i++)
		TRY(make_readonly(p, r, p->ro_paths[i]));
	for (size_t i = 0; i < p->nmasked; i++)
		TRY(mask_path(p, r, p->masked[i], &tmpfs));
	return 0;
}

static int set_readonly(const struct rootfs_plan *p, struct rootfs *r, int mount_fd)
{
	struct mountfd_attr a = { .set = MOUNT_ATTR_RDONLY };

	return p->use_fd_api ? mountfd_setattr(mount_fd, &a)
			     : classic_change(r, mount_fd, MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY);
}

int rootfs_finish(const struct rootfs_plan *p, struct rootfs *r)
{
	for (size_t i = 0; i < r->nlate; i++) {
		if (set_readonly(p, r, r->late[i]) < 0)
			return err_sys("making a tmpfs read-only");
		close_fd(&r->late[i]);
	}
	r->nlate = 0;
	if (p->readonly && set_readonly(p, r, r->root_fd) < 0)
		return err_sys("making the root filesystem read-only");
	return 0;
}
