/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's bytes through decoder and tar reader. What is accepted must keep its promises: names are
 * not empty, a file has exactly its payload, pieces of sparse files come in order, inside the file.
 * The first byte of the input chooses how small the pieces are that the reader gets. */
#include "fuzz_tar.h"

#include "base/cleanup.h"
#include "layer/tar.h"

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum { PLAIN_MAX = 1 << 20 };

struct pieces {
	struct feed feed;
	const uint8_t *data;
	size_t left, size;
};

static int next_piece(struct feed *f, const uint8_t **data, size_t *n)
{
	struct pieces *p = (struct pieces *)f;
	*data = p->data;
	*n = p->left < p->size ? p->left : p->size;
	p->data += *n;
	p->left -= *n;
	return *n > 0;
}

static void read_payload(struct tar *t, const struct tar_entry *e, int *r)
{
	const uint8_t *data;
	size_t len;
	uint64_t at = 0, sum = 0, end = 0, want = e->size;
	if (e->sparse)
		for (size_t i = want = 0; i < e->n_map; i++)
			want += e->map[i].len;
	while ((*r = tar_data(t, &data, &len, &at)) > 0) {
		MUST(len > 0 && data);
		MUST(!e->sparse || (at >= end && len <= e->size && at <= e->size - len));
		end = at + len;
		sum += len;
	}
	MUST(*r < 0 || sum == want);
}

static void read_tar(const uint8_t *data, size_t len, size_t piece)
{
	struct pieces p = { .feed.next = next_piece, .data = data, .left = len, .size = piece };
	struct tar *t = tar_new(&p.feed, "fuzz", NULL);
	struct tar_entry e;
	uint64_t number = 0;
	int r;
	while ((r = tar_next(t, &e)) > 0) {
		MUST(*e.path && e.link && e.number == ++number);
		MUST(e.type == TAR_FILE || e.size == 0);
		MUST((e.mode & ~07777u) == 0 && e.uid != UINT32_MAX && e.gid != UINT32_MAX);
		for (size_t i = 0; i < e.n_xattrs; i++)
			MUST(*e.xattrs[i].name && e.xattrs[i].len <= 65536);
		if (e.number % 2)
			read_payload(t, &e, &r); /* every other one is skipped */
		if (r < 0)
			break;
	}
	MUST(r >= 0 || err_get()->kind != ERR_NONE);
	err_clear();
	tar_free(t);
}

void fuzz_tar(const uint8_t *data, size_t size)
{
	static uint8_t plain[PLAIN_MAX];
	if (size < 2)
		return;
	size_t piece = data[0] ? data[0] : 65536;
	struct buffer b = { data + 1, size - 1, plain, sizeof(plain) };
	struct decoder *d = decoder_new(codec_sniff(b.in, b.in_len));
	int r = decoder_run(d, &b, true);
	decoder_free(d);
	MUST(r >= 0 || err_get()->kind != ERR_NONE);
	err_clear();
	read_tar(plain, sizeof(plain) - b.out_len, piece);
}
