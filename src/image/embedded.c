/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor may carry its blob in `data` (image-spec descriptor.md). We read the blob itself,
 * but the copy must be the same bytes, or another reader of the document has another image. */
#include "base/cleanup.h"
#include "image/resolve_parts.h"

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 section 4, with its padding and nothing else. */
static bool decode(const char *text, uint8_t *out, size_t *out_len)
{
	size_t n = strlen(text), len = 0;
	size_t padding = n == 0 ? 0 : (size_t)(text[n - 1] == '=') + (n > 1 && text[n - 2] == '=');
	uint32_t bits = 0;
	if (n % 4 != 0)
		return false;
	for (size_t i = 0; i < n - padding; i++) {
		int d = digit(text[i]);
		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if (i % 4 > 0)
			out[len++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	*out_len = len;
	return true;
}

int descriptor_check_data(struct arena *a, const char *what, const struct oci_descriptor *d)
{
	struct digest want, got;
	size_t len;
	if (!d || !d->data)
		return 0;
	uint8_t *bytes = arena_alloc(a, strlen(d->data) + 1);
	if (!decode(d->data, bytes, &len))
		return err_msg(ERR_CONFIG, "%s/data is not base64", what);
	if (d->size < 0 || len != (uint64_t)d->size)
		return err_msg(ERR_CONFIG, "%s/data has %zu bytes, its size says %lld", what, len,
			       (long long)d->size);
	TRY(digest_parse(what, d->digest, &want));
	digest_of(want.algo, bytes, len, &got);
	if (!digest_equal(&want, &got))
		return err_msg(ERR_CONFIG, "%s/data has digest %s, expected %s", what,
			       digest_text(a, &got), d->digest);
	return 0;
}
