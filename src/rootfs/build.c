/* SPDX-License-Identifier: Apache-2.0 */
/* Run the planned mounts in order: open the source, open or make the target, let the first mounter
 * that takes the op do it, then the propagation words.
 * Surprise: a symlink as source with "copy-symlink" is not a mount at all; and what a user
 * namespace may not mount can become a bind of the host's (degrade.c). */
#include "sys/sys.h"

#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "rootfs/op.h"
#include "sys/inroot.h"
#include "sys/mountfd.h"

static const struct mounter *const mounters[] = { &mounter_fd, &mounter_classic };

int op_failed(const struct mount_op *op, int no, const char *detail)
{
	const char *what = op->kind == MOUNT_FS        ? op->fstype
			   : op->kind == MOUNT_REMOUNT ? "remount"
			   : op->kind == MOUNT_CGROUP  ? "cgroup"
						       : op->source;
	char asked[32] = "";
	bool more = detail && *detail;

	if (op->asked >= 0)
		snprintf(asked, sizeof(asked), " (/mounts/%d)", op->asked);
	if (!no)
		return err_msg(ERR_SYS, "mounting \"%s\" on \"%s\"%s: %s", what, op->target, asked,
			       more ? detail : "failed");
	return err_sysno(no, "mounting \"%s\" on \"%s\"%s%s%s", what, op->target, asked,
			 more ? ": " : "", more ? detail : "");
}

int op_populate(const struct mount_job *j, int tree_fd)
{
	TRY_AS(copyup(j->target_fd, tree_fd),
	       "mounting \"tmpfs\" on \"%s\" (/mounts/%d): copying to it", j->op->target,
	       j->op->asked);
	return 0;
}

static int label_root(struct mount_job *j)
{
	const char *label = j->op->label;
	char name[16];

	if (!label)
		return 0;
	/* Through the host's /proc/self/fd: setxattr does not take the descriptor of a mount. */
	snprintf(name, sizeof(name), "%d", j->mount_fd);
	if (fchdir(j->r->proc_fd) < 0 ||
	    setxattr(name, "security.selinux", label, strlen(label) + 1, 0) < 0)
		return op_failed(j->op, errno, arena_printf(j->r->arena, "label \"%s\"", label));
	return 0;
}

static int propagate(struct mount_job *j)
{
	for (unsigned i = 0; i < j->op->opt.npropagation; i++) {
		unsigned long flags = j->op->opt.propagation[i];
		struct mountfd_attr a = {
			.propagation = flags & ~(unsigned long)MS_REC,
			.recursive = flags & MS_REC,
		};
		int r = j->plan->use_fd_api ? mountfd_setattr(j->mount_fd, &a)
					    : classic_propagation(j->r, j->mount_fd, flags);

		if (r < 0)
			return op_failed(j->op, errno, "setting the propagation");
	}
	return 0;
}

int op_run(struct mount_job *j)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounters); i++) {
		if (TRY(mounters[i]->run(j)) == MOUNT_NOT_MINE)
			continue;
		TRY(label_root(j));
		return propagate(j);
	}
	return op_failed(j->op, 0,
			 "id-mapped mounts and recursive attributes need Linux 5.12 or later");
}

int bind_over(const struct rootfs_plan *p, struct rootfs *r, int source_fd, int target_fd)
{
	_cleanup_close_ int tree = -1;

	if (!p->use_fd_api)
		return classic_bind(r, source_fd, target_fd, 0);
	tree = mountfd_clone(source_fd, "", false, false);
	return tree < 0 ? -1 : mountfd_attach(tree, target_fd);
}

int op_open_source(struct mount_job *j, const char *source, int *out)
{
	bool nofollow = j->op->opt.ext & MOUNTOPT_SRC_NOFOLLOW;
	bool recursive = j->op->opt.ext & MOUNTOPT_RECURSIVE;
	int fd;

	j->source_is_tree = j->plan->use_fd_api;
	if (j->source_is_tree)
		fd = mountfd_clone(AT_FDCWD, source, recursive, nofollow);
	else
		fd = open(source, O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0));
	/* A mount that may not be copied, or one that is not of this mount namespace. */
	if (fd < 0 && errno == EINVAL)
		return op_failed(j->op, EINVAL, "the source is unbindable, locked or out of reach");
	if (fd < 0)
		return op_failed(j->op, errno, "opening the source");
	j->source_fd = *out = fd;
	return 0;
}

/* A bind on /proc itself must bring a whole proc file system. */
static int check_proc_source(const struct mount_op *op, int source_fd)
{
	struct statfs fs;
	struct stat st;

	if (!streq(op->target, "/proc"))
		return 0;
	if (fstatfs(source_fd, &fs) < 0 || fstat(source_fd, &st) < 0)
		return op_failed(op, errno, "checking the source");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != 1)
		return op_failed(op, 0,
				 "cannot be mounted because the source is not a proc filesystem");
	return 0;
}

static int copy_symlink(struct mount_job *j, const char *text)
{
	char base[256], old[PATH_MAX];
	_cleanup_close_ int dir = inroot_parent(j->r->root_fd, j->op->target, 0755, base, NULL);
	ssize_t n;

	if (dir < 0)
		return op_failed(j->op, errno, "opening the place of the symlink");
	if (symlinkat(text, dir, base) == 0)
		return 0;
	if (errno != EEXIST)
		return op_failed(j->op, errno, "making the symlink");
	n = readlinkat(dir, base, old, sizeof(old) - 1);
	if (n >= 0) {
		old[n] = '\0';
		if (streq(old, text))
			return 0;
	}
	return op_failed(j->op, EEXIST, "making the symlink");
}

static int run_bind(struct mount_job *j, int handle)
{
	_cleanup_close_ int source = -1, target = -1;
	struct target t;
	struct stat st;

	if (j->op->opt.ext & MOUNTOPT_COPY_SYMLINK) {
		char text[PATH_MAX];
		ssize_t n = readlinkat(AT_FDCWD, j->op->source, text, sizeof(text) - 1);

		if (n >= 0) {
			text[n] = '\0';
			return copy_symlink(j, text);
		}
	}
	if (handle >= 0) {
		j->source_fd = handle;
		j->source_is_tree = j->source_is_ready = true;
	} else {
		TRY(op_open_source(j, j->op->source, &source));
	}
	TRY(check_proc_source(j->op, j->source_fd));
	if (fstat(j->source_fd, &st) < 0)
		return op_failed(j->op, errno, "checking the source");
	TRY(target_open(j->r, j->op, S_ISDIR(st.st_mode), &t));
	j->target_fd = target = t.fd;
	return op_run(j);
}

static bool has_data(const struct mountopt *o, const char *prefix)
{
	for (size_t i = 0; i < o->ndata; i++)
		if (after_prefix(o->data[i], prefix))
			return true;
	return false;
}

/* A tmpfs over a directory of the image looks like that directory, unless told otherwise. */
static const char *inherited_mode(const struct mount_job *j, const struct target *t)
{
	if (!streq(j->op->fstype, "tmpfs") || t->created || has_data(&j->op->opt, "mode="))
		return NULL;
	return arena_printf(j->r->arena, "mode=%o", (unsigned)t->mode);
}

/* The owner cannot go the same way: an unmapped one would be an error. */
static void inherit_owner(const struct mount_job *j, const struct target *t)
{
	if (!j->extra_data || (!t->uid && !t->gid) || has_data(&j->op->opt, "uid=") ||
	    has_data(&j->op->opt, "gid="))
		return;
	if (fchownat(j->mount_fd, "", t->uid, t->gid, AT_EMPTY_PATH) < 0)
		err_dropped(err_sys("giving the tmpfs on \"%s\" its owner", j->op->target));
}

static int run_fs(struct mount_job *j)
{
	_cleanup_close_ int target = -1;
	struct target t;
	int r;

	TRY(target_open(j->r, j->op, true, &t));
	j->target_fd = target = t.fd;
	j->populate = (j->op->opt.ext & MOUNTOPT_TMPCOPYUP) && !t.created;
	j->extra_data = inherited_mode(j, &t);
	r = op_run(j);
	if (r == -EPERM && j->plan->in_userns) {
		int bound = TRY(degrade_to_bind(j));
		r = bound == MOUNT_NOT_MINE ? r : bound;
	}
	if (r < 0) {
		degrade_hint(j, r);
		return r;
	}
	inherit_owner(j, &t);
	return 0;
}

static int run_other(struct mount_job *j)
{
	_cleanup_close_ int target = -1;
	struct target t;

	TRY(target_open(j->r, j->op, true, &t));
	j->target_fd = target = t.fd;
	return j->op->kind == MOUNT_CGROUP ? cgroupfs_mount(j) : op_run(j);
}

int op_mount(const struct rootfs_plan *p, struct rootfs *r, const struct mount_op *op, int handle,
	     int *mount_fd)
{
	struct mount_job j = {
		.op = op, .plan = p, .r = r, .source_fd = -1, .target_fd = -1, .mount_fd = -1
	};
	int res = op->kind == MOUNT_BIND ? run_bind(&j, handle)
		  : op->kind == MOUNT_FS ? run_fs(&j)
					 : run_other(&j);

	*mount_fd = j.mount_fd;
	return res;
}

static int run_one(const struct rootfs_plan *p, struct rootfs *r, const struct mount_op *op,
		   int handle)
{
	_cleanup_close_ int mount_fd = -1;
	int res = op_mount(p, r, op, handle, &mount_fd);

	if (res == 0 && op->late_ro)
		r->late[r->nlate++] = take_fd(&mount_fd);
	return res;
}

int rootfs_mount(const struct rootfs_plan *p, struct rootfs *r, const int *handles)
{
	r->late = arena_calloc(r->arena, p->nops, sizeof(*r->late));
	for (size_t i = 0; i < p->nops; i++) {
		const struct mount_op *op = &p->ops[i];

		TRY(run_one(p, r, op, op->handle ? handles[op->handle - 1] : -1));
	}
	return 0;
}
