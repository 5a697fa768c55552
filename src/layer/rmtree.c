/* SPDX-License-Identifier: Apache-2.0 */
/* A walk with one directory open at a time: into the first subfolder found, and up again by ".."
 * when a folder is empty. Going up reads the parent anew, but what was read before is gone by then.
 * The ".." of a directory we hold leads elsewhere only if somebody moves it; the tree is ours. */
#include "layer/rmtree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct walk {
	int fd; /* the folder being emptied */
	dev_t dev;
	char *names;  /* of the folders on the way, each with its NUL */
	size_t len, cap;
	unsigned depth;
};

static int push(struct walk *w, const char *name)
{
	size_t n = strlen(name) + 1;
	if (w->len + n > w->cap) {
		size_t cap = (w->cap ? w->cap * 2 : 4096) + n;
		char *grown = realloc(w->names, cap);
		if (!grown)
			return err_sysno(ENOMEM, "remove a tree");
		w->names = grown;
		w->cap = cap;
	}
	memcpy(w->names + w->len, name, n);
	w->len += n;
	w->depth++;
	return 0;
}

static const char *pop(struct walk *w)
{
	w->depth--;
	w->len--;
	while (w->len > 0 && w->names[w->len - 1] != '\0')
		w->len--;
	return w->names + w->len;
}

static int open_dir(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, DIR_FLAGS);
	if (fd < 0 && errno == EACCES && fchmodat(parent_fd, name, 0700, 0) == 0)
		fd = openat(parent_fd, name, DIR_FLAGS);
	return fd;
}

static int try_unlink(int fd, const char *name)
{
	if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EACCES && fchmod(fd, 0700) == 0 && unlinkat(fd, name, 0) == 0)
		return 0;
	return errno == EISDIR || errno == EPERM ? 1 : -1;
}

/* Empties w->fd of all but folders. 1 = a folder is left, its name in `name`. */
static int empty(struct walk *w, char name[256])
{
	_cleanup_dir_ DIR *d = NULL;
	int again = openat(w->fd, ".", DIR_FLAGS);
	d = again < 0 ? NULL : fdopendir(again);
	if (!d) {
		close_fd(&again);
		return err_sys("read a folder to be removed");
	}
	for (struct dirent *e; (errno = 0, e = readdir(d));) {
		if (streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		int r = e->d_type == DT_DIR ? 1 : try_unlink(w->fd, e->d_name);
		if (r < 0)
			return err_sys("remove \"%s\"", e->d_name);
		if (r > 0) {
			snprintf(name, 256, "%s", e->d_name);
			return 1;
		}
	}
	return errno ? err_sys("read a folder to be removed") : 0;
}

static int move_to(struct walk *w, int fd, const char *name)
{
	if (fd < 0)
		return err_sys("open folder \"%s\" to be removed", name);
	close_fd(&w->fd);
	w->fd = fd;
	return 0;
}

static int walk_down(struct walk *w, const char *name)
{
	struct stat st;
	if (unlinkat(w->fd, name, AT_REMOVEDIR) == 0)
		return 0;
	TRY(move_to(w, open_dir(w->fd, name), name));
	if (fstat(w->fd, &st) < 0)
		return err_sys("look at folder \"%s\"", name);
	if (st.st_dev != w->dev)
		return err_msg(ERR_SYS, "\"%s\" is a mount point and is not entered", name);
	return push(w, name);
}

static int walk_up(struct walk *w)
{
	TRY(move_to(w, openat(w->fd, "..", DIR_FLAGS), ".."));
	const char *name = pop(w);
	if (unlinkat(w->fd, name, AT_REMOVEDIR) < 0)
		return err_sys("remove folder \"%s\"", name);
	return 0;
}

static int run(struct walk *w)
{
	char name[256];
	for (;;) {
		int r = empty(w, name);
		if (r < 0)
			return r;
		if (r > 0)
			TRY(walk_down(w, name));
		else if (w->depth == 0)
			return 0;
		else
			TRY(walk_up(w));
	}
}

int rmtree_inside(int dir_fd)
{
	struct walk w = { .fd = openat(dir_fd, ".", DIR_FLAGS) };
	struct stat st;
	if (w.fd < 0 || fstat(w.fd, &st) < 0)
		return err_sys("open the folder to be emptied");
	w.dev = st.st_dev;
	int r = run(&w);
	close_fd(&w.fd);
	free(w.names);
	return r;
}

int rmtree(int parent_fd, const char *name)
{
	_cleanup_close_ int fd = -1;
	int r = try_unlink(parent_fd, name);
	if (r == 0)
		return 0;
	if (r < 0)
		return err_sys("remove \"%s\"", name);
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0)
		return 0;
	fd = open_dir(parent_fd, name);
	if (fd < 0)
		return err_sys("open \"%s\" to be removed", name);
	TRY(rmtree_inside(fd));
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0)
		return err_sys("remove folder \"%s\"", name);
	return 0;
}
