/* SPDX-License-Identifier: Apache-2.0 */
/* pread in pieces of 256 KiB: they stay in the cache between the kernel's copy and the hashing. */
#include "layer/region.h"

#include "base/cleanup.h"

enum { PIECE = 256 * 1024 };

int region_read(const struct region *r, const char *what, uint64_t at, void *into, size_t len)
{
	uint8_t *p = into;
	if (at > r->size || len > r->size - at)
		return err_msg(ERR_CONFIG, "%s: wanted %zu bytes at %llu, it has %llu", what, len,
			       (unsigned long long)at, (unsigned long long)r->size);
	while (len > 0) {
		ssize_t n = pread(r->fd, p, len, (off_t)(r->at + at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys("read %s", what);
		if (n == 0)
			return err_msg(ERR_CONFIG, "%s: the file ends %zu bytes too early", what,
				       len);
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int region_text(struct arena *a, const struct region *r, const char *what, size_t max, char **out)
{
	if (r->size > max)
		return err_msg(ERR_CONFIG,
			       "%s: %llu bytes are more than the %zu a document may have", what,
			       (unsigned long long)r->size, max);
	char *text = arena_alloc(a, (size_t)r->size + 1);
	TRY(region_read(r, what, 0, text, (size_t)r->size));
	*out = text;
	return 0;
}

int region_digest(const struct region *r, const char *what, enum digest_algo algo,
		  struct digest *out)
{
	_cleanup_free_ void *piece = malloc(PIECE);
	struct hasher *h = hasher_new(algo);
	int result = piece ? 0 : err_sysno(ENOMEM, "read %s", what);
	for (uint64_t at = 0; result == 0 && at < r->size;) {
		size_t n = r->size - at < PIECE ? (size_t)(r->size - at) : PIECE;
		result = region_read(r, what, at, piece, n);
		if (result == 0)
			hasher_add(h, piece, n);
		at += n;
	}
	if (result == 0)
		hasher_end(h, out);
	hasher_free(h);
	return result;
}

int region_verify(const struct region *r, const char *what, const struct digest *want)
{
	struct digest got;
	char a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX];
	TRY(region_digest(r, what, want->algo, &got));
	if (digest_equal(&got, want))
		return 0;
	return err_msg(ERR_CONFIG, "%s: the content has digest %s, expected %s", what,
		       digest_format(&got, a), digest_format(want, b));
}
