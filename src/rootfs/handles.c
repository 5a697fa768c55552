/* SPDX-License-Identifier: Apache-2.0 */
/* Parent side: bind sources as detached trees, for what the child's root could not reach or may not
 * map. They get all their attributes here, with the privileges of the host.
 * Surprise: without such privileges (a rootless engine) the kernel says EPERM; then the child tries
 * for itself, in the user namespace that owns its mounts. */
#include "sys/sys.h"

#include <sys/stat.h>

#include "base/cleanup.h"
#include "rootfs/op.h"
#include "sys/mountfd.h"

/* The user namespace made last; engines give the same map to all mounts of a container. */
struct map_cache {
	const struct mount_op *of;
	int fd;
};

static bool same_maps(const struct mount_op *a, const struct mount_op *b)
{
	return a->nuids == b->nuids && a->ngids == b->ngids &&
	       !memcmp(a->uids, b->uids, a->nuids * sizeof(*a->uids)) &&
	       !memcmp(a->gids, b->gids, a->ngids * sizeof(*a->gids));
}

static int map_tree(struct arena *a, const struct mount_op *op, int tree, rootfs_mapfd_fn *mapfd,
		    struct map_cache *cache)
{
	struct mountfd_attr attr = {
		.set = MOUNT_ATTR_IDMAP,
		.recursive = op->opt.ext & MOUNTOPT_RIDMAP,
	};

	if (!cache->of || !same_maps(cache->of, op)) {
		close_fd(&cache->fd);
		cache->of = NULL;
		TRY_AS(mapfd(a, op->uids, op->nuids, op->gids, op->ngids, &cache->fd),
		       "mounting \"%s\" on \"%s\" (/mounts/%d): mapping ids", op->source,
		       op->target, op->asked);
		cache->of = op;
	}
	attr.userns_fd = cache->fd;
	if (mountfd_setattr(tree, &attr) < 0)
		return op_failed(op, errno,
				 errno == EINVAL
					 ? "this filesystem does not support id-mapped mounts"
					 : "mapping ids");
	return 0;
}

static int open_handle(struct arena *a, const struct mount_op *op, rootfs_mapfd_fn *mapfd,
		       struct map_cache *cache, int *out)
{
	bool idmap = op->opt.ext & MOUNTOPT_IDMAP;
	_cleanup_close_ int tree = -1;
	struct stat st;

	if ((op->opt.ext & MOUNTOPT_COPY_SYMLINK) &&
	    fstatat(AT_FDCWD, op->source, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return 0;
	tree = mountfd_clone(AT_FDCWD, op->source, op->opt.ext & MOUNTOPT_RECURSIVE,
			     op->opt.ext & MOUNTOPT_SRC_NOFOLLOW);
	if (tree < 0 && errno == EPERM && !idmap)
		return 0;
	if (tree < 0 && errno == EPERM)
		return op_failed(
			op, EPERM,
			"id-mapped mounts need privileges over the source's mount and file "
			"system, which root of the host has");
	if (tree < 0)
		return op_failed(op, errno, "opening the source");
	TRY(tree_attributes(op, tree));
	if (idmap)
		TRY(map_tree(a, op, tree, mapfd, cache));
	*out = take_fd(&tree);
	return 0;
}

int rootfs_open_handles(struct arena *a, const struct rootfs_plan *p, int *fds, size_t n,
			rootfs_mapfd_fn *mapfd)
{
	struct map_cache cache = { .fd = -1 };
	int r = 0;

	if (n < p->nhandles)
		return err_msg(ERR_BUG, "room for %zu of %zu mount handles", n, p->nhandles);
	for (size_t i = 0; i < n; i++)
		fds[i] = -1;
	for (size_t i = 0; i < p->nops && r >= 0; i++)
		if (p->ops[i].handle)
			r = open_handle(a, &p->ops[i], mapfd, &cache, &fds[p->ops[i].handle - 1]);
	close_fd(&cache.fd);
	for (size_t i = 0; i < n && r < 0; i++)
		close_fd(&fds[i]);
	return r;
}
