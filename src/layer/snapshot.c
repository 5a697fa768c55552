/* SPDX-License-Identifier: Apache-2.0 */
/* The file: a head, then records { facts, depth, length of the name, name }. A path is the names of
 * the records above it; the depth says which. */
#include "layer/snapshot.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/io.h"

#define TEMPORARY "." SNAPSHOT_NAME ".tmp"
static const char magic[8] = "OCISNAP1";

enum { BUFFER_SIZE = 1 << 20, PATH_LIMIT = 64 << 20 };

struct head {
	char magic[8];
	uint32_t order; /* of bytes */
	uint32_t record_size;
	uint64_t count, size;
};

struct record {
	struct facts facts;
	uint32_t depth, name_len;
};

struct snapshot_writer {
	int bundle_fd, fd;
	char *buffer;
	size_t len;
	uint64_t at, count; /* bytes before the buffer */
	int64_t newest;     /* ctime */
	uint32_t newest_ns;
};

/* ---- writing */

int snapshot_begin(int bundle_fd, struct snapshot_writer **out)
{
	struct snapshot_writer *w = calloc(1, sizeof(*w));
	if (!w)
		return err_sysno(ENOMEM, "write the snapshot");
	*w = (struct snapshot_writer){ .bundle_fd = bundle_fd, .buffer = malloc(BUFFER_SIZE),
				       .fd = -1, .len = sizeof(struct head) };
	if (unlinkat(bundle_fd, TEMPORARY, 0) == 0 || errno == ENOENT)
		w->fd = openat(bundle_fd, TEMPORARY,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd < 0 || !w->buffer) {
		int r = err_sys("make the bundle's snapshot");
		snapshot_abort(w);
		return r;
	}
	memset(w->buffer, 0, sizeof(struct head));
	*out = w;
	return 0;
}

void snapshot_abort(struct snapshot_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		unlinkat(w->bundle_fd, TEMPORARY, 0);
	close_fd(&w->fd);
	free(w->buffer);
	free(w);
}

static int flush(struct snapshot_writer *w)
{
	TRY_AS(io_write_all(w->fd, w->buffer, w->len), "write the bundle's snapshot");
	w->at += w->len;
	w->len = 0;
	return 0;
}

static void note_time(struct snapshot_writer *w, const struct facts *f)
{
	if (f->ctime < w->newest || (f->ctime == w->newest && f->ctime_ns <= w->newest_ns))
		return;
	w->newest = f->ctime;
	w->newest_ns = f->ctime_ns;
}

int64_t snapshot_add(struct snapshot_writer *w, const struct walk_entry *e)
{
	struct record r = { e->facts, e->depth, (uint32_t)strlen(e->name) };
	if (w->len + sizeof(r) + r.name_len > BUFFER_SIZE)
		TRY(flush(w));
	uint64_t at = w->at + w->len;
	memcpy(w->buffer + w->len, &r, sizeof(r));
	memcpy(w->buffer + w->len + sizeof(r), e->name, r.name_len);
	w->len += sizeof(r) + r.name_len;
	w->count++;
	note_time(w, &e->facts);
	return (int64_t)at;
}

static int put_at(struct snapshot_writer *w, uint64_t at, const void *data, size_t len)
{
	if (at >= w->at) {
		memcpy(w->buffer + (at - w->at), data, len);
		return 0;
	}
	ssize_t n = pwrite(w->fd, data, len, (off_t)at);
	return n == (ssize_t)len ? 0 : err_sys("write the bundle's snapshot");
}

int snapshot_amend(struct snapshot_writer *w, uint64_t at, const struct facts *now)
{
	note_time(w, now);
	return put_at(w, at, now, sizeof(*now)); /* facts come first in a record */
}

/* The clock of inodes goes in ticks: what changes in the tick of the newest ctime could not be told
 * from what did not. So let it pass (a clock that was set back is not waited for). */
static void let_tick_pass(const struct snapshot_writer *w)
{
	const struct timespec pause = { 0, 1000000 };
	for (int i = 0; i < 50; i++) {
		struct timespec now;
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (now.tv_sec > w->newest ||
		    (now.tv_sec == w->newest && now.tv_nsec > (long)w->newest_ns))
			return;
		nanosleep(&pause, NULL);
	}
}

static int finish(struct snapshot_writer *w)
{
	struct head h = { .order = 1, .record_size = sizeof(struct record), .count = w->count,
			  .size = w->at + w->len };
	memcpy(h.magic, magic, sizeof(magic));
	TRY(put_at(w, 0, &h, sizeof(h)));
	TRY(flush(w));
	int fd = take_fd(&w->fd);
	if (close(fd) < 0 ||
	    renameat(w->bundle_fd, TEMPORARY, w->bundle_fd, SNAPSHOT_NAME) < 0) {
		int r = err_sys("write the bundle's snapshot");
		unlinkat(w->bundle_fd, TEMPORARY, 0);
		return r;
	}
	let_tick_pass(w);
	return 0;
}

int snapshot_commit(struct snapshot_writer *w)
{
	int r = finish(w);
	snapshot_abort(w);
	return r;
}

static int amend(void *ctx, uint64_t tag, const struct facts *now)
{
	return snapshot_amend(ctx, tag, now);
}

static int write_all(struct walk *walk, struct snapshot_writer *w)
{
	struct walk_entry e;
	int r;
	walk_on_closed(walk, amend, w);
	while ((r = walk_next(walk, &e)) > 0) {
		int64_t at = snapshot_add(w, &e);
		if (at < 0)
			return (int)at;
		walk_tag(walk, (uint64_t)at);
	}
	return r;
}

int snapshot_write(int root_fd, int bundle_fd)
{
	struct snapshot_writer *w;
	struct walk *walk;
	TRY(walk_open(root_fd, &walk));
	int r = snapshot_begin(bundle_fd, &w);
	if (r == 0) {
		r = write_all(walk, w);
		if (r == 0)
			r = snapshot_commit(w);
		else
			snapshot_abort(w);
	}
	walk_close(walk);
	return r < 0 ? err_wrap("take a snapshot of the tree") : 0;
}

/* ---- reading */

struct snapshot {
	const char *map;
	size_t size, at;
	uint64_t left;
	char *path;
	size_t path_cap;
	size_t *ends; /* of the path of each folder on the way, by depth */
	size_t n, cap; /* levels that are known: the next depth is at most n */
};

static int broken(void)
{
	int r = err_msg(ERR_STATE, "the bundle's snapshot %s is damaged", SNAPSHOT_NAME);
	err_hint("create the bundle anew, or restore the file");
	return r;
}

static int check_head(struct snapshot *s)
{
	struct head h;
	if (s->size < sizeof(h))
		return broken();
	memcpy(&h, s->map, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) != 0 || h.order != 1 ||
	    h.record_size != sizeof(struct record) || h.size != s->size || h.count == 0)
		return broken();
	s->at = sizeof(h);
	s->left = h.count;
	return 0;
}

int snapshot_open(int bundle_fd, struct snapshot **out)
{
	struct stat st;
	_cleanup_close_ int fd = openat(bundle_fd, SNAPSHOT_NAME,
					O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 1 : err_sys("open the bundle's snapshot");
	if (fstat(fd, &st) < 0)
		return err_sys("open the bundle's snapshot");
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return broken();
	struct snapshot *s = calloc(1, sizeof(*s));
	if (!s)
		return err_sysno(ENOMEM, "read the snapshot");
	s->size = (size_t)st.st_size;
	void *map = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	s->map = map == MAP_FAILED ? NULL : map;
	int r = s->map ? check_head(s) : err_sys("read the bundle's snapshot");
	if (r < 0) {
		snapshot_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void snapshot_close(struct snapshot *s)
{
	if (!s)
		return;
	if (s->map)
		munmap((void *)s->map, s->size);
	free(s->path);
	free(s->ends);
	free(s);
}

static int make_room(struct snapshot *s, size_t path, size_t levels)
{
	if (path > s->path_cap) {
		size_t cap = path * 2 + 256;
		char *grown = path > PATH_LIMIT ? NULL : realloc(s->path, cap);
		if (!grown)
			return err_sysno(ENOMEM, "read the snapshot");
		s->path = grown;
		s->path_cap = cap;
	}
	if (levels > s->cap) {
		size_t cap = levels * 2 + 16;
		size_t *grown = realloc(s->ends, cap * sizeof(*grown));
		if (!grown)
			return err_sysno(ENOMEM, "read the snapshot");
		s->ends = grown;
		s->cap = cap;
	}
	return 0;
}

static bool name_ok(const struct record *r, const char *name)
{
	if (r->name_len > 255 || memchr(name, '/', r->name_len) || memchr(name, 0, r->name_len))
		return false;
	if (r->depth == 0)
		return r->name_len == 0;
	return r->name_len > 0 && !(name[0] == '.' && r->name_len == 1) &&
	       !(name[0] == '.' && name[1] == '.' && r->name_len == 2);
}

static int place(struct snapshot *s, const struct record *r, const char *name, size_t *at)
{
	size_t above = r->depth > 0 ? s->ends[r->depth - 1] : 0;
	TRY(make_room(s, above + r->name_len + 2, r->depth + 1));
	*at = above;
	if (above > 0)
		s->path[(*at)++] = '/';
	memcpy(s->path + *at, name, r->name_len);
	s->path[*at + r->name_len] = '\0';
	s->ends[r->depth] = *at + r->name_len;
	s->n = r->depth + (S_ISDIR(r->facts.mode) ? 1 : 0);
	return 0;
}

int snapshot_next(struct snapshot *s, struct walk_entry *e)
{
	struct record r;
	size_t at;
	if (s->left == 0)
		return s->at == s->size ? 0 : broken();
	if (s->size - s->at < sizeof(r))
		return broken();
	memcpy(&r, s->map + s->at, sizeof(r));
	const char *name = s->map + s->at + sizeof(r);
	bool first = s->at == sizeof(struct head);
	if (s->size - s->at - sizeof(r) < r.name_len || r.depth > s->n ||
	    first != (r.depth == 0) || !name_ok(&r, name))
		return broken();
	TRY(place(s, &r, name, &at));
	s->at += sizeof(r) + r.name_len;
	s->left--;
	*e = (struct walk_entry){ .path = s->path, .name = s->path + at, .depth = r.depth,
				  .facts = r.facts };
	return 1;
}
