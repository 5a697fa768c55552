/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders, fed whole and byte by byte: members, frames, padding, and what must be refused. */
#include <check.h>
#include <zlib.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "layer/codec.h"

static uint8_t packed[1 << 16], plain[1 << 16];
static size_t packed_len;

static void add_gzip(const char *text)
{
	z_stream s = { 0 };
	ck_assert_int_eq(deflateInit2(&s, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	s.next_in = (Bytef *)(uintptr_t)text;
	s.avail_in = (uInt)strlen(text);
	s.next_out = packed + packed_len;
	s.avail_out = (uInt)(sizeof(packed) - packed_len);
	ck_assert_int_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
	packed_len += s.total_out;
	deflateEnd(&s);
}

static void add_zstd(const char *text)
{
	size_t n = ZSTD_compress(packed + packed_len, sizeof(packed) - packed_len, text,
				 strlen(text), 3);
	ck_assert(!ZSTD_isError(n));
	packed_len += n;
}

static void add_bytes(const void *data, size_t n)
{
	memcpy(packed + packed_len, data, n);
	packed_len += n;
}

/* Decode all, `in` bytes at a time into `out` bytes at a time. The length, or negative. */
static int decode(enum codec c, size_t in, size_t out)
{
	struct decoder *d = decoder_new(c);
	struct buffer b = { 0 };
	size_t at = 0, made = 0;
	int r = DECODER_MORE;
	while (r == DECODER_MORE) {
		if (b.in_len == 0 && at < packed_len) {
			b.in = packed + at;
			b.in_len = packed_len - at < in ? packed_len - at : in;
			at += b.in_len;
		}
		b.out = plain + made;
		b.out_len = sizeof(plain) - made < out ? sizeof(plain) - made : out;
		size_t room = b.out_len;
		r = decoder_run(d, &b, at == packed_len);
		made += room - b.out_len;
		ck_assert_uint_lt(made, sizeof(plain));
	}
	plain[made] = '\0';
	decoder_free(d);
	return r < 0 ? r : (int)made;
}

static const size_t steps[][2] = { { 1 << 16, 1 << 16 }, { 1, 1 << 16 }, { 1 << 16, 1 }, { 1, 1 },
				   { 7, 3 } };

static void decodes_to(enum codec c, const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		ck_assert_int_eq(decode(c, steps[i][0], steps[i][1]), (int)strlen(text));
		ck_assert_str_eq((char *)plain, text);
	}
}

static void refused(enum codec c, const char *why)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		ck_assert_int_lt(decode(c, steps[i][0], steps[i][1]), 0);
		ck_assert_ptr_nonnull(strstr(err_get()->text, why));
	}
}

static void setup(void)
{
	packed_len = 0;
}

START_TEST(gzip_members_and_padding)
{
	add_gzip("one, ");
	decodes_to(CODEC_GZIP, "one, ");
	add_gzip("");
	add_gzip("two");
	decodes_to(CODEC_GZIP, "one, two");
	add_bytes("\0\0\0\0\0\0\0", 7);
	decodes_to(CODEC_GZIP, "one, two");
	add_bytes("x", 1);
	refused(CODEC_GZIP, "behind the last gzip member");
}
END_TEST

START_TEST(gzip_cut_or_changed)
{
	add_gzip("some text that is long enough to be cut somewhere");
	size_t whole = packed_len;
	for (packed_len = 0; packed_len < whole; packed_len++)
		refused(CODEC_GZIP, "the gzip data ends too early");
	packed_len = whole;
	packed[whole - 6] ^= 1; /* crc */
	ck_assert_int_lt(decode(CODEC_GZIP, 1 << 16, 1 << 16), 0);
	packed[whole - 6] ^= 1;
	packed[whole - 1] ^= 1; /* length */
	ck_assert_int_lt(decode(CODEC_GZIP, 1 << 16, 1 << 16), 0);
	packed[whole - 1] ^= 1;
	decodes_to(CODEC_GZIP, "some text that is long enough to be cut somewhere");
}
END_TEST

START_TEST(zstd_frames)
{
	static const uint8_t skippable[] = { 0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'x', 'y', 'z' };
	add_bytes(skippable, sizeof(skippable));
	ck_assert_int_eq(codec_sniff(packed, 6), CODEC_ZSTD);
	add_zstd("one, ");
	add_zstd("two");
	add_bytes(skippable, sizeof(skippable));
	decodes_to(CODEC_ZSTD, "one, two");
	packed_len--;
	refused(CODEC_ZSTD, "the zstd data ends too early");
	packed_len = 0;
	refused(CODEC_ZSTD, "the zstd data ends too early");
	add_bytes("no zstd at all", 14);
	refused(CODEC_ZSTD, "the zstd data is broken");
}
END_TEST

START_TEST(plain_is_plain)
{
	add_bytes("as it is", 8);
	decodes_to(CODEC_PLAIN, "as it is");
	packed_len = 0;
	decodes_to(CODEC_PLAIN, "");
}
END_TEST

START_TEST(names_and_media_types)
{
	enum codec c;
	ck_assert_int_eq(codec_sniff("\x1f\x8b\x08", 3), CODEC_GZIP);
	ck_assert_int_eq(codec_sniff("\x28\xb5\x2f\xfd", 4), CODEC_ZSTD);
	ck_assert_int_eq(codec_sniff("\x28\xb5\x2f", 3), CODEC_PLAIN);
	ck_assert(codec_of_media_type("application/vnd.oci.image.layer.v1.tar+gzip", &c));
	ck_assert_int_eq(c, CODEC_GZIP);
	ck_assert(codec_of_media_type("application/vnd.docker.image.rootfs.diff.tar.zstd", &c));
	ck_assert_int_eq(c, CODEC_ZSTD);
	ck_assert(!codec_of_media_type("application/vnd.oci.image.layer.v1.tar+lz4", &c));
	ck_assert(!codec_of_media_type("application/vnd.oci.image.config.v1+json", &c));
	ck_assert_str_eq(codec_name(CODEC_PLAIN), "uncompressed");
}
END_TEST

TCase *tcase_layer_codec(void)
{
	TCase *tc = tcase_create("codec");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, gzip_members_and_padding);
	tcase_add_test(tc, gzip_cut_or_changed);
	tcase_add_test(tc, zstd_frames);
	tcase_add_test(tc, plain_is_plain);
	tcase_add_test(tc, names_and_media_types);
	return tc;
}
