/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts added to a container that lives, or taken away. Bind sources are opened on the host; the
 * rest happens in a child inside the namespaces, below a descriptor of the container's root.
 * Surprise: a clone of a shared host mount would be its peer, and the container's mounts would come
 * back to the host; so a bind is made private unless the user names a propagation. */
#include "sys/sys.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "rootfs/op.h"
#include "sys/inroot.h"
#include "sys/mountfd.h"

static int check_op(const struct mount_op *op)
{
	const char *what = op->kind == MOUNT_REMOUNT                 ? "remount"
			   : op->kind == MOUNT_CGROUP                ? "cgroup"
			   : op->opt.ext & MOUNTOPT_COPY_SYMLINK     ? "copy-symlink"
			   : op->opt.ext & MOUNTOPT_TMPCOPYUP        ? "tmpcopyup"
								     : NULL;

	if (!what)
		return 0;
	return err_msg(ERR_UNSUPPORTED, "/mounts/%d: \"%s\" is only for a new container", op->asked,
		       what);
}

int rootfs_live_plan(struct arena *a, const struct oci_config *c, const struct host *h,
		     const struct rootfs_opts *o, struct rootfs_plan *out)
{
	struct op_context x = { .arena = a, .config = c, .host = h, .opts = o };
	struct rootfs_plan p = { .use_fd_api = true, .nops = c->mounts.n };

	if (!h->mount_api || !h->mount_setattr)
		return err_msg(ERR_UNSUPPORTED,
			       "adding mounts to a container that lives needs Linux 5.12 or later");
	p.ops = arena_calloc(a, p.nops, sizeof(*p.ops));
	for (size_t i = 0; i < p.nops; i++) {
		struct mount_op *op = &p.ops[i];

		TRY(op_from_mount(&x, &c->mounts.v[i], (int)i, op));
		TRY(check_op(op));
		/* Nobody makes anything in it afterwards. */
		if (op->late_ro)
			op->opt.attr_set |= MOUNT_ATTR_RDONLY;
		op->late_ro = false;
		if (op->kind == MOUNT_BIND)
			op->handle = ++p.nhandles;
	}
	*out = p;
	return 0;
}

static int set_propagation(const struct mount_op *op, int tree)
{
	static const unsigned long alone = MS_PRIVATE | MS_REC;
	size_t n = op->opt.npropagation;
	const unsigned long *v = n ? op->opt.propagation : &alone;

	for (size_t i = 0; i < (n ? n : 1); i++) {
		struct mountfd_attr a = {
			.propagation = v[i] & ~(unsigned long)MS_REC,
			.recursive = v[i] & MS_REC,
		};

		if (mountfd_setattr(tree, &a) < 0)
			return op_failed(op, errno, "setting the propagation");
	}
	return 0;
}

int rootfs_live_open(struct arena *a, const struct rootfs_plan *p, int *fds, rootfs_mapfd_fn *mapfd)
{
	TRY(rootfs_open_handles(a, p, fds, p->nhandles, mapfd));
	for (size_t i = 0; i < p->nops; i++) {
		const struct mount_op *op = &p->ops[i];

		if (!op->handle)
			continue;
		if (fds[op->handle - 1] < 0)
			return op_failed(op, EPERM, "opening the source");
		TRY(set_propagation(op, fds[op->handle - 1]));
	}
	return 0;
}

int rootfs_live_enter(struct rootfs *r)
{
	struct statfs fs;

	r->arena = arena_new();
	r->proc_fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->proc_fd < 0 || fstatfs(r->proc_fd, &fs) < 0)
		return err_sys("opening /proc/self/fd");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_msg(ERR_SYS, "/proc is not a proc filesystem");
	return 0;
}

int rootfs_live_root(struct rootfs *r)
{
	r->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r->root_fd < 0 ? err_sys("opening the container's root") : 0;
}

/* -1 and errno. The name is one of the host's proc, and what it leads to is the descriptor. */
static int unmount_fd(const struct rootfs *r, int fd)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	return fchdir(r->proc_fd) < 0 ? -1 : umount2(name, MNT_DETACH);
}

/* Mount points in earlier mounts of ours are found by descriptor, too. */
static int unmake_points(struct rootfs *r, int res)
{
	char name[256];

	if (res < 0 && inroot_made_undo(r->made, name) < 0)
		res = err_wrap("\"%s\", made for a mount, stays", name);
	inroot_made_close(r->made);
	return res;
}

int rootfs_live_add(const struct rootfs_plan *p, struct rootfs *r, const int *fds)
{
	int *done = arena_calloc(r->arena, p->nops, sizeof(*done)), res = 0;
	struct inroot_made made = { .arena = r->arena };
	size_t n = 0;

	r->made = &made;
	for (; n < p->nops && res >= 0; n++) {
		const struct mount_op *op = &p->ops[n];

		res = op_mount(p, r, op, op->handle ? fds[op->handle - 1] : -1, &done[n]);
	}
	while (n-- > 0) {
		if (res < 0 && done[n] >= 0 && unmount_fd(r, done[n]) < 0)
			res = err_wrap("\"%s\" stays mounted", p->ops[n].target);
		close_fd(&done[n]);
	}
	return unmake_points(r, res);
}

static int open_mount_point(const struct rootfs *r, const char *at, size_t index, int *out)
{
	_cleanup_close_ int fd = -1;
	struct statx st;

	if (!at || !*at || streq(at = path_join(r->arena, "/", at), "/"))
		return err_msg(ERR_CONFIG, "/mounts/%zu/destination: names no mount", index);
	fd = inroot_open(r->root_fd, at, O_PATH, 0);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return err_sys("unmounting \"%s\" (/mounts/%zu)", at, index);
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_msg(ERR_STATE,
			       "unmounting \"%s\" (/mounts/%zu): it is not a mount point", at,
			       index);
	*out = take_fd(&fd);
	return 0;
}

int rootfs_live_remove(struct rootfs *r, const struct oci_config *c)
{
	size_t n = c->mounts.n, found = 0;
	int *fds = arena_calloc(r->arena, n, sizeof(*fds)), res = 0;

	for (; found < n && res >= 0; found += res >= 0)
		res = open_mount_point(r, c->mounts.v[found].destination, found, &fds[found]);
	/* Those that lie in others were mounted later. */
	while (found-- > 0) {
		if (res >= 0 && unmount_fd(r, fds[found]) < 0)
			res = err_sys("unmounting \"%s\" (/mounts/%zu)",
				      c->mounts.v[found].destination, found);
		close_fd(&fds[found]);
	}
	return res;
}
