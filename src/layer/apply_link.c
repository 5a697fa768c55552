/* SPDX-License-Identifier: Apache-2.0 */
/* Hard links. The name it leads to is one of the tree's, whatever it looks like; it must be there,
 * and be anything but a folder. A symlink is linked itself, never followed. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "layer/apply.h"

static int not_there(const struct tar_entry *e)
{
	return err_msg(ERR_CONFIG, "it is a hard link to \"%s\", which is not in the image",
		       e->link);
}

/* A descriptor of the target's folder that outlives the cache's slot. */
static int open_target_folder(struct apply *a, const struct tar_entry *e, int *fd)
{
	const struct dir *d;
	int r = dircache_get(&a->dirs, a->target.above, &d);
	if (r != 0)
		return r < 0 ? r : not_there(e);
	*fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 3);
	if (*fd < 0)
		return err_sys("open the folder of the link's target");
	/* the entry's own folder may have lost its slot to this one */
	return apply_place(a);
}

static int explain(const struct apply *a, int dir_fd, const struct tar_entry *e)
{
	struct stat st;
	int no = errno;
	if (no == ENOENT || no == ENOTDIR)
		return not_there(e);
	if (fstatat(dir_fd, a->target.base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return err_msg(ERR_CONFIG, "it is a hard link to the folder \"%s\"", e->link);
	return err_sysno(no, "link it to \"%s\"", e->link);
}

/* Is the target's place the entry's own? */
static bool is_itself(const struct apply *a, int dir_fd)
{
	struct stat one, two;
	return streq(a->target.base, a->name.base) && fstat(dir_fd, &one) == 0 &&
	       fstat(a->dir->fd, &two) == 0 && one.st_ino == two.st_ino &&
	       one.st_dev == two.st_dev;
}

int apply_hardlink(struct apply *a, const struct tar_entry *e)
{
	_cleanup_close_ int other = -1;
	TRY_AS(apply_name(a, e->link, &a->target), "the target of the link");
	if (!*a->target.base)
		return err_msg(ERR_CONFIG, "it is a hard link to the root folder");
	bool same = streq(a->target.above, a->name.above);
	if (!same)
		TRY(open_target_folder(a, e, &other));
	for (int tries = 0;; tries++) {
		int from = same ? a->dir->fd : other;
		if (linkat(from, a->target.base, a->dir->fd, a->name.base, 0) == 0)
			return 0;
		if (errno != EEXIST || tries > 0)
			return explain(a, from, e);
		if (is_itself(a, from))
			return 0;
		TRY(apply_clear(a));
	}
}
