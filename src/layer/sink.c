/* SPDX-License-Identifier: Apache-2.0 */
/* Where the chain ends, and what hashes on the way. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "layer/compress.h"

struct hashing_sink {
	struct sink sink;
	struct sink *to;
	struct hasher *hasher;
	struct digest *digest;
	uint64_t *len;
};

static int hashing_write(struct sink *sink, const void *data, size_t len)
{
	struct hashing_sink *s = (struct hashing_sink *)sink;
	hasher_add(s->hasher, data, len);
	*s->len += len;
	return sink_write(s->to, data, len);
}

static int hashing_finish(struct sink *sink)
{
	struct hashing_sink *s = (struct hashing_sink *)sink;
	hasher_end(s->hasher, s->digest);
	return s->to->finish(s->to);
}

static void hashing_close(struct sink *sink)
{
	struct hashing_sink *s = (struct hashing_sink *)sink;
	hasher_free(s->hasher);
	s->hasher = NULL;
	if (s->to->close)
		s->to->close(s->to);
}

struct sink *sink_hashing(struct arena *a, struct sink *to, enum digest_algo algo,
			  struct digest *digest, uint64_t *len)
{
	struct hashing_sink *s = arena_alloc(a, sizeof(*s));
	*len = 0;
	*s = (struct hashing_sink){ { hashing_write, hashing_finish, hashing_close }, to,
				    hasher_new(algo), digest, len };
	return &s->sink;
}

struct fd_sink {
	struct sink sink;
	int fd;
	const char *what;
};

static int fd_write(struct sink *sink, const void *data, size_t len)
{
	struct fd_sink *s = (struct fd_sink *)sink;
	TRY_AS(io_write_all(s->fd, data, len), "%s", s->what);
	return 0;
}

static int fd_finish(struct sink *sink)
{
	(void)sink;
	return 0;
}

struct sink *sink_fd(struct arena *a, int fd, const char *what)
{
	struct fd_sink *s = arena_alloc(a, sizeof(*s));
	*s = (struct fd_sink){ { fd_write, fd_finish, NULL }, fd, what };
	return &s->sink;
}
