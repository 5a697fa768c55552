/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as text: the rootfs lines of `ocirun explain` and of the golden plans. Foreign text is
 * quoted, so a config cannot put control characters on a terminal. */
#include "sys/sys.h"

#include "rootfs/op.h"

static const char *kind_word(const struct mount_op *op)
{
	switch (op->kind) {
	case MOUNT_FS:
		return "fs";
	case MOUNT_BIND:
		return op->opt.ext & MOUNTOPT_RECURSIVE ? "rbind" : "bind";
	case MOUNT_CGROUP:
		return "cgroup";
	case MOUNT_REMOUNT:
		return "remount";
	}
	return "?";
}

static void print_op(const struct mount_op *op, size_t number, struct str *s)
{
	struct mountopt o = op->opt;
	size_t before;

	str_addf(s, "mount %-3zu %-7s ", number, kind_word(op));
	str_add_quoted(s, op->kind == MOUNT_FS ? op->fstype : op->source ? op->source : "-");
	str_addc(s, ' ');
	str_add_quoted(s, op->target);
	str_addc(s, ' ');
	before = s->n;
	mountopt_print(&o, s);
	if (s->n == before)
		str_addc(s, '-');
	if (op->late_ro)
		str_add(s, " then read-only");
	if (op->label) {
		str_add(s, " then label ");
		str_add_quoted(s, op->label);
	}
	for (size_t i = 0; i < op->nuids; i++)
		str_addf(s, " uid %u>%u+%u", op->uids[i].inside, op->uids[i].outside,
			 op->uids[i].size);
	for (size_t i = 0; i < op->ngids; i++)
		str_addf(s, " gid %u>%u+%u", op->gids[i].inside, op->gids[i].outside,
			 op->gids[i].size);
	if (op->handle)
		str_add(s, " opened by the parent");
	if (op->asked >= 0)
		str_addf(s, " (/mounts/%d)", op->asked);
	str_addc(s, '\n');
}

static void print_paths(const char *title, const char *const *v, size_t n, struct str *s)
{
	if (!n)
		return;
	str_add(s, title);
	for (size_t i = 0; i < n; i++) {
		str_addc(s, ' ');
		str_add_quoted(s, v[i]);
	}
	str_addc(s, '\n');
}

static void print_device(const struct rootfs_device *d, bool bind, struct str *s)
{
	str_add(s, "device  ");
	str_add_quoted(s, d->path);
	if (d->type == 'p')
		str_addf(s, " p mode %04o", d->mode);
	else if (bind)
		str_addf(s, " %c %u:%u bound from the host", d->type, d->major, d->minor);
	else
		str_addf(s, " %c %u:%u mode %04o", d->type, d->major, d->minor, d->mode);
	if (d->uid || d->gid)
		str_addf(s, " owner %u:%u", d->uid, d->gid);
	str_addc(s, '\n');
}

void rootfs_plan_print(const struct rootfs_plan *p, struct str *s)
{
	str_add(s, "root    ");
	str_add_quoted(s, p->root);
	str_addf(s, " %s", p->readonly ? "read-only" : "writable");
	str_addf(s, ", enter by %s", !p->new_mount_ns ? "chroot" : p->no_pivot ? "move" : "pivot");
	if (p->propagation)
		str_addf(s, ", propagation %s", oci_word(&oci_propagation_words, p->propagation));
	str_addc(s, '\n');
	for (size_t i = 0; i < p->nops; i++)
		print_op(&p->ops[i], i + 1, s);
	for (size_t i = 0; i < p->ndevices; i++)
		print_device(&p->devices[i], p->in_userns && p->devices[i].type != 'p', s);
	if (p->console)
		str_add(s, "device  /dev/console from the terminal\n");
	print_paths("mask   ", p->masked, p->nmasked, s);
	print_paths("ropath ", p->ro_paths, p->nro_paths, s);
}
