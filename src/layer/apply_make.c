/* SPDX-License-Identifier: Apache-2.0 */
/* Making one thing each. Four system calls for a small file: openat, write, utimensat, close; the
 * rest only when the entry asks for it. New content never goes into an existing file, which may be
 * linked from elsewhere: everything is created with O_EXCL, and what is there goes first.
 * Order: owner before mode (chown clears setuid), attributes after writing (write clears
 * capabilities), times last. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "layer/apply.h"
#include "sys/inroot.h"

enum { SPECIAL_BITS = 07000 };

static int create(struct apply *a, const struct tar_entry *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	for (int tries = 0;; tries++) {
		int fd = openat(a->dir->fd, a->name.base, flags, e->mode & 0777);
		if (fd >= 0)
			return fd;
		if (errno == EEXIST && tries == 0) {
			TRY(apply_clear(a));
		} else if (errno == EMFILE && tries == 0) {
			dircache_flush(&a->dirs);
			TRY(apply_place(a));
		} else {
			return err_sys("create it");
		}
	}
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_sys("write it");
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int write_content(int fd, struct tar *t, const struct tar_entry *e)
{
	const uint8_t *data;
	size_t len;
	uint64_t at = 0;
	int r;
	while ((r = tar_data(t, &data, &len, &at)) > 0) {
		if (e->sparse && lseek(fd, (off_t)at, SEEK_SET) < 0)
			return err_sys("seek in it");
		TRY(write_all(fd, data, len));
	}
	if (r == 0 && e->sparse && ftruncate(fd, (off_t)e->size) < 0)
		return err_sys("set its size");
	return r;
}

static int set_owner_and_mode(struct apply *a, int fd, const struct tar_entry *e)
{
	uid_t uid;
	gid_t gid;
	TRY(apply_owner(a, e, &uid, &gid));
	if ((uid != a->uid || gid != a->gid) && fchown(fd, uid, gid) < 0)
		return apply_chown_failed(uid, gid);
	if (e->mode & SPECIAL_BITS && fchmod(fd, e->mode) < 0)
		return err_sys("set its mode to %04o", e->mode);
	return 0;
}

int apply_file(struct apply *a, struct tar *t, const struct tar_entry *e)
{
	struct timespec times[2] = { e->mtime, e->mtime };
	a->apparent += e->size;
	if (a->apparent > a->o->max_bytes)
		return err_msg(ERR_CONFIG, "the files are bigger than %llu bytes together",
			       (unsigned long long)a->o->max_bytes);
	_cleanup_close_ int fd = create(a, e);
	if (fd < 0)
		return fd;
	TRY(write_content(fd, t, e));
	TRY(set_owner_and_mode(a, fd, e));
	TRY(apply_xattrs(a, fd, e));
	if (futimens(fd, times) < 0)
		return err_sys("set its time");
	return 0;
}

/* 1 = it is a folder already and stays. */
static int make_dir(struct apply *a, mode_t mode)
{
	struct stat st;
	bool whiteout = false;
	if (mkdirat(a->dir->fd, a->name.base, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys("make it");
	if (fstatat(a->dir->fd, a->name.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("look at what is there");
	if (S_ISDIR(st.st_mode))
		return 1;
	if (S_ISLNK(st.st_mode) && a->o->keep_dirlinks) {
		_cleanup_close_ int fd =
			inroot_open(a->root_fd, a->canon, O_PATH | O_DIRECTORY, 0);
		if (fd >= 0)
			return 2;
	}
	whiteout = a->o->overlay && apply_is_whiteout_node(a);
	TRY(apply_clear(a));
	if (mkdirat(a->dir->fd, a->name.base, mode) < 0)
		return err_sys("make it");
	return whiteout ? apply_mark_opaque(a, a->dir, a->name.base) : 0;
}

static int dir_xattrs(struct apply *a, const struct tar_entry *e, bool existed)
{
	bool some = e->n_xattrs > 0 || apply_notes_owner(a, e);
	if (!some && !(existed && a->dir_xattrs))
		return 0;
	const char *name = *a->name.base ? a->name.base : ".";
	_cleanup_close_ int fd =
		openat(a->dir->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open it");
	if (existed)
		TRY(apply_drop_xattrs(fd));
	a->dir_xattrs |= some;
	return apply_xattrs(a, fd, e);
}

/* While the layers are unpacked every folder is writable for us and not setgid (which would give
 * its group to new files); the log has what it shall be. */
int apply_dir(struct apply *a, const struct tar_entry *e)
{
	mode_t now = (e->mode & 01777) | 0700;
	int existed = make_dir(a, now);
	if (existed < 0)
		return existed;
	if (existed == 2)
		return 0;
	if (existed) { /* with an owner of its own, perhaps */
		uid_t uid;
		gid_t gid;
		TRY(apply_owner(a, e, &uid, &gid));
		if (fchownat(a->dir->fd, a->name.base, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return apply_chown_failed(uid, gid);
		if (fchmodat(a->dir->fd, a->name.base, now, 0) < 0)
			return err_sys("set the mode of the folder");
	} else {
		TRY(apply_chown_at(a, e));
	}
	TRY(dir_xattrs(a, e, existed));
	return dirlog_add(&a->log, a->canon, &e->mtime, e->mode, existed || now != e->mode);
}

/* "." or "/": what the tree's own folder shall look like. */
int apply_root(struct apply *a, const struct tar_entry *e)
{
	uid_t uid;
	gid_t gid;
	if (e->type != TAR_DIR)
		return err_msg(ERR_CONFIG, "the root of the tree is not a folder");
	TRY(apply_find(a));
	TRY(apply_owner(a, e, &uid, &gid));
	if (fchownat(a->root_fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return apply_chown_failed(uid, gid);
	TRY(dir_xattrs(a, e, true));
	return dirlog_add(&a->log, "", &e->mtime, e->mode, true);
}

int apply_symlink(struct apply *a, const struct tar_entry *e)
{
	struct timespec times[2] = { e->mtime, e->mtime };
	if (!*e->link)
		return err_msg(ERR_CONFIG, "it is a symlink to nothing");
	if (symlinkat(e->link, a->dir->fd, a->name.base) < 0) {
		if (errno != EEXIST)
			return err_sys("make the symlink");
		TRY(apply_clear(a));
		if (symlinkat(e->link, a->dir->fd, a->name.base) < 0)
			return err_sys("make the symlink");
	}
	a->report->xattrs_dropped += e->n_xattrs;
	TRY(apply_chown_at(a, e));
	if (utimensat(a->dir->fd, a->name.base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("set its time");
	return 0;
}

/* Its kind, or 1 when the image may not have it here. */
static int node_kind(struct apply *a, const struct tar_entry *e, mode_t *kind)
{
	*kind = e->type == TAR_CHAR ? S_IFCHR : e->type == TAR_BLOCK ? S_IFBLK : S_IFIFO;
	if (e->type == TAR_FIFO)
		return 0;
	if (a->o->rootless || !a->o->devices) {
		a->report->devices_skipped++;
		return 1;
	}
	if (e->type == TAR_CHAR && e->major == 0 && e->minor == 0)
		return err_msg(ERR_CONFIG,
			       "character device 0:0 is a whiteout of overlayfs, not a device");
	return 0;
}

int apply_node(struct apply *a, const struct tar_entry *e)
{
	struct timespec times[2] = { e->mtime, e->mtime };
	mode_t kind;
	int r = node_kind(a, e, &kind);
	if (r < 0)
		return r;
	if (r > 0)
		return apply_clear(a);
	dev_t dev = kind == S_IFIFO ? 0 : makedev(e->major, e->minor);
	mode_t mode = kind | (e->mode & 0777);
	for (int tries = 0; mknodat(a->dir->fd, a->name.base, mode, dev) < 0; tries++) {
		if (errno != EEXIST || tries > 0)
			return err_sys("make the device");
		TRY(apply_clear(a));
	}
	a->report->xattrs_dropped += e->n_xattrs;
	TRY(apply_chown_at(a, e));
	if (e->mode & SPECIAL_BITS && fchmodat(a->dir->fd, a->name.base, e->mode, 0) < 0)
		return err_sys("set its mode to %04o", e->mode);
	if (utimensat(a->dir->fd, a->name.base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys("set its time");
	return 0;
}
