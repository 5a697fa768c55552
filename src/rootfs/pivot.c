/* SPDX-License-Identifier: Apache-2.0 */
/* Into the root and, at the end, onto it.
 * Surprise: with rootfsPropagation shared the host's mounts keep their peers, so that binds can
 * stay connected; only the mounts around the root are made private, because pivot_root refuses
 * shared ones. Without a mount namespace of our own (none asked for, or a joined one) there is
 * nothing to pivot in: the tree is entered with chroot and the mounts stay where they are. */
#include "sys/sys.h"

#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "rootfs/op.h"
#include "sys/mountfd.h"

static bool keeps_peers(const struct rootfs_plan *p)
{
	return p->propagation == OCI_PROPAGATION_SHARED ||
	       p->propagation == OCI_PROPAGATION_RSHARED;
}

static unsigned long propagation_flags(enum oci_propagation v)
{
	switch (v) {
	case OCI_PROPAGATION_PRIVATE:
		return MS_PRIVATE;
	case OCI_PROPAGATION_RPRIVATE:
		return MS_PRIVATE | MS_REC;
	case OCI_PROPAGATION_SHARED:
		return MS_SHARED;
	case OCI_PROPAGATION_RSHARED:
		return MS_SHARED | MS_REC;
	case OCI_PROPAGATION_SLAVE:
		return MS_SLAVE;
	case OCI_PROPAGATION_RSLAVE:
		return MS_SLAVE | MS_REC;
	case OCI_PROPAGATION_UNBINDABLE:
		return MS_UNBINDABLE;
	case OCI_PROPAGATION_RUNBINDABLE:
		return MS_UNBINDABLE | MS_REC;
	case oci_propagation_absent:
	case oci_propagation_count:
		break;
	}
	return 0;
}

/* Nothing we mount may reach the host. */
static int cut_from_host(const struct rootfs_plan *p)
{
	bool wants_private = p->propagation == OCI_PROPAGATION_PRIVATE ||
			     p->propagation == OCI_PROPAGATION_RPRIVATE;
	unsigned long flags = MS_REC | (wants_private ? MS_PRIVATE : MS_SLAVE);

	if (!p->new_mount_ns || keeps_peers(p))
		return 0;
	if (mount(NULL, "/", NULL, flags, NULL) < 0)
		return err_sys("making the host's mounts %s", wants_private ? "private" : "slaves");
	return 0;
}

/* The mount that the root directory is on, found by trying upwards: EINVAL says "no mount here". */
static int make_parent_private(struct arena *a, const char *root)
{
	for (const char *at = root;; at = path_dir(a, at)) {
		if (mount(NULL, at, NULL, MS_PRIVATE, NULL) == 0)
			return 0;
		if (errno != EINVAL || streq(at, "/"))
			return err_sys("making the mount that holds \"%s\" private", root);
	}
}

static int open_null(int *out)
{
	_cleanup_close_ int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys("opening the host's /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_msg(ERR_SYS, "the host's /dev/null is not the null device");
	*out = take_fd(&fd);
	return 0;
}

/* mount(2) needs names for descriptors; these come from the host's proc only. */
static int open_proc_fds(int *out)
{
	_cleanup_close_ int fd = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys("opening /proc/self/fd");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_msg(ERR_SYS, "/proc is not a proc filesystem");
	*out = take_fd(&fd);
	return 0;
}

/* The root becomes a mount of its own, with everything below it. */
static int bind_root(const struct rootfs_plan *p, struct rootfs *r, int dir)
{
	_cleanup_close_ int tree = -1;
	struct stat was, is;

	if (p->use_fd_api) {
		tree = mountfd_clone(dir, "", true, false);
		if (tree < 0 || mountfd_attach(tree, dir) < 0)
			return err_sys("binding the root filesystem \"%s\"", p->root);
	} else {
		if (classic_bind(r, dir, dir, MS_REC) < 0)
			return err_sys("binding the root filesystem \"%s\"", p->root);
		tree = open(p->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (tree < 0 || fstat(tree, &is) < 0 || fstat(dir, &was) < 0)
			return err_sys("opening the root filesystem \"%s\"", p->root);
		if (is.st_dev != was.st_dev || is.st_ino != was.st_ino)
			return err_msg(ERR_SYS, "the root filesystem \"%s\" was replaced meanwhile",
				       p->root);
	}
	r->root_fd = take_fd(&tree);
	return 0;
}

/* pivot_root wants the new root itself not shared either. A mount that is somebody's slave stays
 * one: what the host mounts below it later still arrives. */
static int unshare_root(const struct rootfs_plan *p, struct rootfs *r)
{
	struct mountfd_attr a = { .propagation = MS_PRIVATE };
	int res;

	if (!p->new_mount_ns || !keeps_peers(p))
		return 0;
	res = p->use_fd_api ? mountfd_setattr(r->root_fd, &a)
			    : classic_propagation(r, r->root_fd, MS_PRIVATE);
	return res < 0 ? err_sys("making the root filesystem private") : 0;
}

static int root_failed(const struct rootfs_plan *p)
{
	int r = err_sys("opening the root filesystem \"%s\"", p->root);
	if (r == -EACCES && p->in_userns)
		err_hint("the container's root opens it: let that id of the host pass the folders "
			 "above (chmod o+x), or map their owner");
	return r;
}

int rootfs_enter(const struct rootfs_plan *p, struct rootfs *r)
{
	_cleanup_close_ int dir = -1;

	r->arena = arena_new();
	TRY(open_null(&r->null_fd));
	int res = open_proc_fds(&r->proc_fd);
	/* In a joined mount namespace /proc may be of a pid namespace that we are not in, without
	 * a "self". The mount API does without names. */
	if (res == -ENOENT && p->use_fd_api)
		err_dropped(res);
	else
		TRY(res);
	TRY(cut_from_host(p));
	if (p->new_mount_ns && keeps_peers(p))
		TRY(make_parent_private(r->arena, p->root));
	dir = open(p->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return root_failed(p);
	TRY(bind_root(p, r, dir));
	return unshare_root(p, r);
}

static int pivot(struct rootfs *r)
{
	_cleanup_close_ int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0)
		return err_sys("opening the old root");
	if (fchdir(r->root_fd) < 0)
		return err_sys("entering the root filesystem");
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		int res = err_sys("pivot_root");

		err_hint("on a ramdisk root (initramfs) use --no-pivot");
		return res;
	}
	/* Both roots are stacked now. The old one must not send its unmounting to the host. */
	if (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return err_sys("cutting the old root off");
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys("detaching the old root");
	return 0;
}

/* Whole proc and sysfs mounts of the host would stay reachable behind a moved root and would let a
 * user namespace mount its own without the masks. What cannot be unmounted is covered. */
static int hide_host_mount(const char *at)
{
	if (mount(NULL, at, NULL, MS_SLAVE | MS_REC, NULL) < 0 && errno != EINVAL)
		return err_sys("making \"%s\" a slave", at);
	if (umount2(at, MNT_DETACH) == 0 || errno == ENOENT)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return err_sys("unmounting \"%s\"", at);
	if (mount("tmpfs", at, "tmpfs", 0, "nr_inodes=1,nr_blocks=1") < 0)
		return err_sys("covering \"%s\"", at);
	return 0;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /mount/point opts ... - type source opts" */
static int hide_line(char *line, const char *root)
{
	char *save = NULL, *at = NULL, *word = strtok_r(line, " ", &save);
	bool after_dash = false;

	for (int i = 0; word; i++, word = strtok_r(NULL, " ", &save)) {
		if (i == 4)
			at = word;
		if (after_dash)
			break;
		after_dash = streq(word, "-");
	}
	if (!word || !at || (!streq(word, "proc") && !streq(word, "sysfs")))
		return 0;
	unescape(at);
	return path_is_within(at, root) ? 0 : hide_host_mount(at);
}

static int move_root(struct rootfs *r)
{
	char root[PATH_MAX], name[16], *text, *save = NULL;
	ssize_t n;
	size_t len;

	/* As mountinfo spells it, without symlinks. */
	snprintf(name, sizeof(name), "%d", r->root_fd);
	n = readlinkat(r->proc_fd, name, root, sizeof(root) - 1);
	if (n < 0)
		return err_sys("finding the path of the root filesystem");
	root[n] = '\0';
	TRY(io_read_virtual(r->arena, AT_FDCWD, "/proc/self/mountinfo", 64 << 20, &text, &len));
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		TRY(hide_line(l, root));
	if (fchdir(r->root_fd) < 0)
		return err_sys("entering the root filesystem");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_sys("moving the root filesystem to \"/\"");
	if (chroot(".") < 0)
		return err_sys("changing the root");
	return 0;
}

static int only_chroot(struct rootfs *r)
{
	if (fchdir(r->root_fd) < 0)
		return err_sys("entering the root filesystem");
	if (chroot(".") < 0)
		return err_sys("changing the root");
	return 0;
}

/* "/", and what is above it, must be the directory we prepared. */
static int check_root(struct rootfs *r)
{
	static const char *const paths[] = { "/", "/.." };
	struct stat want, is;

	if (fstat(r->root_fd, &want) < 0)
		return err_sys("checking the root");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (stat(paths[i], &is) < 0)
			return err_sys("checking the root");
		if (is.st_dev != want.st_dev || is.st_ino != want.st_ino)
			return err_msg(ERR_SYS, "the new \"%s\" is not the container's root",
				       paths[i]);
	}
	return 0;
}

int rootfs_pivot(const struct rootfs_plan *p, struct rootfs *r)
{
	unsigned long flags = propagation_flags(p->propagation);

	if (!p->new_mount_ns)
		TRY(only_chroot(r));
	else if (p->no_pivot)
		TRY(move_root(r));
	else
		TRY(pivot(r));
	if (chdir("/") < 0)
		return err_sys("entering the new root");
	TRY(check_root(r));
	if (p->new_mount_ns && flags && mount(NULL, "/", NULL, flags, NULL) < 0)
		return err_sys("setting the propagation of \"/\"");
	return 0;
}

void rootfs_close(struct rootfs *r)
{
	close_fd(&r->root_fd);
	close_fd(&r->proc_fd);
	close_fd(&r->null_fd);
	for (size_t i = 0; i < r->nlate; i++)
		close_fd(&r->late[i]);
	r->nlate = 0;
}
