/* SPDX-License-Identifier: Apache-2.0 */
/* The "cgroup" mount type. With a cgroup namespace of its own the container gets a real cgroup2
 * mount that shows only its own part; else a bind of what the host has. Surprise: cgroup2 must
 * never be mounted from the host's cgroup namespace: it is one file system for the whole host, and
 * the new mount's options (nsdelegate) would replace the host's. */
#include "sys/sys.h"

#include "base/cleanup.h"
#include "rootfs/op.h"

static int mount_new(struct mount_job *j)
{
	struct mount_op op = *j->op;
	struct mount_job sub = *j;
	int r;

	op.kind = MOUNT_FS;
	op.fstype = "cgroup2";
	op.source = "cgroup";
	op.opt.ndata = 0;
	sub.op = &op;
	r = op_run(&sub);
	j->mount_fd = sub.mount_fd;
	return r;
}

static int bind_host(struct mount_job *j, const char *source)
{
	struct mount_op op = *j->op;
	struct mount_job sub = *j;
	_cleanup_close_ int fd = -1;
	int r;

	op.kind = MOUNT_BIND;
	op.source = source;
	op.opt.ext = MOUNTOPT_BIND | MOUNTOPT_RECURSIVE;
	op.opt.ndata = 0;
	op.opt.sb_set = op.opt.sb_clear = 0;
	sub.op = &op;
	TRY(op_open_source(&sub, source, &fd));
	r = op_run(&sub);
	j->mount_fd = sub.mount_fd;
	return r;
}

/* No cgroup to show: an empty directory that cannot be written, rather than the image's. */
static int mount_empty(struct mount_job *j)
{
	static const char *data[] = { "nr_inodes=1", "nr_blocks=1", "mode=755" };
	struct mount_op op = *j->op;
	struct mount_job sub = *j;
	int r;

	op.kind = MOUNT_FS;
	op.fstype = "tmpfs";
	op.source = "tmpfs";
	op.opt.attr_set |=
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	op.opt.data = data;
	op.opt.ndata = ARRAY_SIZE(data);
	sub.op = &op;
	r = op_run(&sub);
	j->mount_fd = sub.mount_fd;
	return r;
}

int cgroupfs_mount(struct mount_job *j)
{
	const struct rootfs_plan *p = j->plan;
	const char *source = p->cgroup_root;
	int r;

	if (!source || !*source)
		return mount_empty(j);
	if (p->new_cgroupns) {
		r = mount_new(j);
		if (r != -EPERM && r != -EBUSY)
			return r;
		err_dropped(r);
		if (p->cgroup_path)
			source = p->cgroup_path;
	}
	r = bind_host(j, source);
	if (r == -ENOENT || (r == -EACCES && p->rootless)) {
		err_dropped(r);
		return mount_empty(j);
	}
	return r;
}
