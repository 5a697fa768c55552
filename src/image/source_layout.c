/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts in directories. The directory is opened once; below it nothing may be a symlink and
 * everything that is read is a regular file, so whoever wrote the layout cannot make us read
 * anything else. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "image/source_parts.h"
#include "sys/inroot.h"

static int open_file(const struct source *s, const char *name, struct stat *st)
{
	_cleanup_close_ int fd = inroot_open(
		s->fd, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, INROOT_NO_SYMLINKS);
	if (fd < 0 && errno == ELOOP)
		return err_msg(ERR_CONFIG, "%s: \"%s\" is, or is behind, a symlink", s->path, name);
	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys("%s: open \"%s\"", s->path, name);
	if (!S_ISREG(st->st_mode))
		return err_msg(ERR_CONFIG, "%s: \"%s\" is not a regular file", s->path, name);
	return take_fd(&fd);
}

int layout_source_text(struct source *s, const char *name, size_t max, char **text, size_t *len)
{
	struct stat st;
	_cleanup_close_ int fd = open_file(s, name, &st);
	if (fd < 0)
		return fd;
	const char *what = arena_printf(s->arena, "%s: \"%s\"", s->path, name);
	return io_read_fd(s->arena, fd, what, max, text, len);
}

int layout_source_blob(struct source *s, const struct digest *d, struct region *out)
{
	struct stat st;
	const char *name = arena_printf(s->arena, "blobs/%s/%s", digest_algo_name(d->algo),
					digest_hex(s->arena, d));
	int fd = open_file(s, name, &st);
	if (fd < 0)
		return fd;
	vec_push(s->arena, &s->blobs, fd);
	*out = (struct region){ fd, 0, (uint64_t)st.st_size };
	return 0;
}

int layout_source_open(struct source *s)
{
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s->fd < 0 ? err_sys("open layout \"%s\"", s->path) : 0;
}
