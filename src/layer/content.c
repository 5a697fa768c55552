/* SPDX-License-Identifier: Apache-2.0 */
/* Reading piece by piece; holes are found with SEEK_DATA and not read. */
#include "layer/content.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

enum { PIECE = 256 * 1024 };

static int changed(const char *path)
{
	int r = err_msg(ERR_STATE, "\"%s\" changed while the tree was being read", path);
	err_hint("stop what writes to the bundle, and run the command again");
	return r;
}

static void proc_path(int fd, char out[40])
{
	snprintf(out, 40, "/proc/self/fd/%d", fd);
}

/* A file of ours that we may not read: its mode is opened for the time of reading. */
static int force_open(struct content *c, int root_fd, int flags)
{
	char link[40];
	_cleanup_close_ int fd = walk_open_path(root_fd, c->path, O_PATH);
	if (fd < 0)
		return err_sys("open \"%s\"", c->path);
	proc_path(fd, link);
	if (chmod(link, (c->facts.mode & 07777) | 0400) < 0)
		return err_sys("make \"%s\" readable", c->path);
	c->closed_mode = true;
	c->fd = open(link, flags | O_CLOEXEC);
	if (c->fd < 0) {
		int r = err_sys("open \"%s\"", c->path);
		err_dropped(chmod(link, c->facts.mode & 07777) < 0
				    ? err_sys("restore the mode of \"%s\"", c->path) : 0);
		return r;
	}
	return 0;
}

int content_open(int root_fd, const char *path, const struct facts *found, struct content *out)
{
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	struct content c = { .path = path, .facts = *found };
	struct facts now;
	if (!S_ISREG(found->mode) && !S_ISDIR(found->mode))
		return err_msg(ERR_BUG, "\"%s\" has no content", path);
	c.fd = walk_open_path(root_fd, path, flags);
	if (c.fd < 0 && errno == EACCES)
		TRY(force_open(&c, root_fd, flags));
	if (c.fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO
			       ? changed(path) : err_sys("open \"%s\"", path);
	int r = facts_of_fd(c.fd, &now);
	if (r == 0 && !c.closed_mode && !facts_untouched(&now, found))
		r = S_ISDIR(found->mode) && now.ino == found->ino ? 0 : changed(path);
	c.facts = now;
	if (c.closed_mode) /* what it will be again */
		c.facts.mode = found->mode;
	*out = c;
	if (r < 0)
		content_close(out);
	return r;
}

void content_close(struct content *c)
{
	if (c->closed_mode && fchmod(c->fd, c->facts.mode & 07777) < 0)
		err_dropped(err_sys("restore the mode of \"%s\"", c->path));
	c->closed_mode = false;
	close_fd(&c->fd);
}

static int give_zeros(uint64_t n, content_fn *fn, void *ctx)
{
	static const uint8_t zeros[65536];
	while (n > 0) {
		size_t len = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);
		TRY(fn(ctx, zeros, len));
		n -= len;
	}
	return 0;
}

static int give_data(struct content *c, uint64_t at, uint64_t until, content_fn *fn, void *ctx)
{
	static __thread uint8_t buffer[PIECE];
	while (at < until) {
		size_t want = until - at < PIECE ? (size_t)(until - at) : PIECE;
		ssize_t n = pread(c->fd, buffer, want, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys("read \"%s\"", c->path);
		if (n == 0)
			return changed(c->path);
		TRY(fn(ctx, buffer, (size_t)n));
		at += (uint64_t)n;
	}
	return 0;
}

/* Where data begins and ends from `at` on; where holes are not known, all is data. */
static void next_data(const struct content *c, bool holes, uint64_t at, uint64_t *from,
		      uint64_t *until)
{
	uint64_t size = c->facts.size;
	*from = at;
	*until = size;
	if (!holes)
		return;
	off_t data = lseek(c->fd, (off_t)at, SEEK_DATA);
	if (data < 0) {
		if (errno == ENXIO)
			*from = size;
		return;
	}
	off_t hole = lseek(c->fd, data, SEEK_HOLE);
	*from = (uint64_t)data < size ? (uint64_t)data : size;
	*until = hole > data && (uint64_t)hole < size ? (uint64_t)hole : size;
}

int content_read(struct content *c, content_fn *fn, void *ctx)
{
	struct facts now;
	struct stat st;
	if (fstat(c->fd, &st) < 0)
		return err_sys("look at \"%s\"", c->path);
	bool holes = (uint64_t)st.st_blocks * 512 < c->facts.size;
	for (uint64_t at = 0; at < c->facts.size;) {
		uint64_t from, until;
		next_data(c, holes, at, &from, &until);
		TRY(give_zeros(from - at, fn, ctx));
		TRY(give_data(c, from, until, fn, ctx));
		at = until > from ? until : from;
	}
	TRY(facts_of_fd(c->fd, &now));
	if (now.size != c->facts.size || now.ctime != c->facts.ctime ||
	    now.ctime_ns != c->facts.ctime_ns)
		return changed(c->path);
	return 0;
}

static int hash(void *ctx, const void *data, size_t len)
{
	hasher_add(ctx, data, len);
	return 0;
}

int content_digest(struct content *c, struct digest *out)
{
	struct hasher *h = hasher_new(DIGEST_SHA256);
	int r = content_read(c, hash, h);
	if (r == 0)
		hasher_end(h, out);
	hasher_free(h);
	return r;
}
