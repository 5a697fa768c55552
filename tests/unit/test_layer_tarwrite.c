/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer writes, the reader reads: names of every length, numbers that need a pax record,
 * times before 1970, attributes; and each way through compressors and back. */
#include <check.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "layer/compress.h"
#include "layer/feed.h"
#include "layer/tarwrite.h"

static struct arena *arena;
static struct str bytes;

static int keep(struct sink *s, const void *data, size_t len)
{
	(void)s;
	str_addn(&bytes, data, len);
	return 0;
}

static int end(struct sink *s)
{
	(void)s;
	return 0;
}

static struct sink memory = { keep, end, NULL };

static void setup(void)
{
	arena = arena_new();
	str_init(&bytes, arena, 64 << 20);
}

static void teardown(void)
{
	arena_free(arena);
}

static void write_one(const struct tar_entry *e, const char *content)
{
	struct tarwriter *w = tarwriter_new(arena, &memory);
	ck_assert_int_eq(tarwriter_entry(w, e), 0);
	if (e->size > 0)
		ck_assert_int_eq(tarwriter_data(w, content, e->size), 0);
	ck_assert_int_eq(tarwriter_finish(w), 0);
	ck_assert_uint_eq(bytes.n % 512, 0);
}

/* The entry as it is read; there is one. */
static struct tar_entry read_one(void)
{
	struct tar_entry e, none;
	struct tar *t = tar_new(feed_memory(arena, bytes.v, bytes.n), "test", NULL);
	ck_assert_int_eq(tar_next(t, &e), 1);
	e.path = arena_strdup(arena, e.path);
	e.link = arena_strdup(arena, e.link);
	struct tar_xattr *x = arena_calloc(arena, e.n_xattrs, sizeof(*x));
	for (size_t i = 0; i < e.n_xattrs; i++)
		x[i] = (struct tar_xattr){ arena_strdup(arena, e.xattrs[i].name),
					   arena_memdup(arena, e.xattrs[i].value,
							e.xattrs[i].len), e.xattrs[i].len };
	e.xattrs = x;
	ck_assert_int_eq(tar_next(t, &none), 0);
	tar_free(t);
	return e;
}

START_TEST(names_of_every_length)
{
	for (size_t n = 1; n < 300; n++) {
		char *name = arena_alloc(arena, n + 1);
		for (size_t i = 0; i < n; i++)
			name[i] = i % 60 == 59 && i + 1 < n ? '/' : (char)('a' + i % 26);
		struct tar_entry e = { .type = TAR_SYMLINK, .path = name, .link = name };
		bytes.n = 0;
		write_one(&e, NULL);
		struct tar_entry got = read_one();
		ck_assert_str_eq(got.path, name);
		ck_assert_str_eq(got.link, name);
		bytes.n = 0;
		e = (struct tar_entry){ .type = TAR_DIR, .path = name, .link = "" };
		write_one(&e, NULL);
		ck_assert_str_eq(read_one().path, name);
	}
}
END_TEST

START_TEST(numbers_and_times)
{
	static const struct timespec times[] = {
		{ 0, 0 }, { 1, 5 }, { -1, 500000000 }, { -2, 1 }, { -3, 0 }, { 8589934591, 0 },
		{ 1700000000, 120000000 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct tar_entry e = { .type = TAR_FILE, .path = "f", .link = "", .size = 3,
				       .mode = 07777, .uid = 2097152, .gid = 4294967294,
				       .mtime = times[i] };
		bytes.n = 0;
		write_one(&e, "abc");
		struct tar_entry got = read_one();
		ck_assert_uint_eq(got.mode, 07777);
		ck_assert_uint_eq(got.uid, 2097152);
		ck_assert_uint_eq(got.gid, 4294967294);
		ck_assert_uint_eq(got.size, 3);
		ck_assert_int_eq(got.mtime.tv_sec, times[i].tv_sec);
		ck_assert_int_eq(got.mtime.tv_nsec, times[i].tv_nsec);
	}
}
END_TEST

START_TEST(plain_entries_have_no_extended_header)
{
	struct tar_entry e = { .type = TAR_FILE, .path = "f", .link = "", .mtime = { 1000, 0 } };
	write_one(&e, NULL);
	ck_assert_uint_eq(bytes.n, 3 * 512);
}
END_TEST

START_TEST(attributes_of_any_bytes_in_order)
{
	struct tar_xattr x[] = { { "user.z", "a\0b\n=", 5 }, { "user.a", "", 0 } };
	struct tar_entry e = { .type = TAR_DIR, .path = "d", .link = "", .xattrs = x,
			       .n_xattrs = 2, .mtime = { 1, 1 } };
	write_one(&e, NULL);
	struct tar_entry got = read_one();
	ck_assert_uint_eq(got.n_xattrs, 2);
	ck_assert_str_eq(got.xattrs[0].name, "user.a");
	ck_assert_uint_eq(got.xattrs[0].len, 0);
	ck_assert_mem_eq(got.xattrs[1].value, "a\0b\n=", 5);
}
END_TEST

START_TEST(payload_is_counted)
{
	struct tar_entry e = { .type = TAR_FILE, .path = "f", .link = "", .size = 3 };
	struct tarwriter *w = tarwriter_new(arena, &memory);
	ck_assert_int_eq(tarwriter_entry(w, &e), 0);
	ck_assert_int_lt(tarwriter_data(w, "abcd", 4), 0);
	ck_assert_int_lt(tarwriter_finish(w), 0);
	ck_assert_int_lt(tarwriter_entry(w, &e), 0);
}
END_TEST

static struct tar_entry first_entry(void)
{
	struct tar_entry e;
	struct tar *t = tar_new(feed_memory(arena, bytes.v, bytes.n), "test", NULL);
	ck_assert_int_eq(tar_next(t, &e), 1);
	tar_free(t);
	return e;
}

START_TEST(a_size_that_is_known_late)
{
	uint8_t header[512];
	struct tar_entry e = { .type = TAR_FILE, .path = "f", .size = UINT64_MAX, .mode = 0644 };
	struct tarwriter *w = tarwriter_new(arena, &memory);
	ck_assert_int_eq(tarwriter_begin(w, &e), 0);
	ck_assert_int_eq(tarwriter_data(w, "abcd", 4), 0);
	e.size = 4;
	tarwriter_end(w, &e, header);
	ck_assert_int_eq(tarwriter_finish(w), 0);
	ck_assert_uint_eq(bytes.n, 4 * 512);
	memcpy(bytes.v, header, sizeof(header));
	ck_assert_uint_eq(read_one().size, 4);

	/* 11 octal digits, and more */
	for (uint64_t size = 077777777777; size <= UINT64_C(1) << 40; size = size * 2 + 1) {
		bytes.n = 0;
		e.size = size;
		ck_assert_int_eq(tarwriter_begin(tarwriter_new(arena, &memory), &e), 0);
		ck_assert_uint_eq(bytes.n, 512);
		ck_assert_uint_eq(first_entry().size, size);
	}
}
END_TEST

/* 12.5 MB in odd pieces: more members than wait at a time, frames, and what the hashers on both
 * sides say. */
START_TEST(through_compressors_and_back)
{
	enum { SIZE = 12500000 };
	enum codec codec = (enum codec)_i;
	uint8_t *plain = arena_alloc(arena, SIZE);
	struct digest before, after, got;
	uint64_t plain_len, packed_len;
	struct sink *compressor;
	for (size_t i = 0; i < SIZE; i++)
		plain[i] = (uint8_t)(i * i >> 11);
	struct sink *out = sink_hashing(arena, &memory, DIGEST_SHA256, &after, &packed_len);
	ck_assert_int_eq(compress_open(arena, codec, 0, out, &compressor), 0);
	struct sink *in = sink_hashing(arena, compressor, DIGEST_SHA256, &before, &plain_len);
	for (size_t at = 0, n; at < SIZE; at += n) {
		n = SIZE - at < 77777 ? SIZE - at : 77777;
		ck_assert_int_eq(sink_write(in, plain + at, n), 0);
	}
	ck_assert_int_eq(in->finish(in), 0);
	in->close(in);
	ck_assert_uint_eq(plain_len, SIZE);
	ck_assert_uint_eq(packed_len, bytes.n);
	digest_of(DIGEST_SHA256, bytes.v, bytes.n, &got);
	ck_assert(digest_equal(&got, &after));
	ck_assert_int_eq(codec_sniff(bytes.v, bytes.n), codec);

	struct decoder *d = decoder_new(codec);
	uint8_t *again = arena_alloc(arena, SIZE);
	struct buffer b = { .in = (uint8_t *)bytes.v, .in_len = bytes.n, .out = again,
			    .out_len = SIZE };
	while (b.out_len > 0)
		ck_assert_int_ge(decoder_run(d, &b, true), 0);
	decoder_free(d);
	ck_assert_mem_eq(plain, again, SIZE);
}
END_TEST

TCase *tcase_layer_tarwrite(void)
{
	TCase *t = tcase_create("tarwrite");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, names_of_every_length);
	tcase_add_test(t, numbers_and_times);
	tcase_add_test(t, plain_entries_have_no_extended_header);
	tcase_add_test(t, attributes_of_any_bytes_in_order);
	tcase_add_test(t, payload_is_counted);
	tcase_add_test(t, a_size_that_is_known_late);
	tcase_add_loop_test(t, through_compressors_and_back, CODEC_PLAIN, CODEC_ZSTD + 1);
	return t;
}
