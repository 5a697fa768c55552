/* SPDX-License-Identifier: Apache-2.0 */
/* The tar reader, on tars made header by header. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>

#include "../fuzz/fuzz_tar.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "layer/tar.h"
#include "tar_build.h"

static struct arena *a;
static struct tar_build b;
static struct tar *t;
static struct tar_entry e;

static void setup(void)
{
	a = arena_new();
	memset(&b, 0, sizeof(b));
	t = NULL;
}

static void teardown(void)
{
	tar_free(t);
	arena_free(a);
}

static void begin(void)
{
	tar_free(t);
	t = tar_new(feed_memory(a, b.data, b.len), "layer", NULL);
}

static int next(void)
{
	return tar_next(t, &e);
}

/* Reads all of it; the error. */
static const char *refusal(void)
{
	int r;
	err_clear();
	begin();
	while ((r = next()) > 0)
		;
	ck_assert_int_lt(r, 0);
	return err_get()->text;
}

static void refused(const char *text)
{
	const char *got = refusal();
	if (!strstr(got, text))
		ck_abort_msg("wanted \"%s\", got \"%s\"", text, got);
}

START_TEST(entries_in_order)
{
	const uint8_t *data;
	size_t len;
	uint64_t at, header, payload;
	tb_dir(&b, "d/");
	tb_file(&b, "d/f", "content");
	tb_link(&b, '2', "d/s", "../x");
	tb_link(&b, '1', "d/h", "d/f");
	tb_end(&b);
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(e.type, TAR_DIR);
	ck_assert_str_eq(e.path, "d");
	ck_assert_uint_eq(e.mode, 0755);
	ck_assert_int_eq(e.mtime.tv_sec, 1000);
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(e.type, TAR_FILE);
	ck_assert_uint_eq(e.size, 7);
	tar_position(t, &header, &payload);
	ck_assert_uint_eq(header, 512);
	ck_assert_uint_eq(payload, 1024);
	ck_assert_int_eq(tar_data(t, &data, &len, &at), 1);
	ck_assert_uint_eq(len, 7);
	ck_assert_int_eq(memcmp(data, "content", 7), 0);
	ck_assert_int_eq(tar_data(t, &data, &len, &at), 0);
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(e.link, "../x");
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(e.type, TAR_HARDLINK);
	ck_assert_uint_eq(e.number, 4);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), 0);
}
END_TEST

START_TEST(extended_headers_speak_for_one_entry)
{
	tb_record(&b, "path", "a/very/long/name");
	tb_file(&b, "short", "x");
	tb_file(&b, "next", "y");
	tb_end(&b);
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(e.path, "a/very/long/name");
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(e.path, "next");
	ck_assert_int_eq(next(), 0);
}
END_TEST

START_TEST(the_last_record_wins_and_empty_takes_back)
{
	static const char records[] = "10 uid=17\n10 uid=18\n7 gid=\n12 mtime=-5\n"
				      "26 SCHILY.xattr.user.a=\0b\n";
	tb_pax(&b, records, sizeof(records) - 1);
	tb_file(&b, "f", "x");
	tb_end(&b);
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(e.uid, 18);
	ck_assert_uint_eq(e.gid, 0);
	ck_assert_int_eq(e.mtime.tv_sec, -5);
	ck_assert_uint_eq(e.n_xattrs, 1);
	ck_assert_str_eq(e.xattrs[0].name, "user.a");
	ck_assert_uint_eq(e.xattrs[0].len, 2);
}
END_TEST

START_TEST(times)
{
	static const struct {
		const char *text;
		int64_t s;
		long ns;
	} rows[] = {
		{ "1.5", 1, 500000000 },       { "1.0000000019", 1, 1 },
		{ "-1.25", -2, 750000000 },    { "99999999999999999999", 0, 0 },
		{ "-99999999999999999", 0, 0 }, { "8589934592", INT64_C(8589934592), 0 },
		{ "8589934593", 0, 0 },
	};
	tb_record(&b, "mtime", rows[_i].text);
	tb_file(&b, "f", "");
	tb_end(&b);
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(e.mtime.tv_sec, rows[_i].s);
	ck_assert_int_eq(e.mtime.tv_nsec, rows[_i].ns);
}
END_TEST

START_TEST(records_that_do_not_parse)
{
	static const struct {
		const char *text;
		size_t n;
		const char *why;
	} rows[] = {
		{ "x", 1, "does not begin with its length" },
		{ "9 path=x\n", 9, NULL },
		{ "8 path=x\n", 9, "wrong length" },
		{ "10 path=x\n", 10, NULL },
		{ "11 path=x\n", 10, "wrong length" },
		{ "99999999999 path=x\n", 19, "does not begin with its length" },
		{ "09 path=x\n", 10, "does not begin with its length" },
		{ "7 path\n", 7, "has no key" },
		{ "6 =abc\n", 7, "wrong length" },
		{ "7 =abc\n", 7, "has no key" },
		{ "11 path=a\0\n", 11, "path has a NUL" },
		{ "11 p\0th=ab\n", 11, "has a NUL" },
		{ "9 uid=-1\n", 9, "uid is not a number" },
		{ "18 uid=4294967295\n", 18, "uid is not a number" },
		{ "9 size=x\n", 9, "size is not a number" },
		{ "11 mtime=x\n", 11, "mtime is not a time" },
		{ "21 SCHILY.xattr.=abc\n", 21, "name of 0 bytes" },
		{ "20 GNU.sparse.who=1\n", 20, "unknown extended record GNU.sparse.who" },
	};
	ck_assert_int_lt(_i, (int)ARRAY_SIZE(rows));
	tb_pax(&b, rows[_i].text, rows[_i].n);
	tb_file(&b, "f", "");
	tb_end(&b);
	if (rows[_i].why) {
		refused(rows[_i].why);
		return;
	}
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(e.path, "x");
}
END_TEST

START_TEST(pax_size_is_the_payload)
{
	tb_record(&b, "size", "3");
	tb_header(&b, '0', "f", 512);
	tb_block(&b, "abc", 3);
	tb_file(&b, "g", "");
	tb_end(&b);
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(e.size, 3);
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(e.path, "g");
}
END_TEST

START_TEST(numbers_of_headers)
{
	uint8_t *h = tb_header(&b, '0', "f", 0);
	memset(h + 108, 0, 8);
	h[108] = 0x80;
	h[115] = 7; /* uid 7, base-256 */
	memcpy(h + 116, "  17 \0\0\0", 8);
	memset(h + 136, 0xff, 12); /* mtime -1 */
	tb_sum(h);
	tb_end(&b);
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(e.uid, 7);
	ck_assert_uint_eq(e.gid, 15);
	ck_assert_int_eq(e.mtime.tv_sec, -1);
	h[108] = 0xff;
	tb_sum(h);
	refused("the uid of the header is negative");
	memcpy(h + 108, "12345678", 8);
	tb_sum(h);
	refused("the uid of the header is not an octal number");
	memset(h + 108, 0, 8);
	h[108] = 0x80;
	memset(h + 112, 0xff, 4); /* 2^32-1 is no uid */
	tb_sum(h);
	refused("the uid of the header is 4294967295");
	h[109] = 1;
	tb_sum(h);
	refused("the uid of the header is");
}
END_TEST

START_TEST(signed_checksums)
{
	uint8_t *h = tb_header(&b, '0', "f\xe9", 0);
	unsigned sum = 0;
	tb_end(&b);
	memset(h + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned)(int8_t)h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	begin();
	ck_assert_int_eq(next(), 1);
	h[0] = 'g';
	refused("entry 1: the checksum of the header is wrong");
}
END_TEST

START_TEST(ends)
{
	tb_file(&b, "f", "x");
	begin(); /* none at all, on a boundary */
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(next(), 0);
	b.len -= 512; /* in the payload's block */
	refused("ends in the middle of entry");
	b.len += 200;
	refused("ends in the middle of entry");
	b.len += 312;
	tb_end(&b);
	memset(b.data + b.len, 0, 5000); /* tape habits */
	b.len += 5000;
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(next(), 0);
	b.data[b.len - 1] = 1;
	refused("there is data behind the end of the archive");
}
END_TEST

START_TEST(long_names)
{
	char name[5000];
	memset(name, 'n', sizeof(name));
	name[200] = '\0';
	tb_header(&b, 'L', "././@LongLink", 201);
	tb_block(&b, name, 201);
	tb_file(&b, "short", "");
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_uint_eq(strlen(e.path), 200);
	b.len = 0;
	tb_header(&b, 'L', "././@LongLink", 200);
	tb_block(&b, name, 200);
	tb_file(&b, "short", "");
	refused("does not end with its NUL");
	b.len = 0;
	tb_header(&b, 'L', "././@LongLink", 201);
	tb_block(&b, name, 201);
	tb_header(&b, 'L', "././@LongLink", 201);
	tb_block(&b, name, 201);
	refused("two extended headers of one kind");
	b.len = 0;
	tb_header(&b, 'K', "././@LongLink", 4097);
	tb_block(&b, name, 4097);
	refused("an extended header of 4097 bytes");
	b.len = 0;
	tb_record(&b, "path", "x");
	tb_end(&b);
	refused("ends behind an extended header");
}
END_TEST

START_TEST(old_writers)
{
	tb_header(&b, '\0', "dir/", 0);
	tb_header(&b, '7', "file", 0);
	tb_header(&b, 'g', "global", 5);
	tb_block(&b, "xxxxx", 5);
	tb_header(&b, '0', "last", 0);
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(e.type, TAR_DIR);
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(e.type, TAR_FILE);
	ck_assert_int_eq(next(), 1);
	ck_assert_str_eq(e.path, "last");
	b.len = 0;
	tb_header(&b, 'D', "what", 0);
	refused("unknown type 'D'");
	b.len = 0;
	tb_header(&b, '0', "", 0);
	refused("it has no name");
}
END_TEST

START_TEST(sparse_maps)
{
	static const struct {
		const char *map, *size, *why;
	} rows[] = {
		{ "0,2,10,1", "20", NULL },
		{ "0,2,1,1", "20", "overlaps or is outside" },
		{ "10,2,0,1", "20", "overlaps or is outside" },
		{ "0,2,20,1", "20", "overlaps or is outside" },
		{ "0,2,10,2", "20", "the pieces of a sparse file have 4 bytes, its payload 3" },
		{ "0,2,10", "20", "odd number" },
		{ "0,2,x,1", "20", "is not a number" },
		{ "0,3,9223372036854775807,0", "20", "overlaps or is outside" },
	};
	const uint8_t *data;
	size_t len;
	uint64_t at;
	char text[200];
	int n = snprintf(text, sizeof(text), "%zu GNU.sparse.map=%s\n22 GNU.sparse.size=%s\n",
			 strlen(rows[_i].map) + 19, rows[_i].map, rows[_i].size);
	tb_pax(&b, text, (size_t)n);
	tb_file(&b, "f", "abc");
	tb_end(&b);
	if (rows[_i].why) {
		refused(rows[_i].why);
		return;
	}
	begin();
	ck_assert_int_eq(next(), 1);
	ck_assert(e.sparse);
	ck_assert_uint_eq(e.size, 20);
	ck_assert_int_eq(tar_data(t, &data, &len, &at), 1);
	ck_assert(at == 0 && len == 2 && data[0] == 'a');
	ck_assert_int_eq(tar_data(t, &data, &len, &at), 1);
	ck_assert(at == 10 && len == 1 && data[0] == 'c');
	ck_assert_int_eq(tar_data(t, &data, &len, &at), 0);
	ck_assert_int_eq(next(), 0);
}
END_TEST

/* The fuzz target aborts when what was accepted does not keep its promises. */
START_TEST(the_corpus_holds)
{
	_cleanup_dir_ DIR *d = opendir(TEST_SRCDIR "/tests/fuzz/corpus-tar");
	unsigned n = 0;
	ck_assert_ptr_nonnull(d);
	for (struct dirent *file; (file = readdir(d));) {
		char *text;
		size_t len;
		if (file->d_name[0] == '.')
			continue;
		ck_assert_int_eq(io_read_file(a, dirfd(d), file->d_name, 1 << 20, &text, &len), 0);
		fuzz_tar((const uint8_t *)text, len);
		n++;
	}
	ck_assert_uint_ge(n, 22);
}
END_TEST

TCase *tcase_layer_tar(void)
{
	TCase *tc = tcase_create("tar");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, entries_in_order);
	tcase_add_test(tc, extended_headers_speak_for_one_entry);
	tcase_add_test(tc, the_last_record_wins_and_empty_takes_back);
	tcase_add_loop_test(tc, times, 0, 7);
	tcase_add_loop_test(tc, records_that_do_not_parse, 0, 18);
	tcase_add_test(tc, pax_size_is_the_payload);
	tcase_add_test(tc, numbers_of_headers);
	tcase_add_test(tc, signed_checksums);
	tcase_add_test(tc, ends);
	tcase_add_test(tc, long_names);
	tcase_add_test(tc, old_writers);
	tcase_add_loop_test(tc, sparse_maps, 0, 8);
	tcase_add_test(tc, the_corpus_holds);
	return tc;
}
