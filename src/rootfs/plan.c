/* SPDX-License-Identifier: Apache-2.0 */
/* config.json -> rootfs_plan. Pure: gets the host's facts, touches nothing.
 * Surprise: a bind on /dev means the user brings a ready /dev, so no node and no link is made
 * there, not even those of /linux/devices. */
#include "base/path.h"
#include "base/vec.h"
#include "rootfs/op.h"
#include "sys/sys.h"

struct node {
	const char *path;
	uint32_t major, minor;
};

static const struct node default_nodes[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

typedef VEC(struct rootfs_device) device_list;

static int device_number(const struct oci_i64 *v, int index, const char *key, uint32_t *out)
{
	/* major has 12 and minor 20 bits in the kernel's user interface */
	int64_t max = streq(key, "major") ? 0xfff : 0xfffff;

	if (!v->set || v->v < 0 || v->v > max)
		return err_msg(ERR_CONFIG, "/linux/devices/%d/%s: must be from 0 to %lld", index,
			       key, (long long)max);
	*out = (uint32_t)v->v;
	return 0;
}

static int device_from_config(struct arena *a, const struct oci_device *d, int index,
			      struct rootfs_device *out)
{
	struct rootfs_device dev = { .mode = 0666, .asked = index };

	if (!d->path || d->path[0] != '/')
		return err_msg(ERR_CONFIG, "/linux/devices/%d/path: must be an absolute path",
			       index);
	dev.path = path_clean(a, d->path);
	if (streq(dev.path, "/"))
		return err_msg(ERR_CONFIG, "/linux/devices/%d/path: names no file", index);
	if (!d->type || strlen(d->type) != 1 || !strchr("cbup", d->type[0]))
		return err_msg(ERR_CONFIG,
			       "/linux/devices/%d/type: expected one of c, b, u, p, found "
			       "\"%s\"",
			       index, d->type ? d->type : "");
	dev.type = d->type[0] == 'u' ? 'c' : d->type[0];
	if (dev.type != 'p') {
		TRY(device_number(&d->major, index, "major", &dev.major));
		TRY(device_number(&d->minor, index, "minor", &dev.minor));
	}
	if (d->file_mode.set)
		dev.mode = d->file_mode.v & 07777;
	dev.uid = d->uid.set ? d->uid.v : 0;
	dev.gid = d->gid.set ? d->gid.v : 0;
	*out = dev;
	return 0;
}

/* Default nodes first, so that a configured device of the same path replaces its entry. */
static int plan_devices(struct arena *a, const struct oci_config *c, struct rootfs_plan *p)
{
	device_list list = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(default_nodes); i++) {
		const struct node *n = &default_nodes[i];

		vec_push(a, &list,
			 ((struct rootfs_device){ .path = n->path,
						  .type = 'c',
						  .major = n->major,
						  .minor = n->minor,
						  .mode = 0666,
						  .asked = -1 }));
	}
	for (size_t i = 0; c->linux_ && i < c->linux_->devices.n; i++) {
		struct rootfs_device dev;
		size_t k = 0;

		TRY(device_from_config(a, &c->linux_->devices.v[i], (int)i, &dev));
		while (k < list.n && !streq(list.v[k].path, dev.path))
			k++;
		if (k == list.n)
			(void)vec_add(a, &list);
		list.v[k] = dev;
	}
	p->devices = list.v;
	p->ndevices = list.n;
	return 0;
}

static int plan_paths(struct arena *a, const struct oci_strs *paths, const char *key,
		      const char *const **out, size_t *n)
{
	const char **v = arena_calloc(a, paths->n, sizeof(*v));

	for (size_t i = 0; i < paths->n; i++) {
		if (paths->v[i][0] != '/')
			return err_msg(ERR_CONFIG, "/linux/%s/%zu: must be an absolute path", key,
				       i);
		v[i] = path_clean(a, paths->v[i]);
		if (streq(v[i], "/"))
			return err_msg(ERR_CONFIG, "/linux/%s/%zu: \"/\" cannot be covered", key,
				       i);
	}
	*out = v;
	*n = paths->n;
	return 0;
}

/* The parent opens sources it alone may reach: the child's root in a user namespace is nobody
 * there. Without privileges of its own the parent has nothing to offer. */
static bool wants_handle(const struct host *h, const struct rootfs_opts *o,
			 const struct mount_op *op)
{
	if (op->kind != MOUNT_BIND)
		return false;
	if (op->opt.ext & MOUNTOPT_IDMAP)
		return true;
	return o->userns && h->euid == 0 && h->mount_api && h->mount_setattr;
}

static int plan_ops(const struct op_context *x, struct rootfs_plan *p)
{
	const struct oci_config *c = x->config;
	const uint64_t attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			       MOUNT_ATTR_NOEXEC;
	size_t n = c->mounts.n + x->opts->nextra;

	p->ops = arena_calloc(x->arena, n, sizeof(*p->ops));
	for (size_t i = 0; i < c->mounts.n; i++)
		TRY(op_from_mount(x, &c->mounts.v[i], (int)i, &p->ops[i]));
	for (size_t i = 0; i < x->opts->nextra; i++) {
		const struct rootfs_extra *e = &x->opts->extra[i];

		p->ops[c->mounts.n + i] = (struct mount_op){
			.kind = MOUNT_BIND,
			.asked = -1,
			.target = path_join(x->arena, "/", e->destination),
			.source = e->source,
			.opt.ext = MOUNTOPT_BIND,
			.opt.attr_set = attrs,
			.opt.attr_clear = attrs, /* as the words have it */
		};
	}
	p->nops = n;
	for (size_t i = 0; i < n; i++)
		if (wants_handle(x->host, x->opts, &p->ops[i]))
			p->ops[i].handle = ++p->nhandles;
	return 0;
}

static bool dev_is_bound(const struct rootfs_plan *p)
{
	for (size_t i = 0; i < p->nops; i++)
		if (p->ops[i].kind == MOUNT_BIND && streq(p->ops[i].target, "/dev"))
			return true;
	return false;
}

static int check_context_type(const char *word)
{
	static const char *const known[] = { "context", "fscontext", "defcontext", "rootcontext" };

	for (size_t i = 0; word && i < ARRAY_SIZE(known); i++)
		if (streq(word, known[i]))
			return 0;
	if (!word)
		return 0;
	return err_msg(ERR_CONFIG,
		       "/annotations/run.oci.mount_context_type: expected context, fscontext, "
		       "defcontext or rootcontext, found \"%s\"",
		       word);
}

static int plan_linux(const struct op_context *x, struct rootfs_plan *p)
{
	struct arena *a = x->arena;
	const struct oci_linux *l = x->config->linux_;

	TRY(check_context_type(x->opts->context_type));
	if (!l)
		return 0;
	TRY(plan_paths(a, &l->masked_paths, "maskedPaths", &p->masked, &p->nmasked));
	TRY(plan_paths(a, &l->readonly_paths, "readonlyPaths", &p->ro_paths, &p->nro_paths));
	p->propagation = l->rootfs_propagation;
	if (l->mount_label && *l->mount_label) {
		if (!x->host->selinux)
			return err_msg(ERR_CONFIG,
				       "/linux/mountLabel: SELinux is not enabled on this "
				       "host");
		p->label = mount_label(a, l->mount_label, x->opts);
	}
	return 0;
}

int rootfs_plan_make(struct arena *a, const struct oci_config *c, const struct host *h,
		     const struct rootfs_opts *o, struct rootfs_plan *out)
{
	struct op_context x = { .arena = a, .config = c, .host = h, .opts = o };
	struct rootfs_plan p = {
		.console = c->process && c->process->terminal,
		.new_mount_ns = o->new_mount_ns,
		.no_pivot = o->no_pivot,
		.in_userns = o->userns || h->in_userns,
		.own_pidns = o->own_pidns,
		.own_ipcns = o->own_ipcns,
		.use_fd_api = h->mount_api && h->mount_setattr,
		.cgroup_root = h->cgroup_root,
		.cgroup_path = o->cgroup_path,
		.new_cgroupns = o->new_cgroupns,
		.rootless = h->rootless,
	};

	if (!c->root || !c->root->path || !*c->root->path)
		return err_msg(ERR_CONFIG, "/root/path: missing");
	p.root = path_join(a, o->bundle ? o->bundle : "/", c->root->path);
	if (streq(p.root, "/"))
		return err_msg(ERR_CONFIG,
			       "/root/path: the host's own \"/\" cannot be a container's root");
	p.readonly = c->root->readonly;
	TRY(plan_linux(&x, &p));
	TRY(plan_ops(&x, &p));
	if (!dev_is_bound(&p)) {
		TRY(plan_devices(a, c, &p));
		p.default_links = true;
	}
	*out = p;
	return 0;
}

size_t rootfs_handles_wanted(const struct rootfs_plan *p)
{
	return p->nhandles;
}
