/* SPDX-License-Identifier: Apache-2.0 */
/* Mount points: found inside the root, made when missing, held by descriptor.
 * Surprise: an image may hold symlinks anywhere, and another container may swap them while we look;
 * so the check, the making and the mount all use the one descriptor opened here. proc and sysfs are
 * stricter: we later trust what is at /proc, so no symlink may be on the way to it. */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "rootfs/op.h"
#include "sys/inroot.h"

static bool is_kernel_tree(const struct mount_op *op)
{
	return op->kind == MOUNT_FS && (streq(op->fstype, "proc") || streq(op->fstype, "sysfs"));
}

static int refuse_symlink(const struct mount_op *op)
{
	return op_failed(op, 0, "must be mounted on ordinary directory");
}

/* Make what is missing; descriptor or -1 and errno. */
static int make_target(struct rootfs *r, const struct mount_op *op, bool dir, bool *created)
{
	struct inroot_made forgotten = { 0 }, *made = r->made ? r->made : &forgotten;
	mode_t mask = umask(0);
	int fd = dir ? inroot_mkdirs(r->root_fd, op->target, 0755, made)
		     : inroot_mkfile(r->root_fd, op->target, 0755, 0644, made);

	*created = made->last;
	umask(mask);
	return fd;
}

/* "/foo" may be a symlink of the image to "/proc/sys": the rule about /proc holds for where we
 * really are. */
static int check_not_in_proc(const struct mount_op *op, int fd)
{
	struct statfs fs;

	if (path_is_within(op->target, "/proc"))
		return 0; /* the planner has checked it */
	if (fstatfs(fd, &fs) < 0)
		return op_failed(op, errno, "checking the mount point");
	if (fs.f_type == PROC_SUPER_MAGIC)
		return op_failed(op, 0, "cannot be mounted because it leads inside /proc");
	return 0;
}

int target_open(struct rootfs *r, const struct mount_op *op, bool dir, struct target *out)
{
	bool strict = is_kernel_tree(op);
	unsigned how = strict                                 ? INROOT_NO_SYMLINKS
		       : op->opt.ext & MOUNTOPT_DEST_NOFOLLOW ? INROOT_NOFOLLOW
							      : 0;
	struct target t = { .fd = -1 };
	_cleanup_close_ int fd = inroot_open(r->root_fd, op->target, O_PATH, how);
	struct stat st;

	if (fd < 0 && errno == ELOOP && strict)
		return refuse_symlink(op);
	if (fd < 0 && errno == ENOENT && op->kind != MOUNT_REMOUNT) {
		fd = make_target(r, op, dir, &t.created);
		/* What we made may not be where a dangling symlink led us. */
		if (fd >= 0 && strict) {
			int again = inroot_open(r->root_fd, op->target, O_PATH, how);

			if (again < 0)
				return refuse_symlink(op);
			close(fd);
			fd = again;
		}
	}
	if (fd < 0)
		return op_failed(op, errno, "opening the mount point");
	if (fstat(fd, &st) < 0)
		return op_failed(op, errno, "checking the mount point");
	if (strict && !S_ISDIR(st.st_mode))
		return refuse_symlink(op);
	if (op->kind != MOUNT_REMOUNT && dir != !!S_ISDIR(st.st_mode))
		return op_failed(op, ENOTDIR,
				 dir ? "the source is a directory, the destination is not"
				     : "the destination is a directory, the source is not");
	if (op->kind != MOUNT_REMOUNT)
		TRY(check_not_in_proc(op, fd));
	t.mode = st.st_mode & 07777;
	t.uid = st.st_uid;
	t.gid = st.st_gid;
	t.fd = take_fd(&fd);
	*out = t;
	return 0;
}
