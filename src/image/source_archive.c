/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts and `docker save` output in a tar. The tar is indexed, not unpacked: a blob is a piece of
 * the archive. What cannot be read in place, because it is compressed or comes from a pipe, is
 * copied to a file without a name first. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/newfile.h"
#include "base/path.h"
#include "image/source_parts.h"
#include "layer/tar.h"

enum { MAX_MEMBERS = 100000, PIECE = 256 * 1024 };

/* A file without a name, where temporary files go. */
static int spool_open(void)
{
	const char *dir = getenv("TMPDIR");
	dir = dir && *dir ? dir : "/var/tmp";
	_cleanup_close_ int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys("open \"%s\" ($TMPDIR) for a temporary file", dir);
	int fd = newfile_unnamed(dir_fd);
	return fd < 0 ? err_wrap("\"%s\" ($TMPDIR)", dir) : fd;
}

static int spool_pipe(struct source *s)
{
	_cleanup_free_ char *piece = malloc(PIECE);
	_cleanup_close_ int spool = spool_open();
	if (spool < 0)
		return spool;
	for (ssize_t n = 1; piece && n > 0;) {
		n = read(s->fd, piece, PIECE);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return err_sys("read \"%s\"", s->path);
		else
			TRY_AS(io_write_all(spool, piece, (size_t)n), "copy \"%s\"", s->path);
	}
	close_fd(&s->fd);
	s->fd = take_fd(&spool);
	return piece ? 0 : err_sysno(ENOMEM, "copy \"%s\"", s->path);
}

static int spool_decoded(struct source *s, const struct region *r, enum codec c)
{
	const uint8_t *data;
	struct feed *f;
	size_t n;
	int got;
	_cleanup_close_ int spool = spool_open();
	if (spool < 0)
		return spool;
	TRY(feed_open(s->arena, r, c, s->path, &f));
	while ((got = f->next(f, &data, &n)) > 0) {
		got = io_write_all(spool, data, n);
		if (got < 0)
			break;
	}
	feed_close(f);
	if (got < 0)
		return err_wrap("unpack \"%s\" to a temporary file", s->path);
	close_fd(&s->fd);
	s->fd = take_fd(&spool);
	return 0;
}

static int refuse_others(const struct source *s, const uint8_t magic[6])
{
	bool xz = memcmp(magic,
			 "\xfd"
			 "7zXZ",
			 6) == 0;
	if (!xz && memcmp(magic, "BZh", 3) != 0)
		return 0;
	int r = err_msg(ERR_UNSUPPORTED, "\"%s\" is compressed with %s", s->path,
			xz ? "xz" : "bzip2");
	err_hint("unpack it first: %s -dk FILE", xz ? "xz" : "bzip2");
	return r;
}

/* Make s->fd a plain file and give its place. */
static int settle(struct source *s, struct region *out)
{
	uint8_t magic[6] = { 0 };
	struct stat st;
	if (fstat(s->fd, &st) < 0)
		return err_sys("look at \"%s\"", s->path);
	if (!S_ISREG(st.st_mode))
		TRY(spool_pipe(s));
	if (fstat(s->fd, &st) < 0)
		return err_sys("look at \"%s\"", s->path);
	*out = (struct region){ s->fd, 0, (uint64_t)st.st_size };
	if (out->size < sizeof(magic))
		return err_msg(ERR_CONFIG, "\"%s\" is not an archive: it has %llu bytes", s->path,
			       (unsigned long long)out->size);
	TRY(region_read(out, s->path, 0, magic, sizeof(magic)));
	TRY(refuse_others(s, magic));
	enum codec c = codec_sniff(magic, sizeof(magic));
	if (c == CODEC_PLAIN)
		return 0;
	TRY(spool_decoded(s, out, c));
	if (fstat(s->fd, &st) < 0)
		return err_sys("look at \"%s\"", s->path);
	*out = (struct region){ s->fd, 0, (uint64_t)st.st_size };
	return 0;
}

static int add_member(struct source *s, const struct tar *t, const struct tar_entry *e)
{
	uint64_t header, payload;
	if (e->type == TAR_DIR)
		return 0;
	if (e->type != TAR_FILE && e->type != TAR_SYMLINK && e->type != TAR_HARDLINK)
		return err_msg(ERR_CONFIG, "\"%s\": entry %llu is neither file nor link", s->path,
			       (unsigned long long)e->number);
	if (e->sparse)
		return err_msg(ERR_UNSUPPORTED, "\"%s\": entry %llu is a sparse file", s->path,
			       (unsigned long long)e->number);
	if (s->members.n >= MAX_MEMBERS)
		return err_msg(ERR_CONFIG, "\"%s\" has more than %d files", s->path, MAX_MEMBERS);
	const char *name = e->path + strspn(e->path, "/");
	struct member *m = vec_add(s->arena, &s->members);
	m->name = path_clean(s->arena, name);
	m->link = e->type == TAR_FILE ? NULL : path_clean(s->arena, e->link);
	if (e->type == TAR_SYMLINK && strchr(m->name, '/'))
		m->link = path_join(s->arena, path_dir(s->arena, m->name), e->link);
	tar_position(t, &header, &payload);
	m->region = (struct region){ s->fd, payload, e->size };
	return 0;
}

static int index_members(struct source *s, const struct region *r)
{
	struct tar_entry e;
	struct feed *f;
	int got;
	TRY(feed_open(s->arena, r, CODEC_PLAIN, s->path, &f));
	struct tar *t = tar_new(f, s->path, NULL);
	while ((got = tar_next(t, &e)) > 0) {
		got = add_member(s, t, &e);
		if (got < 0)
			break;
	}
	tar_free(t);
	feed_close(f);
	return got;
}

/* The last of a name, as unpacking would leave it. */
static const struct member *find_exact(const struct source *s, const char *name)
{
	for (size_t i = s->members.n; i > 0; i--)
		if (streq(s->members.v[i - 1].name, name))
			return &s->members.v[i - 1];
	return NULL;
}

const struct member *archive_find(const struct source *s, const char *name)
{
	const struct member *m = find_exact(s, name);
	if (m && m->link)
		m = find_exact(s, m->link);
	return m && !m->link ? m : NULL;
}

int archive_source_open(struct source *s, enum source_kind wanted)
{
	struct region r;
	s->fd = streq(s->path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				    : open(s->path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (s->fd < 0)
		return err_sys("open \"%s\"", s->path);
	TRY(settle(s, &r));
	int got = index_members(s, &r);
	if (got < 0 && s->members.n == 0)
		err_hint("expected an OCI layout, or a tar of one, or the output of docker save");
	TRY(got);
	bool oci = archive_find(s, "oci-layout"), docker = archive_find(s, "manifest.json");
	s->kind = docker && (wanted == SOURCE_DOCKER_ARCHIVE || !oci) ? SOURCE_DOCKER_ARCHIVE
								      : SOURCE_OCI_ARCHIVE;
	if (!oci && !docker && archive_find(s, "repositories"))
		return err_msg(
			ERR_UNSUPPORTED,
			"\"%s\" was written by a docker before 1.10: it has no manifest.json",
			s->path);
	if (!oci && !docker)
		return err_msg(ERR_CONFIG,
			       "\"%s\" has neither oci-layout nor manifest.json: it is no image",
			       s->path);
	if (wanted != SOURCE_ANY && wanted != s->kind)
		return err_msg(ERR_CONFIG, "\"%s\" is %s, not what was asked for", s->path,
			       oci ? "an oci-archive" : "a docker-archive");
	return 0;
}
