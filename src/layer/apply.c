/* SPDX-License-Identifier: Apache-2.0 */
/* One entry after the other: its name, whether it is a whiteout, its folder, the thing itself. */
#include "layer/apply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "layer/rmtree.h"

/* What the root folder inherited from where it was made would be inherited by every file. */
static int plain_root(int root_fd)
{
	if (fchmod(root_fd, 0700) < 0)
		return err_sys("set the mode of the root folder");
	if (fremovexattr(root_fd, "system.posix_acl_default") < 0 && errno != ENODATA &&
	    errno != ENOTSUP)
		return err_sys("remove the default ACL of the root folder");
	return 0;
}

int apply_open(struct apply *a, const struct unpack_opts *o, int root_fd,
	       struct unpack_report *report)
{
	static const struct timespec epoch;
	*a = (struct apply){ .o = o, .root_fd = root_fd, .uid = geteuid(), .gid = getegid(),
			     .log.fd = -1,
			     .report = report };
	dircache_open(&a->dirs, root_fd);
	TRY(pathset_open(&a->mine));
	TRY(pathset_open(&a->opaque));
	TRY(dirlog_open(&a->log, root_fd));
	TRY(plain_root(root_fd));
	/* should no entry say it */
	return dirlog_add(&a->log, "", &epoch, 0755, true);
}

void apply_close(struct apply *a)
{
	dircache_close(&a->dirs);
	dirlog_close(&a->log);
	pathset_close(&a->mine);
	pathset_close(&a->opaque);
	free_ptr(&a->name.text);
	free_ptr(&a->target.text);
	free_ptr(&a->canon);
}

void apply_next_layer(struct apply *a)
{
	a->lower = true;
	pathset_empty(&a->mine);
	pathset_empty(&a->opaque);
}

int apply_clear(struct apply *a)
{
	struct stat st;
	if (fstatat(a->dir->fd, a->name.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys("look at what is there");
	TRY(rmtree(a->dir->fd, a->name.base));
	if (!S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode))
		return 0;
	dircache_flush(&a->dirs);
	int r = apply_find(a);
	return r <= 0 ? r : err_sys("open the folder \"%s\"", a->name.above);
}

static int make(struct apply *a, struct tar *t, const struct tar_entry *e)
{
	switch (e->type) {
	case TAR_FILE: return apply_file(a, t, e);
	case TAR_HARDLINK: return apply_hardlink(a, e);
	case TAR_SYMLINK: return apply_symlink(a, e);
	case TAR_DIR: return apply_dir(a, e);
	case TAR_CHAR:
	case TAR_BLOCK:
	case TAR_FIFO: return apply_node(a, e);
	}
	return err_msg(ERR_BUG, "type %d of a tar entry", e->type);
}

int apply_entry(struct apply *a, struct tar *t, const struct tar_entry *e)
{
	if (++a->report->entries > a->o->max_entries)
		return err_msg(ERR_CONFIG, "there are more than %llu entries",
			       (unsigned long long)a->o->max_entries);
	TRY(apply_name(a, e->path, &a->name));
	int r = apply_whiteout(a);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!*a->name.base)
		return apply_root(a, e);
	TRY(apply_place(a));
	if (a->lower)
		TRY(pathset_add(&a->mine, a->canon, a->canon_len));
	return make(a, t, e);
}

int apply_finish(struct apply *a)
{
	return dirlog_replay(&a->log, &a->dirs);
}
