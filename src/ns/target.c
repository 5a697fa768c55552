/* SPDX-License-Identifier: Apache-2.0 */
/* exec: entering the namespaces of a container that runs. One setns on a pidfd takes them all, in
 * the kernel's right order; before 5.8 one by one, the mount namespace last. Who may enter the pid
 * namespace before the clone (host root) saves the second one.
 * Surprise: the kernel refuses to join the user namespace one is in, so the caller looks first. */
#include <fcntl.h>
#include <sched.h>

#include "base/cleanup.h"
#include "ns/kinds.h"
#include "sys/nsfd.h"

static bool maps_root(const struct oci_id_mapping *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].container_id == 0)
			return true;
	return n == 0; /* a joined namespace: 0 is tried, then the first of its map */
}

void ns_target_init(struct ns_target *t)
{
	*t = (struct ns_target){ .pid = -1, .pidfd = -1, .root_fd = -1 };
	for (size_t i = 0; i < ARRAY_SIZE(t->fds); i++)
		t->fds[i] = -1;
}

bool ns_target_shares(const struct ns_target *t, pid_t pid, enum oci_ns_type type)
{
	const char *file = ns_kind_file(ns_kind_of(type));
	char path[64];
	if (t->by_fd)
		return t->fds[type] < 0 || nsfd_is_own(t->fds[type], file);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, file);
	_cleanup_close_ int fd = nsfd_open(path);
	return fd >= 0 && nsfd_is_own(fd, file);
}

void ns_target_plan(const struct oci_config *c, const struct host *h, bool own_userns,
		    struct ns_plan *p, struct ns_target *t)
{
	static const struct oci_linux none;
	const struct oci_linux *l = c->linux_ ? c->linux_ : &none;
	unsigned flags = 0, pid_flag = CLONE_NEWPID;

	*p = (struct ns_plan){ 0 };
	t->parent = t->first = t->last = 0;
	t->chroots = true;
	for (size_t i = 0; i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.v[i];
		p->joined[ns->type] = true;
		flags |= ns_kind_of(ns->type)->flag;
		if (ns->type == OCI_NS_MOUNT && (!ns->path || !*ns->path))
			t->chroots = false;
	}
	if (own_userns)
		flags &= ~(unsigned)CLONE_NEWUSER;
	p->userns = flags & CLONE_NEWUSER;
	if (p->userns && !maps_root(l->uid_mappings.v, l->uid_mappings.n))
		p->root_uid = l->uid_mappings.v[0].container_id;
	if (p->userns && !maps_root(l->gid_mappings.v, l->gid_mappings.n))
		p->root_gid = l->gid_mappings.v[0].container_id;
	if (h->euid == 0) {
		t->parent = flags & pid_flag;
		t->last = flags & ~pid_flag;
		return;
	}
	p->forks = flags & pid_flag;
	t->first = flags & ~(unsigned)CLONE_NEWNS;
	t->last = flags & CLONE_NEWNS;
}

int ns_target_open(struct ns_target *t, pid_t pid)
{
	char path[64];
	t->pid = pid;
	if (!t->chroots || t->root_fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	t->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->root_fd < 0 ? err_sys("open the container's root") : 0;
}

void ns_target_close(struct ns_target *t)
{
	close_fd(&t->root_fd);
	for (size_t i = 0; i < ARRAY_SIZE(t->fds); i++)
		close_fd(&t->fds[i]);
}

/* All of them, before the first is entered: afterwards /proc may be out of reach. */
static int open_each(struct ns_target *t)
{
	unsigned all = t->parent | t->first | t->last;
	char path[64];
	t->by_fd = true;
	for (const struct ns_kind *k = ns_kinds; k->word; k++) {
		if (!(all & k->flag))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)t->pid, ns_kind_file(k));
		t->fds[k->type] = nsfd_open(path);
		if (t->fds[k->type] < 0)
			return err_sys("open the container's %s namespace", k->word);
	}
	return 0;
}

static int enter_each(const struct ns_target *t, unsigned flags)
{
	for (const struct ns_kind *k = ns_kinds; k->word; k++)
		if (flags & k->flag && nsfd_enter(t->fds[k->type], (int)k->flag) < 0)
			return err_sys("join the container's %s namespace", k->word);
	return 0;
}

int ns_target_enter(struct ns_target *t, unsigned flags)
{
	if (!flags)
		return 0;
	if (!t->by_fd) {
		if (nsfd_enter(t->pidfd, (int)flags) == 0)
			return 0;
		if (errno != EINVAL)
			return err_sys("join the container's namespaces");
		TRY(open_each(t));
	}
	return enter_each(t, flags);
}

int ns_target_chroot(const struct ns_target *t)
{
	if (!t->chroots)
		return 0;
	if (fchdir(t->root_fd) < 0 || chroot(".") < 0)
		return err_sys("enter the container's root");
	return 0;
}
