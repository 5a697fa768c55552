/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes, the usual links of /dev, and /dev/console.
 * Surprise: /dev need not be a fresh tmpfs; it may be a directory of the image in which every name
 * is a trap. Names are made relative to a held directory and never followed; what is there already
 * is used only if it is exactly what we would have made. */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "rootfs/op.h"
#include "sys/inroot.h"

/* Every file we make in the container's /dev besides the nodes. */
static const struct {
	const char *name, *text;
	const char *needs; /* host path that must exist, NULL */
} links[] = {
	{ "ptmx", "pts/ptmx", NULL },          { "fd", "/proc/self/fd", NULL },
	{ "stdin", "/proc/self/fd/0", NULL },  { "stdout", "/proc/self/fd/1", NULL },
	{ "stderr", "/proc/self/fd/2", NULL }, { "core", "/proc/kcore", "/proc/kcore" },
};

static int device_failed(const struct rootfs_device *d, const char *what)
{
	char asked[40] = "";
	int no = errno;

	if (d->asked >= 0)
		snprintf(asked, sizeof(asked), " (/linux/devices/%d)", d->asked);
	return err_sysno(no, "creating device \"%s\"%s: %s", d->path, asked, what);
}

static mode_t type_bits(const struct rootfs_device *d)
{
	return d->type == 'c' ? S_IFCHR : d->type == 'b' ? S_IFBLK : S_IFIFO;
}

static bool is_device(const struct stat *st, const struct rootfs_device *d)
{
	return (st->st_mode & S_IFMT) == type_bits(d) &&
	       (d->type == 'p' || st->st_rdev == makedev(d->major, d->minor));
}

/* The directory, which must be a real one: mounting and making things in a symlinked /dev is how
 * images wrote to hosts. */
static int open_dir(struct rootfs *r, const char *dir, bool create, int *out)
{
	int fd = inroot_open(r->root_fd, dir, O_PATH | O_DIRECTORY, INROOT_NO_SYMLINKS);

	if (fd < 0 && errno == ENOENT && create) {
		int made = inroot_mkdirs(r->root_fd, dir, 0755, NULL);

		if (made < 0)
			return err_sys("creating directory \"%s\" for devices", dir);
		close(made);
		fd = inroot_open(r->root_fd, dir, O_PATH | O_DIRECTORY, INROOT_NO_SYMLINKS);
	}
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return err_msg(ERR_SYS,
			       "\"%s\" in the root filesystem must be a real directory to hold "
			       "devices",
			       dir);
	if (fd < 0)
		return err_sys("opening \"%s\" for devices", dir);
	*out = fd;
	return 0;
}

static int set_owner(int dir, const char *base, const struct rootfs_device *d)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!d->uid && !d->gid)
		return 0;
	fd = openat(dir, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return device_failed(d, "looking at it");
	if (!is_device(&st, d)) {
		errno = EEXIST;
		return device_failed(d, "it was replaced meanwhile");
	}
	if (fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0)
		return device_failed(d, "setting its owner");
	return 0;
}

/* The host's node on an empty file. */
static int bind_node(const struct rootfs_plan *p, struct rootfs *r, const struct rootfs_device *d,
		     int dir, const char *base)
{
	_cleanup_close_ int source = open(d->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int target = -1;
	struct stat st;

	if (source < 0 || fstat(source, &st) < 0)
		return device_failed(d, "opening the host's");
	if (!is_device(&st, d)) {
		errno = ENODEV;
		return device_failed(d, "the host has another device at this path");
	}
	if (mknodat(dir, base, S_IFREG, 0) < 0 && errno != EEXIST)
		return device_failed(d, "making the mount point");
	target = openat(dir, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return device_failed(d, "opening the mount point");
	if (is_device(&st, d))
		return 0;
	if (!S_ISREG(st.st_mode)) {
		errno = EEXIST;
		return device_failed(d, "something else is there");
	}
	if (bind_over(p, r, source, target) < 0)
		return device_failed(d, "binding the host's");
	return 0;
}

/* The name is taken: 0 when by the right device, 1 when by a file that can be covered. */
static int look_at_existing(const struct rootfs_device *d, int dir, const char *base)
{
	struct stat st;

	if (fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return device_failed(d, "looking at what is there");
	if (is_device(&st, d))
		return 0;
	if (S_ISREG(st.st_mode) && d->type != 'p')
		return 1;
	errno = EEXIST;
	return device_failed(d, S_ISLNK(st.st_mode) ? "a symlink is there"
						    : "something else is there");
}

static int make_in(const struct rootfs_plan *p, struct rootfs *r, const struct rootfs_device *d,
		   int dir, const char *base)
{
	int found;

	if (p->in_userns && d->type != 'p')
		return bind_node(p, r, d, dir, base);
	if (mknodat(dir, base, type_bits(d) | d->mode, makedev(d->major, d->minor)) == 0)
		return set_owner(dir, base, d);
	if (errno == EPERM)
		return bind_node(p, r, d, dir, base);
	if (errno != EEXIST)
		return device_failed(d, "making the node");
	found = TRY(look_at_existing(d, dir, base));
	return found ? bind_node(p, r, d, dir, base) : set_owner(dir, base, d);
}

static int make_device(const struct rootfs_plan *p, struct rootfs *r, const struct rootfs_device *d,
		       int dev_fd)
{
	const char *name = after_prefix(d->path, "/dev/");
	_cleanup_close_ int dir = -1;

	if (name && !strchr(name, '/'))
		return make_in(p, r, d, dev_fd, name);
	TRY(open_dir(r, path_dir(r->arena, d->path), true, &dir));
	return make_in(p, r, d, dir, path_base(d->path));
}

static int make_links(int dev_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (links[i].needs && access(links[i].needs, F_OK) < 0)
			continue;
		/* An image may bring its own; only nodes must be what they seem. */
		if (symlinkat(links[i].text, dev_fd, links[i].name) < 0 && errno != EEXIST)
			return err_sys("creating symlink \"/dev/%s\"", links[i].name);
	}
	return 0;
}

int rootfs_devices(const struct rootfs_plan *p, struct rootfs *r)
{
	_cleanup_close_ int dev_fd = -1;
	mode_t mask;
	int res = 0;

	if (!p->ndevices && !p->default_links)
		return 0;
	TRY(open_dir(r, "/dev", true, &dev_fd));
	mask = umask(0);
	for (size_t i = 0; i < p->ndevices && res >= 0; i++)
		res = make_device(p, r, &p->devices[i], dev_fd);
	umask(mask);
	return res < 0 || !p->default_links ? res : make_links(dev_fd);
}

/* Only a terminal of devpts may become the console. */
static int check_slave(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return err_sys("checking the terminal for \"/dev/console\"");
	if (!S_ISCHR(st.st_mode) || major(st.st_rdev) < 136 || major(st.st_rdev) > 143 ||
	    fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_msg(ERR_SYS,
			       "the terminal for \"/dev/console\" is not a devpts terminal");
	return 0;
}

int rootfs_console(const struct rootfs_plan *p, struct rootfs *r, int slave_fd)
{
	_cleanup_close_ int dir = -1, target = -1;
	struct stat st;

	TRY(check_slave(slave_fd));
	TRY(open_dir(r, "/dev", true, &dir));
	if (mknodat(dir, "console", S_IFREG | 0600, 0) < 0 && errno != EEXIST)
		return err_sys("creating \"/dev/console\"");
	target = openat(dir, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &st) < 0)
		return err_sys("opening \"/dev/console\"");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_msg(ERR_SYS,
			       "\"/dev/console\" in the root filesystem is neither a file nor a "
			       "device");
	if (bind_over(p, r, slave_fd, target) < 0)
		return err_sys("binding the terminal on \"/dev/console\"");
	return 0;
}
