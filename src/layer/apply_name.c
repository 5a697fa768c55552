/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a layer are bytes relative to its root. A leading "/" and "." parts mean nothing; ".."
 * is never written by a builder and is refused, so what is left can only go down. Folders that no
 * entry made are made 0755 and of time 0; what is in the way of one is replaced by it, as a union
 * file system would. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "layer/apply.h"
#include "layer/rmtree.h"
#include "sys/inroot.h"

static int room(char **buffer, size_t *cap, size_t wanted)
{
	if (wanted <= *cap)
		return 0;
	char *grown = realloc(*buffer, wanted * 2);
	if (!grown)
		return err_sysno(ENOMEM, "hold a name");
	*buffer = grown;
	*cap = wanted * 2;
	return 0;
}

/* The next part of *p, or 0 at the end. */
static size_t next_part(const char **p)
{
	*p += strspn(*p, "/");
	return strcspn(*p, "/");
}

int apply_name(const struct apply *a, const char *name, struct entry_name *out)
{
	unsigned depth = 0;
	size_t n, at = 0, base = 0;
	TRY(room(&out->text, &out->cap, strlen(name) + 2));
	for (const char *p = name; (n = next_part(&p)) > 0; p += n) {
		if (n == 1 && *p == '.')
			continue;
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return err_msg(ERR_CONFIG, "its name has \"..\"");
		if (n > 255)
			return err_msg(ERR_CONFIG,
				       "a part of its name has %zu bytes, more than 255", n);
		if (++depth > a->o->max_depth)
			return err_msg(ERR_CONFIG, "its name has more than %u parts",
				       a->o->max_depth);
		if (at > 0)
			out->text[at++] = '/';
		base = at;
		memcpy(out->text + at, p, n);
		at += n;
	}
	out->text[at] = '\0';
	out->base = out->text + base;
	out->above = "";
	if (base > 0) {
		out->text[base - 1] = '\0';
		out->above = out->text;
	}
	return 0;
}

int apply_set_canon(struct apply *a)
{
	size_t n = strlen(a->dir->canon), m = strlen(a->name.base);
	TRY(room(&a->canon, &a->canon_cap, n + m + 2));
	memcpy(a->canon, a->dir->canon, n);
	if (n > 0)
		a->canon[n++] = '/';
	memcpy(a->canon + n, a->name.base, m + 1);
	a->canon_len = n + m;
	return 0;
}

int apply_find(struct apply *a)
{
	int r = dircache_get(&a->dirs, a->name.above, &a->dir);
	return r ? r : apply_set_canon(a);
}

/* What a folder that no entry made shall be: root's and 0755, or as it is below. */
static int implied(const struct apply *a, const char *canon, struct tar_entry *out)
{
	struct stat st;
	*out = (struct tar_entry){ .type = TAR_DIR, .mode = 0755 };
	if (!a->o->below)
		return 0;
	int r = a->o->below(a->o->below_ctx, canon, &st);
	if (r > 0)
		*out = (struct tar_entry){ .type = TAR_DIR,
					   .mode = st.st_mode & 07777,
					   .uid = st.st_uid,
					   .gid = st.st_gid,
					   .mtime = st.st_mtim };
	return r;
}

static int made_folder(struct apply *a, int fd, const char *path)
{
	struct tar_entry as;
	const struct dir *d;
	uid_t uid;
	gid_t gid;
	int r = dircache_get(&a->dirs, path, &d);
	if (r != 0)
		return r < 0 ? r : err_sys("open folder \"%.200s\"", path);
	TRY(implied(a, d->canon, &as));
	TRY(apply_owner(a, &as, &uid, &gid));
	if ((uid != a->uid || gid != a->gid) && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return apply_chown_failed(uid, gid);
	return dirlog_add(&a->log, d->canon, &as.mtime, as.mode, a->lower || as.mode != 0755);
}

/* Something that is no folder has the name. A symlink leads to a folder to be made, inside the root
 * (an image may have "run -> /run" before it has /run); anything else goes. */
static int replace_way(struct apply *a, int parent_fd, const char *name, const char *path)
{
	struct inroot_made made = { 0 };
	_cleanup_close_ int fd = inroot_mkdirs(a->root_fd, path, 0755, &made);
	if (fd >= 0)
		return made.last ? made_folder(a, fd, path) : 0;
	if (errno != ENOTDIR && errno != EEXIST && errno != ELOOP)
		return err_sys("make folder \"%.200s\"", path);
	TRY(rmtree(parent_fd, name));
	if (mkdirat(parent_fd, name, 0755) < 0)
		return err_sys("make folder \"%.200s\"", path);
	fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open folder \"%.200s\"", path);
	dircache_flush(&a->dirs);
	return made_folder(a, fd, path);
}

/* The last part of `path`, in a folder that is there: by its descriptor, as a path may be longer
 * than the kernel takes. */
static int make_folder(struct apply *a, char *path)
{
	const struct dir *parent;
	char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (slash)
		*slash = '\0';
	int r = dircache_get(&a->dirs, slash ? path : "", &parent);
	if (slash)
		*slash = '/';
	if (r != 0)
		return r < 0 ? r : err_sys("open the folder of \"%.200s\"", path);
	_cleanup_close_ int parent_fd = fcntl(parent->fd, F_DUPFD_CLOEXEC, 3);
	if (parent_fd < 0)
		return err_sys("open the folder of \"%.200s\"", path);
	if (mkdirat(parent_fd, name, 0755) < 0)
		return errno == EEXIST ? replace_way(a, parent_fd, name, path) :
					 err_sys("make folder \"%.200s\"", path);
	_cleanup_close_ int fd =
		openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys("open folder \"%.200s\"", path) : made_folder(a, fd, path);
}

/* The folder a->name.above, part by part. */
static int make_folders(struct apply *a)
{
	const struct dir *d;
	_cleanup_free_ char *path = strdup(a->name.above);
	if (!path)
		return err_sysno(ENOMEM, "make folders");
	for (char *end = path; end;) {
		end = strchr(end + 1, '/');
		if (end)
			*end = '\0';
		int r = dircache_get(&a->dirs, path, &d);
		if (r > 0)
			r = make_folder(a, path);
		if (r < 0)
			return r;
		if (end)
			*end = '/';
	}
	return 0;
}

int apply_place(struct apply *a)
{
	int r = apply_find(a);
	if (r <= 0)
		return r;
	TRY(make_folders(a));
	r = apply_find(a);
	return r <= 0 ? r : err_sys("open the folder \"%s\"", a->name.above);
}
