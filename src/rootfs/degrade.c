/* SPDX-License-Identifier: Apache-2.0 */
/* A user namespace may mount sysfs, proc and mqueue only if the network, pid or ipc namespace they
 * show is its own. When the container shares that one with us, the host's mount shows the very
 * same, so a bind of it takes the place, with the flags that were asked for. Surprise: sysfs is
 * bound even when the network namespace is new (the kernel also refuses where parts of /sys are
 * covered, as in a container); proc is not, it would show other processes. */
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "rootfs/op.h"
#include "sys/mountfd.h"
#include "sys/sys.h"

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202 /* in the kernel's own headers only */
#endif

static const struct stand_in {
	const char *fstype, *source;
	unsigned long magic;
} stand_ins[] = {
	{ "sysfs", "/sys", SYSFS_MAGIC },
	{ "proc", "/proc", PROC_SUPER_MAGIC },
	{ "mqueue", "/dev/mqueue", MQUEUE_MAGIC },
};

static const struct stand_in *find(const struct mount_job *j)
{
	const struct rootfs_plan *p = j->plan;
	const char *type = j->op->fstype;
	if ((streq(type, "proc") && p->own_pidns) || (streq(type, "mqueue") && p->own_ipcns))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(stand_ins); i++)
		if (streq(type, stand_ins[i].fstype))
			return &stand_ins[i];
	return NULL;
}

static bool is_the_file_system(const struct stand_in *s)
{
	struct statfs fs;
	return statfs(s->source, &fs) == 0 && (unsigned long)fs.f_type == s->magic;
}

static int bind_host(struct mount_job *j, const char *host)
{
	struct mount_op op = *j->op;
	struct mount_job bind = {
		.op = &op, .plan = j->plan, .r = j->r, .target_fd = j->target_fd, .mount_fd = -1
	};
	_cleanup_close_ int source = -1;

	op.kind = MOUNT_BIND;
	op.source = host;
	op.opt.ext = MOUNTOPT_BIND | MOUNTOPT_RECURSIVE;
	op.opt.ndata = 0;
	op.opt.sb_set = op.opt.sb_clear = 0;
	/* What is mounted below (cgroup, debugfs ...) comes along and must be as read-only. */
	if (j->plan->use_fd_api) {
		op.opt.rec_set |= op.opt.attr_set & ~(uint64_t)MOUNT_ATTR__ATIME;
		op.opt.rec_clear |= op.opt.attr_set & ~(uint64_t)MOUNT_ATTR__ATIME;
	}
	TRY(op_open_source(&bind, op.source, &source));
	int r = op_run(&bind);
	j->mount_fd = bind.mount_fd;
	return r;
}

int degrade_to_bind(struct mount_job *j)
{
	const struct stand_in *s = find(j);
	if (!s || !is_the_file_system(s))
		return MOUNT_NOT_MINE;
	err_dropped(-EPERM);
	log_debug("a bind of the host's \"%s\" stands in for %s on \"%s\"", s->source, s->fstype,
		  j->op->target);
	return bind_host(j, s->source);
}

static const char *id_option(const struct mountopt *o)
{
	for (size_t i = 0; i < o->ndata; i++)
		if (after_prefix(o->data[i], "gid=") || after_prefix(o->data[i], "uid="))
			return o->data[i];
	return NULL;
}

void degrade_hint(const struct mount_job *j, int r)
{
	const char *type = j->op->fstype, *id = id_option(&j->op->opt);

	if (!j->plan->in_userns)
		return;
	if (r == -EINVAL && id)
		err_hint("\"%s\" must be an id that is mapped in the container's user namespace: "
			 "take "
			 "the option out, or map the id in /linux/%sMappings",
			 id, id[0] == 'g' ? "gid" : "uid");
	else if (r == -EPERM && streq(type, "proc"))
		err_hint("a user namespace may mount proc only with a new pid namespace, and only "
			 "if "
			 "no part of the host's /proc is covered");
	else if (r == -EPERM && streq(type, "mqueue"))
		err_hint("without a new ipc namespace mqueue must be mounted on the host's "
			 "/dev/mqueue, or not at all");
	else if (r == -EPERM)
		err_hint("few file systems may be mounted in a user namespace: tmpfs, overlay, "
			 "fuse and "
			 "those of the kernel's own");
}
