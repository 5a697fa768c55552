/* SPDX-License-Identifier: Apache-2.0 */
/* Directories, ids and locks of the state root. An id is taken by mkdir, which only one can win;
 * the lock is on the directory's descriptor, so after getting it the name is looked up again: it
 * may have been removed (and even made anew) while we waited. */
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"
#include "store/parts.h"

#define LOCK_WAIT_NS  (10ull * 1000 * 1000 * 1000)
#define RESERVE_TRIES 100
#define MAX_DEPTH     16
#define DIR_FLAGS     (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* ---- ids ---- */

static bool is_id(const char *id)
{
	static const char first[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t n = strlen(id);

	if (n == 0 || n > STORE_ID_MAX || !strchr(first, id[0]))
		return false;
	size_t ok = 0;
	while (ok < n && (strchr(first, id[ok]) || strchr("+-.", id[ok])))
		ok++;
	return ok == n;
}

int store_check_id(const char *id)
{
	char shown[128];
	size_t n = 0;

	if (is_id(id))
		return 0;
	for (const char *p = id; *p && n < sizeof(shown) - 1; p++)
		shown[n++] = *p < ' ' || *p == 0x7f ? '?' : *p;
	shown[n] = '\0';
	return err_msg(ERR_USAGE, "invalid container ID format: \"%s\"", shown);
}

/* ---- the root ---- */

/* Root in a user namespace whose USER is not root is an ordinary user in disguise. */
static const char *user_runtime_dir(bool rootless)
{
	const char *user = getenv("USER"), *dir = getenv("XDG_RUNTIME_DIR");

	if (!rootless || (geteuid() == 0 && user && streq(user, "root")))
		return NULL;
	return dir && dir[0] == '/' ? dir : NULL;
}

static int check_root(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return err_sys("look at the state directory \"%s\"", path);
	if (!S_ISDIR(st.st_mode))
		return err_msg(ERR_USAGE, "the state directory \"%s\" is not a directory", path);
	if (st.st_uid != geteuid())
		return err_msg(ERR_USAGE,
			       "the state directory \"%s\" belongs to uid %u, not to us (%u)", path,
			       (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & 022)
		return err_msg(ERR_USAGE,
			       "the state directory \"%s\" can be written by others (mode %o)",
			       path, (unsigned)(st.st_mode & 07777));
	return 0;
}

/* Whoever owns it, or may write to it, could put a state of theirs in place of ours. */
static int check_runtime_dir(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return errno == ENOENT ? 0 : err_sys("look at XDG_RUNTIME_DIR \"%s\"", dir);
	if (st.st_uid == geteuid() && !(st.st_mode & 022))
		return 0;
	int r = st.st_uid != geteuid() ?
			err_msg(ERR_USAGE,
				"XDG_RUNTIME_DIR \"%s\" belongs to uid %u, not to us (%u)", dir,
				(unsigned)st.st_uid, (unsigned)geteuid()) :
			err_msg(ERR_USAGE,
				"XDG_RUNTIME_DIR \"%s\" can be written by others (mode %o)", dir,
				(unsigned)(st.st_mode & 07777));
	err_hint("set it to a directory of your own, or give --root");
	return r;
}

/* Without XDG_RUNTIME_DIR an ordinary user ends at root's place. */
static void no_runtime_dir(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (dir && dir[0] == '/')
		err_hint("USER is root, so XDG_RUNTIME_DIR is not ours to use: unset USER, or give "
			 "--root");
	else
		err_hint("XDG_RUNTIME_DIR %s: log in (or loginctl enable-linger), set it to a "
			 "directory of your own, or give --root",
			 dir && *dir ? "is not an absolute path" : "is not set");
}

static int make_root(struct arena *a, const char *path, bool sticky)
{
	if (mkdir(path, 0700) == 0) {
		/* Cleaners of the runtime directory leave sticky entries alone. */
		if (sticky && chmod(path, 01700) < 0)
			return err_sys("set the mode of \"%s\"", path);
		return 0;
	}
	if (errno == ENOENT && !streq(path, "/")) {
		TRY(make_root(a, path_dir(a, path), false));
		return make_root(a, path, sticky);
	}
	if (errno != EEXIST)
		return err_sys("create the state directory \"%s\"", path);
	return 0;
}

int store_root(struct arena *a, const char *root_opt, bool rootless, bool create, const char **path)
{
	const char *runtime_dir = root_opt ? NULL : user_runtime_dir(rootless);
	const char *root = "/run/ocirun";

	if (root_opt && !*root_opt)
		return err_msg(ERR_USAGE, "the state directory must not be empty");
	if (root_opt)
		root = path_absolute(a, root_opt);
	else if (runtime_dir)
		root = path_join(a, runtime_dir, "ocirun");
	if (!root)
		return err_sys("make \"%s\" absolute", root_opt);
	if (streq(root, "/"))
		return err_msg(ERR_USAGE, "\"/\" cannot be the state directory");
	if (create && runtime_dir)
		TRY(check_runtime_dir(runtime_dir));
	int r = create ? make_root(a, root, runtime_dir != NULL) : 0;
	if (r >= 0 && create)
		r = check_root(root);
	if (r < 0 && rootless && !root_opt && !runtime_dir)
		no_runtime_dir();
	if (r < 0)
		return r;
	*path = root;
	return 0;
}

/* ---- one container ---- */

/* -ENOENT, so that `delete --force` can tell it from every other failure. */
static int does_not_exist(const char *id)
{
	int r = err_msg(ERR_STATE, "container does not exist: \"%s\"", id);
	return r < 0 ? -ENOENT : r;
}

static void init_container(struct container *c, const char *root, const char *id)
{
	*c = (struct container)CONTAINER_INIT;
	c->root = root;
	memcpy(c->id, id, strlen(id) + 1);
}

static int root_closed(const char *root)
{
	int r = err_sys("open the state directory \"%s\"", root);
	if (r == -EACCES)
		err_hint("XDG_RUNTIME_DIR or --root says where your own containers are");
	return r;
}

static int open_root(struct container *c)
{
	c->root_fd = open(c->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return c->root_fd < 0 ? -1 : 0;
}

/* Is the name still the directory we have open? */
static bool is_current(const struct container *c)
{
	struct stat mine, named;
	return fstat(c->dir_fd, &mine) == 0 &&
	       fstatat(c->root_fd, c->id, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* flock cannot time out by itself, and a stuck holder must not hang every later command. */
static int wait_lock(const struct container *c)
{
	uint64_t end = clock_mono_ns() + LOCK_WAIT_NS;

	for (long ms = 1; flock(c->dir_fd, LOCK_EX | LOCK_NB) < 0; ms = ms < 20 ? ms * 2 : ms) {
		struct timespec ts = { .tv_nsec = ms * 1000000 };
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_sys("lock the state of container \"%s\"", c->id);
		if (clock_mono_ns() > end)
			return err_msg(ERR_STATE,
				       "container \"%s\" is busy: another command holds its lock",
				       c->id);
		nanosleep(&ts, NULL);
	}
	return 0;
}

/* 1 when a delete came between our mkdir and our lock. */
enum { RESERVE_AGAIN = 1 };
static int reserve_once(struct container *c)
{
	if (mkdirat(c->root_fd, c->id, 0700) < 0) {
		if (errno == EEXIST)
			return err_msg(ERR_STATE, "container with given ID already exists: \"%s\"",
				       c->id);
		return err_sys("create the state directory of \"%s\"", c->id);
	}
	c->dir_fd = openat(c->root_fd, c->id, DIR_FLAGS);
	if (c->dir_fd < 0 && errno == ENOENT)
		return RESERVE_AGAIN;

	int r = c->dir_fd < 0 ? err_sys("open the state directory of \"%s\"", c->id) :
				wait_lock(c);

	if (r < 0) {
		/* still empty: what we made does not stay; when it is not empty it is not ours */
		unlinkat(c->root_fd, c->id, AT_REMOVEDIR);
		return r;
	}
	if (is_current(c))
		return 0;
	close_fd(&c->dir_fd);
	return RESERVE_AGAIN;
}

int store_reserve(const char *root, const char *id, struct container *out)
{
	struct container c;
	int r = RESERVE_AGAIN;

	TRY(store_check_id(id));
	init_container(&c, root, id);
	if (open_root(&c) < 0)
		return err_sys("open the state directory \"%s\"", root);
	for (int i = 0; r == RESERVE_AGAIN && i < RESERVE_TRIES; i++)
		r = reserve_once(&c);
	if (r == RESERVE_AGAIN)
		r = err_msg(ERR_STATE, "the state directory of \"%s\" is removed again and again",
			    id);
	if (r < 0) {
		store_close(&c);
		return r;
	}
	c.locked = c.fresh = true;
	*out = c;
	return 0;
}

int store_open(const char *root, const char *id, struct container *out)
{
	struct container c;

	TRY(store_check_id(id));
	init_container(&c, root, id);
	if (open_root(&c) < 0)
		return errno == ENOENT ? does_not_exist(id)
				       : root_closed(root);
	int r = check_root(root);
	if (r >= 0) {
		c.dir_fd = openat(c.root_fd, id, DIR_FLAGS);
		if (c.dir_fd < 0)
			r = errno == ENOENT || errno == ENOTDIR || errno == ELOOP
				    ? does_not_exist(id)
				    : err_sys("open the state directory of \"%s\"", id);
	}
	if (r < 0) {
		store_close(&c);
		return r;
	}
	*out = c;
	return 0;
}

int store_lock(struct container *c)
{
	if (c->locked)
		return 0;
	TRY(wait_lock(c));
	c->locked = true;
	return is_current(c) ? 0 : does_not_exist(c->id);
}

int store_try_lock(struct container *c)
{
	if (flock(c->dir_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : err_sys("lock container \"%s\"", c->id);
	c->locked = true;
	return is_current(c) ? 1 : does_not_exist(c->id);
}

void store_unlock(struct container *c)
{
	/* Not left to close(): a forked init may hold the same open file. */
	if (c->locked && c->dir_fd >= 0 && flock(c->dir_fd, LOCK_UN) < 0)
		log_debug("unlock container \"%s\": %s", c->id, err_text(errno));
	c->locked = false;
}

void store_close(struct container *c)
{
	store_unlock(c);
	close_fd(&c->dir_fd);
	close_fd(&c->root_fd);
}

/* ---- removing ---- */

static int remove_contents(int dir_fd, int depth);

static int remove_entry(int dir_fd, const char *name, int depth)
{
	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys("remove \"%s\"", name);
	_cleanup_close_ int fd = openat(dir_fd, name, DIR_FLAGS);
	if (fd < 0)
		return err_sys("open \"%s\"", name);
	TRY(remove_contents(fd, depth + 1));
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys("remove \"%s\"", name);
	return 0;
}

/* The config goes first, for it tells that the hooks are done; the record goes last (both in
 * store_remove): so a removal that was cut off can be repeated. */
static int remove_contents(int dir_fd, int depth)
{
	if (depth > MAX_DEPTH)
		return err_msg(ERR_STATE, "directories are nested more than %d deep", MAX_DEPTH);
	int fd = openat(dir_fd, ".", DIR_FLAGS);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		close_fd(&fd);
		return err_sys("list a state directory");
	}
	for (struct dirent *e; (e = readdir(d));) {
		bool dots = streq(e->d_name, ".") || streq(e->d_name, "..");
		if (!dots && (depth || !streq(e->d_name, STORE_RECORD)))
			TRY(remove_entry(dir_fd, e->d_name, depth));
	}
	return 0;
}

int store_remove(struct container *c)
{
	if (!c->locked)
		return err_msg(ERR_BUG, "removing container \"%s\" without its lock", c->id);
	TRY_AS(remove_entry(c->dir_fd, STORE_CONFIG, 0), "removing the state of container \"%s\"",
	       c->id);
	TRY_AS(remove_contents(c->dir_fd, 0), "removing the state of container \"%s\"", c->id);
	TRY_AS(remove_entry(c->dir_fd, STORE_RECORD, 0), "removing the state of container \"%s\"",
	       c->id);
	if (unlinkat(c->root_fd, c->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys("remove the state directory of \"%s\"", c->id);
	return 0;
}

/* ---- listing ---- */

static int compare_ids(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int store_list(struct arena *a, const char *root, struct oci_strs *ids)
{
	VEC(const char *) found = { 0 };
	_cleanup_dir_ DIR *d = opendir(root);

	*ids = (struct oci_strs){ .present = true };
	if (!d && errno == ENOENT)
		return STORE_NO_ROOT;
	if (!d)
		return root_closed(root);
	TRY(check_root(root));
	for (struct dirent *e; (e = readdir(d));)
		if ((e->d_type == DT_DIR || e->d_type == DT_UNKNOWN) && is_id(e->d_name))
			vec_push(a, &found, arena_strdup(a, e->d_name));
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), compare_ids);
	ids->v = found.v;
	ids->n = found.n;
	return 0;
}
