/* SPDX-License-Identifier: Apache-2.0 */
/* Layers to trees, by whoever runs the tests: what whiteouts take, in which order soever; what
 * links may reach; that folders end as they were said to be; that nothing is taken unverified. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "layer/pathset.h"
#include "layer/rmtree.h"
#include "layer/unpack.h"
#include "tar_build.h"

enum { LAYERS = 3 };

static char dir[] = "/tmp/ocirun-layer-......";
static int dir_fd;
static struct tar_build b[LAYERS];
static struct unpack_layer layers[LAYERS];
static struct unpack_opts opts;
static struct unpack_report report;

static void setup(void)
{
	memset(dir + sizeof(dir) - 7, 'X', 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	memset(b, 0, sizeof(b));
	memset(layers, 0, sizeof(layers));
	opts = (struct unpack_opts){ .rootless = geteuid() != 0 };
	for (int i = 0; i < LAYERS; i++)
		layers[i].blob.fd = -1;
}

static void teardown(void)
{
	for (int i = 0; i < LAYERS; i++)
		close_fd(&layers[i].blob.fd);
	ck_assert_int_eq(rmtree_inside(dir_fd), 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void make_blob(int i)
{
	static const char *const names[] = { "layer 1", "layer 2", "layer 3" };
	struct unpack_layer *l = &layers[i];
	tb_end(&b[i]);
	l->name = names[i];
	l->blob = (struct region){ open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), 0,
				   b[i].len };
	ck_assert_int_eq(write(l->blob.fd, b[i].data, b[i].len), (ssize_t)b[i].len);
	digest_of(DIGEST_SHA256, b[i].data, b[i].len, &l->diff_id);
	l->has_digest = true;
	l->digest = l->diff_id;
}

static int unpack(int n)
{
	for (int i = 0; i < n; i++)
		if (layers[i].blob.fd < 0)
			make_blob(i);
	return layers_unpack(&opts, layers, (size_t)n, dir_fd, &report);
}

static void unpacks(int n)
{
	if (unpack(n) < 0)
		ck_abort_msg("%s", err_get()->text);
}

static void refused(int n, const char *text)
{
	ck_assert_int_lt(unpack(n), 0);
	if (!strstr(err_get()->text, text))
		ck_abort_msg("wanted \"%s\", got \"%s\"", text, err_get()->text);
}

static bool there(const char *path)
{
	return faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static const char *content(const char *path)
{
	static char text[100];
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return n < 0 ? "(none)" : text;
}

static struct stat stat_of(const char *path)
{
	struct stat st;
	ck_assert_int_eq(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

START_TEST(a_whiteout_takes_from_below_only)
{
	tb_dir(&b[0], "d");
	tb_file(&b[0], "d/old", "1");
	tb_file(&b[0], "gone", "1");
	tb_file(&b[0], "again", "1");
	tb_file(&b[1], ".wh.gone", "");
	tb_file(&b[1], "again", "2"); /* before its whiteout */
	tb_file(&b[1], ".wh.again", "");
	tb_file(&b[1], "d/new", "2");
	tb_file(&b[1], ".wh.d", "");
	tb_file(&b[1], ".wh.missing", "");
	tb_file(&b[1], "nowhere/.wh.x", "");
	unpacks(2);
	ck_assert(!there("gone"));
	ck_assert_str_eq(content("again"), "2");
	ck_assert(!there("d/old"));
	ck_assert_str_eq(content("d/new"), "2");
	ck_assert(!there("nowhere"));
}
END_TEST

START_TEST(opaque_in_any_order)
{
	tb_file(&b[0], "d/a", "1");
	tb_file(&b[0], "d/sub/b", "1");
	tb_file(&b[0], "e/c", "1");
	const char *first = _i ? "d/sub/new" : "d/.wh..wh..opq";
	const char *second = _i ? "d/.wh..wh..opq" : "d/sub/new";
	tb_file(&b[1], first, "");
	tb_file(&b[1], second, "");
	tb_file(&b[1], "d/.wh..wh..opq", ""); /* once more: nothing to do */
	tb_file(&b[1], "d/.wh..wh.plnk", "");
	unpacks(2);
	ck_assert(!there("d/a"));
	ck_assert(!there("d/sub/b"));
	ck_assert(there("d/sub/new"));
	ck_assert(there("e/c"));
	ck_assert(!there("d/.wh..wh.plnk"));
}
END_TEST

START_TEST(whiteouts_of_nothing)
{
	static const char *const names[] = { ".wh.", "d/.wh..", ".wh...", ".wh.f/inside" };
	tb_file(&b[0], names[_i], "");
	refused(1, _i < 3 ? "it is a whiteout of nothing" : "it is inside a whiteout");
}
END_TEST

START_TEST(names_only_go_down)
{
	static const char *const bad[] = { "..", "a/../b", "/..", "a/.." };
	tb_file(&b[0], "/./a//b", "x");
	unpacks(1);
	ck_assert_str_eq(content("a/b"), "x");
	memset(&b[0], 0, sizeof(b[0]));
	close_fd(&layers[0].blob.fd);
	tb_file(&b[0], bad[_i], "x");
	refused(1, "its name has \"..\"");
}
END_TEST

START_TEST(links_stay_inside)
{
	tb_dir(&b[0], "usr/lib");
	tb_link(&b[0], '2', "lib", "usr/lib");
	tb_link(&b[0], '2', "out", "../../../../../../../../tmp");
	tb_link(&b[0], '2', "abs", "/usr/lib");
	tb_file(&b[1], "lib/x", "in lib");
	tb_file(&b[1], "abs/y", "in lib");
	tb_file(&b[1], "out/ocirun-layer-escaped", "no");
	tb_link(&b[1], '1', "hard", "/lib/x");
	unpacks(2);
	ck_assert_str_eq(content("usr/lib/x"), "in lib");
	ck_assert_str_eq(content("usr/lib/y"), "in lib");
	ck_assert_str_eq(content("tmp/ocirun-layer-escaped"), "no");
	ck_assert_int_lt(access("/tmp/ocirun-layer-escaped", F_OK), 0);
	ck_assert_uint_eq(stat_of("hard").st_ino, stat_of("usr/lib/x").st_ino);
}
END_TEST

START_TEST(replacing)
{
	tb_file(&b[0], "file", "1");
	tb_link(&b[0], '1', "twin", "file");
	tb_file(&b[0], "dir/deep/f", "1");
	tb_link(&b[0], '2', "sym", "file");
	tb_dir(&b[0], "target");
	tb_link(&b[0], '2', "symdir", "target");
	tb_file(&b[0], "parent", "1");
	tb_file(&b[1], "file", "2"); /* its twin keeps its content */
	tb_file(&b[1], "dir", "2");
	tb_file(&b[1], "sym", "2");
	tb_dir(&b[1], "symdir");
	tb_file(&b[1], "symdir/f", "2");
	tb_file(&b[1], "parent/f", "2");
	unpacks(2);
	ck_assert_str_eq(content("file"), "2");
	ck_assert_str_eq(content("twin"), "1");
	ck_assert_str_eq(content("dir"), "2");
	ck_assert_str_eq(content("sym"), "2");
	ck_assert(S_ISDIR(stat_of("symdir").st_mode));
	ck_assert(there("symdir/f") && !there("target/f"));
	ck_assert_str_eq(content("parent/f"), "2");
}
END_TEST

START_TEST(keeping_links_to_folders)
{
	opts.keep_dirlinks = true;
	tb_dir(&b[0], "target");
	tb_link(&b[0], '2', "symdir", "target");
	tb_dir(&b[1], "symdir");
	tb_file(&b[1], "symdir/f", "2");
	unpacks(2);
	ck_assert(S_ISLNK(stat_of("symdir").st_mode));
	ck_assert_str_eq(content("target/f"), "2");
}
END_TEST

START_TEST(hard_links)
{
	static const struct {
		const char *target, *why;
	} rows[] = { { "missing", "hard link to \"missing\", which is not in the image" },
		     { "d/missing/f", "which is not in the image" },
		     { "d", "hard link to the folder \"d\"" },
		     { "..", "its name has \"..\"" },
		     { "/", "hard link to the root folder" } };
	tb_dir(&b[0], "d");
	tb_link(&b[0], '1', "h", rows[_i].target);
	refused(1, rows[_i].why);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "layer 1: entry 2 \"h\": "));
}
END_TEST

START_TEST(a_link_to_itself_and_to_a_symlink)
{
	tb_file(&b[0], "f", "x");
	tb_link(&b[0], '1', "./f", "f");
	tb_link(&b[0], '2', "s", "f");
	tb_link(&b[0], '1', "t", "s");
	unpacks(1);
	ck_assert_str_eq(content("f"), "x");
	ck_assert(S_ISLNK(stat_of("t").st_mode));
}
END_TEST

START_TEST(folders_end_as_they_were_said_to_be)
{
	uint8_t *h = tb_header(&b[0], '5', "closed", 0);
	snprintf((char *)h + 100, 8, "%07o", 02500);
	tb_sum(h);
	tb_file(&b[0], "closed/f", "1");
	tb_file(&b[1], "closed/g", "2"); /* does not list the folder */
	tb_file(&b[1], "made/f", "2");
	unpacks(2);
	ck_assert_uint_eq(stat_of("closed").st_mode & 07777, 02500);
	ck_assert_int_eq(stat_of("closed").st_mtime, 1000);
	ck_assert_int_eq(stat_of("closed/g").st_mtime, 1000);
	ck_assert_uint_eq(stat_of("made").st_mode & 07777, 0755);
	ck_assert_int_eq(stat_of("made").st_mtime, 0);
	ck_assert_uint_eq(stat_of(".").st_mode & 07777, 0755);
	ck_assert_uint_eq(stat_of("closed/f").st_gid, getegid()); /* setgid did not rub off */
}
END_TEST

START_TEST(the_last_entry_of_a_folder_wins)
{
	static const int modes[] = { 02755, 0711 };
	for (int i = 0; i < 2; i++) {
		uint8_t *h = tb_header(&b[i], '5', "d", 0);
		snprintf((char *)h + 100, 8, "%07o", modes[i]);
		snprintf((char *)h + 136, 12, "%011o", 100 + i);
		tb_sum(h);
	}
	uint8_t *h = tb_header(&b[1], '5', "./", 0);
	snprintf((char *)h + 100, 8, "%07o", 01777);
	tb_sum(h);
	unpacks(2);
	ck_assert_uint_eq(stat_of("d").st_mode & 07777, 0711);
	ck_assert_int_eq(stat_of("d").st_mtime, 101);
	ck_assert_uint_eq(stat_of(".").st_mode & 07777, 01777);
}
END_TEST

START_TEST(nothing_unverified)
{
	tb_file(&b[0], "f", "x");
	make_blob(0);
	layers[0].digest.bytes[0] ^= 1;
	refused(1, "layer 1: the content has digest");
	ck_assert(!there("f")); /* not a byte was parsed */
	layers[0].digest.bytes[0] ^= 1;
	layers[0].diff_id.bytes[0] ^= 1;
	refused(1, "but the config's diff_id is");
}
END_TEST

START_TEST(limits)
{
	tb_file(&b[0], "a/b/c", "x");
	tb_file(&b[0], "d", "yy");
	make_blob(0);
	opts.max_depth = 2;
	refused(1, "entry 1 \"a/b/c\": its name has more than 2 parts");
	opts.max_depth = 3;
	opts.max_entries = 1;
	refused(1, "entry 2 \"d\": there are more than 1 entries");
	opts.max_entries = 2;
	opts.max_bytes = b[0].len - 1;
	refused(1, "the layers unpack to more than");
	opts.max_bytes = b[0].len;
	ck_assert_int_eq(rmtree_inside(dir_fd), 0);
	unpacks(1);
	ck_assert_uint_eq(report.entries, 2);
	ck_assert_uint_eq(report.bytes, b[0].len);
}
END_TEST

START_TEST(devices_are_skipped)
{
	tb_file(&b[0], "null", "a file from below");
	tb_header(&b[1], '3', "null", 0);
	tb_header(&b[1], '6', "fifo", 0);
	unpacks(2);
	ck_assert_uint_eq(report.devices_skipped, 1);
	ck_assert(!there("null"));
	ck_assert(S_ISFIFO(stat_of("fifo").st_mode));
	if (geteuid() != 0)
		return;
	opts.devices = true;
	refused(2, "is a whiteout of overlayfs");
}
END_TEST

START_TEST(names_are_shown_safely)
{
	tb_link(&b[0], '1', "a\nb\x1b", "missing");
	refused(1, "entry 1 \"a\\x0ab\\x1b\": ");
}
END_TEST

START_TEST(any_depth_is_removed)
{
	_cleanup_close_ int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 10000; i++) {
		ck_assert_int_eq(mkdirat(fd, "d", 0700), 0);
		if (i % 1000 == 0)
			ck_assert_int_eq(mkdirat(fd, "other", 0), 0);
		int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		close_fd(&fd);
		fd = next;
	}
	ck_assert_int_eq(rmtree(dir_fd, "d"), 0);
	ck_assert(!there("d"));
	ck_assert_int_eq(rmtree(dir_fd, "d"), 0);
}
END_TEST

START_TEST(sets_of_paths)
{
	struct pathset s;
	char path[32];
	ck_assert_int_eq(pathset_open(&s), 0);
	ck_assert(pathset_has(&s, "", 0));
	ck_assert(!pathset_has(&s, "a", 1));
	ck_assert_int_eq(pathset_add(&s, "a/b/c", 5), 0);
	ck_assert(pathset_has(&s, "a/b", 3) && pathset_has(&s, "a", 1));
	ck_assert(!pathset_has(&s, "b", 1));
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(path, sizeof(path), "x%d", i);
		ck_assert_int_eq(pathset_add_one(&s, path, (size_t)n), 0);
	}
	ck_assert(pathset_has(&s, "x0", 2) && pathset_has(&s, "x4999", 5));
	ck_assert(!pathset_has(&s, "x5000", 5));
	ck_assert_uint_eq(s.n, 5003);
	pathset_empty(&s);
	ck_assert(!pathset_has(&s, "x0", 2));
	pathset_close(&s);
}
END_TEST

TCase *tcase_layer_unpack(void)
{
	TCase *tc = tcase_create("unpack");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_whiteout_takes_from_below_only);
	tcase_add_loop_test(tc, opaque_in_any_order, 0, 2);
	tcase_add_loop_test(tc, whiteouts_of_nothing, 0, 4);
	tcase_add_loop_test(tc, names_only_go_down, 0, 4);
	tcase_add_test(tc, links_stay_inside);
	tcase_add_test(tc, replacing);
	tcase_add_test(tc, keeping_links_to_folders);
	tcase_add_loop_test(tc, hard_links, 0, 5);
	tcase_add_test(tc, a_link_to_itself_and_to_a_symlink);
	tcase_add_test(tc, folders_end_as_they_were_said_to_be);
	tcase_add_test(tc, the_last_entry_of_a_folder_wins);
	tcase_add_test(tc, nothing_unverified);
	tcase_add_test(tc, limits);
	tcase_add_test(tc, devices_are_skipped);
	tcase_add_test(tc, names_are_shown_safely);
	tcase_add_test(tc, any_depth_is_removed);
	tcase_add_test(tc, sets_of_paths);
	return tc;
}
