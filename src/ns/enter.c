/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying out the recipe, in the child: joins, the user namespace, becoming root in it, the rest.
 * Surprise: a process that is not dumpable owns none of its files in /proc. Init is not, so that
 * nobody in a joined namespace can look into it; an ordinary user must stay dumpable while its maps
 * are written from outside. That is safe: its namespaces are all new, nobody else is there. */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "ns/kinds.h"
#include "ns/maps.h"
#include "sys/nsfd.h"

static int open_join(const struct ns_join *j, int *out)
{
	const struct ns_kind *want = ns_kind_of(j->type);
	_cleanup_close_ int fd = nsfd_open(j->path);
	if (fd < 0) {
		int no = errno;
		return err_msg(ERR_CONFIG, "/linux/namespaces/%zu/path: open \"%s\": %s", j->index,
			       j->path, err_text(no));
	}
	int type = nsfd_type(fd);
	if (type < 0)
		return err_msg(ERR_CONFIG, "/linux/namespaces/%zu/path: \"%s\" is not a namespace",
			       j->index, j->path);
	if ((unsigned)type != want->flag) {
		const struct ns_kind *k = ns_kinds;
		while (k->word && k->flag != (unsigned)type)
			k++;
		return err_msg(
			ERR_CONFIG,
			"/linux/namespaces/%zu/path: \"%s\" is a %s namespace, not a %s namespace",
			j->index, j->path, k->word ? k->word : "different", want->word);
	}
	*out = take_fd(&fd);
	return 0;
}

int ns_open_joins(const struct ns_plan *p, int *fds)
{
	for (size_t i = 0; i < p->joins.n; i++)
		fds[i] = -1;
	for (size_t i = 0; i < p->joins.n; i++) {
		int r = open_join(&p->joins.v[i], &fds[i]);
		if (r < 0) {
			while (i-- > 0)
				close_fd(&fds[i]);
			return r;
		}
	}
	return 0;
}

static int enter(const struct ns_join *j, int fd)
{
	const struct ns_kind *k = ns_kind_of(j->type);
	if (nsfd_enter(fd, (int)k->flag) < 0)
		return err_sys("/linux/namespaces/%zu: join the %s namespace \"%s\"", j->index,
			       k->word, j->path);
	return 0;
}

static int enter_all(const struct ns_plan *p, const int *fds, bool early)
{
	for (size_t i = 0; i < p->joins.n; i++)
		if (p->joins.v[i].type != OCI_NS_USER && p->joins.v[i].early == early)
			TRY(enter(&p->joins.v[i], fds[i]));
	return 0;
}

int ns_join_early(const struct ns_plan *p, const int *fds)
{
	return enter_all(p, fds, true);
}

int ns_time_offsets_open(const struct ns_plan *p, int *fd)
{
	static const char path[] = "/proc/self/timens_offsets";
	*fd = -1;
	if (!p->time_offsets)
		return 0;
	*fd = open(path, O_WRONLY | O_CLOEXEC);
	if (*fd < 0 && errno == EACCES && prctl(PR_GET_DUMPABLE) == 0) {
		prctl(PR_SET_DUMPABLE, 1);
		*fd = open(path, O_WRONLY | O_CLOEXEC);
		int no = errno;
		prctl(PR_SET_DUMPABLE, 0);
		errno = no;
	}
	return *fd < 0 ? err_sys("/linux/timeOffsets: open \"%s\"", path) : 0;
}

int ns_time_offsets_write(const struct ns_plan *p, int fd)
{
	if (!p->time_offsets)
		return 0;
	TRY_AS(io_write_all(fd, p->time_offsets, strlen(p->time_offsets)),
	       "/linux/timeOffsets: setting the clocks of the time namespace");
	return 0;
}

static int join_user(const struct ns_plan *p, const int *fds)
{
	for (size_t i = 0; i < p->joins.n; i++) {
		if (p->joins.v[i].type != OCI_NS_USER)
			continue;
		/* The kernel refuses to join the one we are in. */
		if (nsfd_is_own(fds[i], "user"))
			return 0;
		TRY(enter(&p->joins.v[i], fds[i]));
	}
	return 0;
}

int ns_enter_user(const struct ns_plan *p, const int *fds)
{
	if (p->joined[OCI_NS_USER])
		return join_user(p, fds);
	if (p->stay_dumpable && prctl(PR_SET_DUMPABLE, 1) < 0)
		return err_sys("let the id maps be written");
	if (p->unshare_user && unshare(CLONE_NEWUSER) < 0) {
		int r = err_sys("make a user namespace");
		err_hint(
			"see sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone");
		return r;
	}
	return 0;
}

/* In a joined namespace 0 need not be mapped: take the first id that is. */
static int first_mapped(const char *path, uint32_t *out)
{
	char text[64];
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_sys("read \"%s\"", path);
	text[n] = '\0';
	if (!ns_maps_first(text, out))
		return err_msg(ERR_CONFIG, "the joined user namespace has no id maps");
	return 0;
}

static int take_gid(const struct ns_plan *p)
{
	gid_t gid = p->root_gid;
	if (setresgid(gid, gid, gid) == 0)
		return 0;
	if (errno != EINVAL || !p->joined[OCI_NS_USER])
		return err_sys("become gid %u in the user namespace", gid);
	TRY(first_mapped("/proc/self/gid_map", &gid));
	return setresgid(gid, gid, gid) < 0 ? err_sys("become gid %u in the user namespace", gid)
					    : 0;
}

static int take_uid(const struct ns_plan *p)
{
	uid_t uid = p->root_uid;
	if (setresuid(uid, uid, uid) == 0)
		return 0;
	if (errno != EINVAL || !p->joined[OCI_NS_USER])
		return err_sys("become uid %u in the user namespace", uid);
	TRY(first_mapped("/proc/self/uid_map", &uid));
	return setresuid(uid, uid, uid) < 0 ? err_sys("become uid %u in the user namespace", uid)
					    : 0;
}

int ns_become_root(const struct ns_plan *p)
{
	if (!p->userns)
		return 0;
	/* Where setgroups was denied for good, in a joined namespace or around us, EPERM is the
	 * answer, and the groups are no more than what the user had anyway. */
	if (!p->keep_groups && !p->deny_setgroups && setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys("drop the caller's groups");
	TRY(take_gid(p));
	TRY(take_uid(p));
	/* Changing ids made us dumpable or not, as fs.suid_dumpable says. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys("become undumpable");
	return 0;
}

int ns_enter_rest(const struct ns_plan *p, const int *fds)
{
	TRY(enter_all(p, fds, false));
	if (p->unshare_flags && unshare((int)p->unshare_flags) < 0)
		return err_sys("make new namespaces");
	return 0;
}

int ns_unshare_cgroup(const struct ns_plan *p)
{
	if (p->cgroupns && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys("make a cgroup namespace");
	return 0;
}
