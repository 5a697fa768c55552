/* SPDX-License-Identifier: Apache-2.0 */
/* The lock is flock on the directory itself: it dies with its holder, and nothing need be written
 * to tell a live maker from a dead one. */
#include "image/staging.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "layer/rmtree.h"

#define PREFIX ".oci-image-tool."

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static bool is_empty_dir(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, DIR_FLAGS);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		close_fd(&fd);
		return false;
	}
	for (struct dirent *e; (e = readdir(d));)
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			return false;
	return true;
}

static int check_target(const struct staging *s)
{
	struct stat st;
	if (fstatat(s->parent_fd, s->base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys("look at \"%s\"", s->target);
	if (S_ISDIR(st.st_mode) && is_empty_dir(s->parent_fd, s->base))
		return 0;
	int r = err_msg(ERR_USAGE, "\"%s\" exists and is not an empty directory", s->target);
	err_hint("name a place that does not exist yet");
	return r;
}

/* Is it ours and does nobody hold it? Then its maker was killed. */
static bool is_abandoned(int parent_fd, const char *name)
{
	struct stat st;
	_cleanup_close_ int fd = openat(parent_fd, name, DIR_FLAGS);
	return fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	       flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* A bundle over a store is mounted for a moment while it is made. */
static void unmount_inside(int parent_fd, const char *name)
{
	char path[320];
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s/rootfs", parent_fd, name);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		log_debug("unmounted \"%s/rootfs\"", name);
}

static int sweep(const struct staging *s)
{
	int fd = openat(s->parent_fd, ".", DIR_FLAGS);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		close_fd(&fd);
		return err_sys("read the folder of \"%s\"", s->target);
	}
	for (struct dirent *e; (e = readdir(d));)
		if (after_prefix(e->d_name, PREFIX) && is_abandoned(s->parent_fd, e->d_name)) {
			log_debug("removing \"%s\", left by a run that was killed", e->d_name);
			unmount_inside(s->parent_fd, e->d_name);
			TRY(rmtree(s->parent_fd, e->d_name));
		}
	return 0;
}

/* 1 = somebody swept it between the two calls: try again. */
static int make_locked(struct staging *s)
{
	uint64_t random;
	struct stat st;
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys("getrandom");
	snprintf(s->name, sizeof(s->name), PREFIX "%016llx", (unsigned long long)random);
	if (mkdirat(s->parent_fd, s->name, 0700) < 0) {
		s->name[0] = '\0';
		return err_sys("make a folder beside \"%s\"", s->target);
	}
	s->fd = openat(s->parent_fd, s->name, DIR_FLAGS);
	if (s->fd < 0 && errno == ENOENT)
		return 1;
	if (s->fd < 0 || flock(s->fd, LOCK_EX) < 0 || fstat(s->fd, &st) < 0)
		return err_sys("lock \"%s\"", s->name);
	if (st.st_nlink > 0)
		return 0;
	close_fd(&s->fd);
	return 1;
}

int staging_begin(struct arena *a, const char *target, struct staging *out)
{
	struct staging s = { .target = target, .parent_fd = -1, .fd = -1 };
	char *path = path_absolute(a, target);
	if (!path)
		return err_sys("find the working directory");
	if (streq(path, "/"))
		return err_msg(ERR_USAGE, "the destination cannot be \"/\"");
	s.base = (char *)(uintptr_t)path_base(path);
	char *parent = path_dir(a, path);
	s.parent_fd = open(*parent ? parent : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.parent_fd < 0)
		return err_sys("open \"%s\", where \"%s\" shall be", parent, target);
	int r = check_target(&s);
	if (r == 0)
		r = sweep(&s);
	for (r = r == 0 ? 1 : r; r > 0;)
		r = make_locked(&s);
	if (r < 0) {
		staging_abort(&s);
		return r;
	}
	*out = s;
	return 0;
}

int staging_commit(struct staging *s, bool sync)
{
	if (sync && syncfs(s->fd) < 0)
		return err_sys("write \"%s\" to disk", s->target);
	if (renameat(s->parent_fd, s->name, s->parent_fd, s->base) < 0)
		return err_sys("move the result to \"%s\"", s->target);
	s->name[0] = '\0';
	close_fd(&s->fd);
	close_fd(&s->parent_fd);
	return 0;
}

void staging_abort(struct staging *s)
{
	struct err saved = *err_get();
	if (s->name[0])
		unmount_inside(s->parent_fd, s->name);
	if (s->name[0] && rmtree(s->parent_fd, s->name) < 0)
		log_warn("cannot remove \"%s\": %s", s->name, err_get()->text);
	s->name[0] = '\0';
	close_fd(&s->fd);
	close_fd(&s->parent_fd);
	err_clear();
	int kept = saved.kind != ERR_NONE ? err_set(&saved) : 0;
	(void)kept; /* it is the caller's to pass on */
}
