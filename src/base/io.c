/* SPDX-License-Identifier: Apache-2.0 */
/* Files as a whole. Reading stops at a ceiling, writing either happens completely or fails. */
#include "base/io.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"

#define FIRST_READ 4096

int io_read_fd(struct arena *a, int fd, const char *what, size_t max, char **out, size_t *len)
{
	size_t cap = max < FIRST_READ ? max : FIRST_READ, n = 0;
	char *text = arena_alloc(a, cap + 1);

	for (;;) {
		/* one byte more than allowed, to notice what is too large */
		ssize_t got = read(fd, text + n, cap + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys("read \"%s\"", what);
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max)
			return err_msg(ERR_SYS, "read \"%s\": larger than %zu bytes", what, max);
		if (n < cap)
			continue;
		cap = cap > max / 2 ? max : cap * 2;
		char *grown = arena_alloc(a, cap + 1);
		memcpy(grown, text, n);
		text = grown;
	}
	text[n] = '\0';
	*out = text;
	*len = n;
	return 0;
}

int io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **out, size_t *len)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys("open \"%s\"", path);
	if (S_ISDIR(st.st_mode))
		return err_sysno(EISDIR, "read \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_msg(ERR_SYS, "read \"%s\": not a regular file", path);
	if ((uint64_t)st.st_size > max)
		return err_msg(ERR_SYS, "read \"%s\": larger than %zu bytes", path, max);
	return io_read_fd(a, fd, path, max, out, len);
}

int io_read_virtual(struct arena *a, int dirfd, const char *path, size_t max, char **out,
		    size_t *len)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys("open \"%s\"", path);
	return io_read_fd(a, fd, path, max, out, len);
}

int io_write_virtual(int dirfd, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return err_sys("open \"%s\"", path);
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys("write to \"%s\"", path);
	/* kernel files take a text as a whole; half of it means nothing */
	if ((size_t)n != len)
		return err_sysno(EIO, "write to \"%s\"", path);
	return 0;
}

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys("write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Create dirfd/tmp anew; what an earlier crash left there goes. */
static int create_tmp(int dirfd, const char *tmp, mode_t mode, int *out)
{
	for (int left = 2; left; left--) {
		int fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				mode);

		if (fd >= 0) {
			*out = fd;
			return 0;
		}
		if (errno != EEXIST || unlinkat(dirfd, tmp, 0) < 0)
			break;
	}
	return err_sys("create \"%s\"", tmp);
}

int io_replace_file(int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
	_cleanup_close_ int fd = -1;
	char tmp[NAME_MAX + 1];
	int r;

	if (snprintf(tmp, sizeof(tmp), ".%s.tmp", name) >= (int)sizeof(tmp))
		return err_sysno(ENAMETOOLONG, "write \"%s\"", name);
	TRY(create_tmp(dirfd, tmp, mode, &fd));
	r = io_write_all(fd, data, len);
	/* some file systems report a full disk only here */
	if (close(take_fd(&fd)) < 0 && r == 0)
		r = err_sys("write");
	if (r == 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		r = err_sys("rename \"%s\"", tmp);
	if (r == 0)
		return 0;
	unlinkat(dirfd, tmp, 0);
	return err_wrap("replace \"%s\"", name);
}

int io_replace_path(const char *path, const void *data, size_t len, mode_t mode)
{
	const char *slash = strrchr(path, '/');
	_cleanup_close_ int dir = -1;
	char parent[PATH_MAX];

	if (!*path_base(path) || (slash && !slash[1]))
		return err_sysno(EISDIR, "write \"%s\"", path);
	if (snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		     slash ? path : ".") >= (int)sizeof(parent))
		return err_sysno(ENAMETOOLONG, "write \"%s\"", path);
	dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys("open \"%s\"", parent);
	TRY_AS(io_replace_file(dir, slash ? slash + 1 : path, data, len, mode), "write \"%s\"",
	       path);
	return 0;
}
