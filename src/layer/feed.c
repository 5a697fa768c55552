/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds that work where they are called. */
#include "layer/feed.h"

#include "base/cleanup.h"

enum { IN_SIZE = 128 * 1024, OUT_SIZE = 256 * 1024 };

struct region_feed {
	struct feed feed;
	struct region region;
	const char *what;
	enum codec codec;
	struct decoder *decoder;
	struct hasher *hasher; /* NULL: nobody asked */
	struct digest *digest;
	struct buffer buffer;
	uint64_t at; /* bytes of the region read */
	bool ended;
	uint8_t in[IN_SIZE], out[OUT_SIZE];
};

static int refill(struct region_feed *f)
{
	uint64_t left = f->region.size - f->at;
	size_t n = left < IN_SIZE ? (size_t)left : IN_SIZE;
	if (f->buffer.in_len > 0 || n == 0)
		return 0;
	TRY(region_read(&f->region, f->what, f->at, f->in, n));
	f->at += n;
	f->buffer.in = f->in;
	f->buffer.in_len = n;
	return 0;
}

static int region_next(struct feed *feed, const uint8_t **data, size_t *n)
{
	struct region_feed *f = (struct region_feed *)feed;
	f->buffer.out = f->out;
	f->buffer.out_len = OUT_SIZE;
	while (!f->ended && f->buffer.out_len > 0) {
		TRY(refill(f));
		int r = decoder_run(f->decoder, &f->buffer, f->at == f->region.size);
		if (r < 0)
			return err_wrap("%s", f->what);
		f->ended = r == DECODER_END;
	}
	*data = f->out;
	*n = OUT_SIZE - f->buffer.out_len;
	if (f->hasher && *n > 0)
		hasher_add(f->hasher, f->out, *n);
	if (f->hasher && *n == 0)
		hasher_end(f->hasher, f->digest);
	return *n > 0;
}

/* Of plain bytes that nobody hashes; archives are indexed so without being read. */
static uint64_t region_skip(struct feed *feed, uint64_t n)
{
	struct region_feed *f = (struct region_feed *)feed;
	uint64_t left = f->region.size - f->at;
	uint64_t some = n < left ? n : left;
	if (f->codec != CODEC_PLAIN || f->hasher || f->buffer.in_len > 0)
		return 0;
	f->at += some;
	return some;
}

static void region_close(struct feed *feed)
{
	struct region_feed *f = (struct region_feed *)feed;
	decoder_free(f->decoder);
	hasher_free(f->hasher);
	free(f);
}

void feed_want_digest(struct feed *feed, enum digest_algo algo, struct digest *out)
{
	struct region_feed *f = (struct region_feed *)feed;
	f->digest = out;
	f->hasher = hasher_new(algo);
}

int feed_open(struct arena *a, const struct region *r, enum codec c, const char *what,
	      struct feed **out)
{
	struct region_feed *f = calloc(1, sizeof(*f));
	if (!f)
		return err_sysno(ENOMEM, "read %s", what);
	f->feed.next = region_next;
	f->feed.close = region_close;
	f->feed.skip = region_skip;
	f->codec = c;
	f->region = *r;
	f->what = arena_strdup(a, what);
	f->decoder = decoder_new(c);
	*out = &f->feed;
	return 0;
}

struct memory_feed {
	struct feed feed;
	const void *data;
	size_t len;
};

static int memory_next(struct feed *feed, const uint8_t **data, size_t *n)
{
	struct memory_feed *f = (struct memory_feed *)feed;
	*data = f->data;
	*n = f->len;
	f->len = 0;
	return *n > 0;
}

struct feed *feed_memory(struct arena *a, const void *data, size_t len)
{
	struct memory_feed *f = arena_alloc(a, sizeof(*f));
	f->feed.next = memory_next;
	f->data = data;
	f->len = len;
	return &f->feed;
}

void feed_close(struct feed *f)
{
	if (f && f->close)
		f->close(f);
}
