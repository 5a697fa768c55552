/* SPDX-License-Identifier: Apache-2.0 */
/* Files with holes: GNU's own header, and its three forms in pax records (tar manual, "Storing
 * Sparse Files"). All end up as a list of pieces, ordered, apart, inside the file, and as long
 * together as the payload. */
#include "base/cleanup.h"
#include "layer/tar_parts.h"

/* The tail of a GNU header, and of the blocks that continue it. */
struct gnu_piece { char at[12], len[12]; };
struct gnu_tail {
	char before[386];
	struct gnu_piece pieces[4];
	char extended, real_size[12], after[17];
};
struct gnu_more {
	struct gnu_piece pieces[21];
	char extended, after[7];
};
_Static_assert(sizeof(struct gnu_tail) == TAR_BLOCK_SIZE, "a header is a block");
_Static_assert(sizeof(struct gnu_more) == TAR_BLOCK_SIZE, "its continuation too");

int tar_map_add(struct tar *t, uint64_t at, uint64_t len)
{
	if (t->n_map >= t->limits.max_map)
		return tar_bad(t, "a sparse file has more than %llu pieces",
			       (unsigned long long)t->limits.max_map);
	if (t->n_map == t->map_cap) {
		size_t cap = t->map_cap ? t->map_cap * 2 : 64;
		void *grown = reallocarray(t->map, cap, sizeof(*t->map));
		if (!grown)
			return err_sysno(ENOMEM, "read the map of a sparse file");
		t->map = grown;
		t->map_cap = cap;
	}
	t->map[t->n_map++] = (struct tar_hole_map){ at, len };
	return 0;
}

static int gnu_pieces(struct tar *t, const struct gnu_piece *p, size_t n)
{
	for (size_t i = 0; i < n && p[i].at[0]; i++) {
		uint64_t at, len;
		TRY(tar_number(t, TAR_FIELD(&p[i], at), INT64_MAX, &at));
		TRY(tar_number(t, TAR_FIELD(&p[i], len), INT64_MAX, &len));
		TRY(tar_map_add(t, at, len));
	}
	return 0;
}

int tar_sparse_gnu(struct tar *t, const struct tar_header *h, uint64_t *real)
{
	struct gnu_tail tail;
	struct gnu_more more;
	memcpy(&tail, h, sizeof(tail));
	TRY(tar_number(t, TAR_FIELD(&tail, real_size), INT64_MAX, real));
	TRY(gnu_pieces(t, tail.pieces, ARRAY_SIZE(tail.pieces)));
	for (char extended = tail.extended; extended; extended = more.extended) {
		TRY(tar_exact(t, &more, sizeof(more)));
		TRY(gnu_pieces(t, more.pieces, ARRAY_SIZE(more.pieces)));
	}
	return 0;
}

/* A decimal line of the map; bytes are taken from the payload. */
static int line(struct tar *t, uint64_t *out)
{
	uint64_t v = 0;
	for (unsigned digits = 0;; digits++) {
		char c;
		if (t->payload_left == 0 || digits > 20)
			return tar_bad(t, "the map of a sparse file is broken");
		TRY(tar_exact(t, &c, 1));
		t->payload_left--;
		if (c == '\n' && digits > 0)
			break;
		if (c < '0' || c > '9' || v > INT64_MAX / 10 - 1)
			return tar_bad(t, "the map of a sparse file is broken");
		v = v * 10 + (uint64_t)(c - '0');
	}
	*out = v;
	return 0;
}

int tar_sparse_pax1(struct tar *t)
{
	uint64_t begin = t->payload_left, n, at, len;
	char skipped[TAR_BLOCK_SIZE];
	TRY(line(t, &n));
	for (uint64_t i = 0; i < n; i++) {
		TRY(line(t, &at));
		TRY(line(t, &len));
		TRY(tar_map_add(t, at, len));
	}
	size_t rest = (size_t)((TAR_BLOCK_SIZE - (begin - t->payload_left) % TAR_BLOCK_SIZE) %
			       TAR_BLOCK_SIZE);
	if (rest > t->payload_left)
		return tar_bad(t, "the map of a sparse file is broken");
	TRY(tar_exact(t, skipped, rest));
	t->payload_left -= rest;
	return 0;
}

int tar_sparse_check(struct tar *t, uint64_t real)
{
	uint64_t end = 0, sum = 0;
	size_t kept = 0;
	for (size_t i = 0; i < t->n_map; i++) {
		const struct tar_hole_map *m = &t->map[i];
		if (m->at < end || m->len > real || m->at > real - m->len)
			return tar_bad(t, "piece %zu of a sparse file overlaps or is outside", i);
		end = m->at + m->len;
		sum += m->len;
		if (m->len > 0)
			t->map[kept++] = *m;
	}
	t->n_map = kept;
	if (sum != t->payload_left)
		return tar_bad(t, "the pieces of a sparse file have %llu bytes, its payload %llu",
			       (unsigned long long)sum, (unsigned long long)t->payload_left);
	return 0;
}
