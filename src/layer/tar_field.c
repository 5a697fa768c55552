/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of tar headers. Writers end them with NUL or blank, or with neither; some begin with
 * blanks; an empty field is 0. What is negative or too big is refused, not wrapped. */
#include "base/cleanup.h"
#include "layer/tar_parts.h"

static int base256(const struct tar *t, struct tar_field f, uint64_t *out)
{
	const uint8_t *p = (const uint8_t *)f.text;
	uint64_t v = p[0] & 0x3f;
	if (p[0] & 0x40)
		return tar_bad(t, "the %s of the header is negative", f.name);
	for (size_t i = 1; i < f.len; i++) {
		if (v >> 56)
			return tar_bad(t, "the %s of the header is too big", f.name);
		v = v << 8 | p[i];
	}
	*out = v;
	return 0;
}

static int octal(const struct tar *t, struct tar_field f, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;
	while (i < f.len && f.text[i] == ' ')
		i++;
	for (; i < f.len && f.text[i] >= '0' && f.text[i] <= '7'; i++) {
		if (v >> 61)
			return tar_bad(t, "the %s of the header is too big", f.name);
		v = v << 3 | (uint64_t)(f.text[i] - '0');
	}
	for (; i < f.len; i++)
		if (f.text[i] != ' ' && f.text[i] != '\0')
			return tar_bad(t, "the %s of the header is not an octal number", f.name);
	*out = v;
	return 0;
}

int tar_number(const struct tar *t, struct tar_field f, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	TRY(f.text[0] & 0x80 ? base256(t, f, &v) : octal(t, f, &v));
	if (v > max)
		return tar_bad(t, "the %s of the header is %llu, more than %llu", f.name,
			       (unsigned long long)v, (unsigned long long)max);
	*out = v;
	return 0;
}

struct timespec tar_clamp(int64_t seconds, long nsec)
{
	if (seconds < TAR_MTIME_MIN || seconds > TAR_MTIME_MAX)
		return (struct timespec){ 0 };
	return (struct timespec){ .tv_sec = seconds, .tv_nsec = nsec };
}

int tar_mtime(const struct tar *t, struct tar_field f, struct timespec *out)
{
	uint64_t v = UINT64_MAX; /* -1 */
	if ((f.text[0] & 0xc0) != 0xc0)
		TRY(tar_number(t, f, UINT64_MAX, &v));
	else
		for (size_t i = 0; i < f.len; i++)
			v = v << 8 | (uint8_t)f.text[i];
	*out = tar_clamp((int64_t)v, 0);
	return 0;
}

static uint32_t sum_of(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += p[i];
	return sum;
}

/* How many bytes have the high bit: a signed sum is 256 less for each. */
static uint32_t high_bits(const uint8_t *p, size_t n)
{
	uint32_t high = 0;
	for (size_t i = 0; i < n; i++)
		high += p[i] >> 7;
	return high;
}

/* POSIX sums unsigned bytes; some old writers signed ones. The field itself counts as blanks. */
bool tar_checksum_ok(const struct tar_header *h)
{
	const uint8_t *p = (const uint8_t *)h, *field = (const uint8_t *)h->checksum;
	const size_t n = sizeof(h->checksum);
	uint32_t sum = sum_of(p, TAR_BLOCK_SIZE) - sum_of(field, n) + (uint32_t)(' ' * n);
	uint32_t want = 0;
	size_t i = 0;
	while (i < n && field[i] == ' ')
		i++;
	if (i == n || field[i] < '0' || field[i] > '7')
		return false;
	for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
		want = want << 3 | (uint32_t)(field[i] - '0');
	return want == sum ||
	       want == sum - 256 * (high_bits(p, TAR_BLOCK_SIZE) - high_bits(field, n));
}
