/* SPDX-License-Identifier: Apache-2.0 */
/* An upper folder as overlayfs leaves it, against two layers. Marks need root. */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "layer/diff_upper.h"
#include "layer/rmtree.h"

enum { UPPER, TOP, BOTTOM, FOLDERS };

static char dir[] = "/tmp/ocirun-upper-......";
static int dir_fd, fds[FOLDERS];
static struct arena *arena;
static struct diff_opts opts;

static void set_time(int where, const char *path)
{
	static const struct timespec times[2] = { { 1000, 5 }, { 1000, 5 } };
	ck_assert_int_eq(utimensat(fds[where], path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void put(int where, const char *path, const char *text)
{
	_cleanup_close_ int fd =
		openat(fds[where], path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
	set_time(where, path);
}

static void folder(int where, const char *path)
{
	ck_assert_int_eq(mkdirat(fds[where], path, 0755), 0);
}

static void whiteout(int where, const char *path)
{
	ck_assert_int_eq(mknodat(fds[where], path, S_IFCHR, makedev(0, 0)), 0);
}

static bool mark(int where, const char *path, const char *key, const char *value)
{
	_cleanup_close_ int fd = openat(fds[where], path, O_RDONLY | O_CLOEXEC);
	return fsetxattr(fd, key, value, strlen(value), 0) == 0;
}

static void setup(void)
{
	static const char *const names[] = { "upper", "top", "bottom" };
	memset(dir + sizeof(dir) - 7, 'X', 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < FOLDERS; i++) {
		ck_assert_int_eq(mkdirat(dir_fd, names[i], 0755), 0);
		fds[i] = openat(dir_fd, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	arena = arena_new();
	opts = (struct diff_opts){ 0 };
	folder(BOTTOM, "d");
	put(BOTTOM, "d/a", "a");
	put(BOTTOM, "d/b", "b");
	put(BOTTOM, "f", "old");
	put(BOTTOM, "hidden", "x");
	ck_assert_int_eq(symlinkat("f", fds[BOTTOM], "l"), 0);
	set_time(BOTTOM, "l");
	folder(TOP, "d");
	put(TOP, "d/c", "c");
	for (int i = 0; i < FOLDERS; i++) {
		if (i != UPPER)
			set_time(i, "d");
		set_time(i, ".");
	}
}

static void teardown(void)
{
	for (int i = 0; i < FOLDERS; i++)
		close(fds[i]);
	arena_free(arena);
	ck_assert_int_eq(rmtree_inside(dir_fd), 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static const char *seen(void)
{
	struct lower_layers lowers = { &fds[TOP], 2 };
	struct changes c;
	struct str s;
	set_time(UPPER, ".");
	if (diff_upper(arena, &opts, fds[UPPER], &lowers, &c) < 0)
		return arena_strdup(arena, err_get()->text);
	str_init(&s, arena, 0);
	for (size_t i = 0; i < c.n; i++)
		str_addf(&s, "%s%c /%s%s%s", i ? " " : "", c.v[i].kind, c.v[i].path,
			 c.v[i].link_to ? "=" : "", c.v[i].link_to ? c.v[i].link_to : "");
	return s.v;
}

START_TEST(an_empty_folder)
{
	ck_assert_str_eq(seen(), "");
}
END_TEST

/* open(2) for writing copies a file up, and its folders. */
START_TEST(copied_up_and_the_same)
{
	folder(UPPER, "d");
	put(UPPER, "d/a", "a");
	put(UPPER, "f", "old");
	ck_assert_int_eq(symlinkat("f", fds[UPPER], "l"), 0);
	set_time(UPPER, "l");
	set_time(UPPER, "d");
	ck_assert_str_eq(seen(), "");
	put(UPPER, "f", "new"); /* of the same size, at the same time */
	ck_assert_str_eq(seen(), "C /f");
}
END_TEST

START_TEST(added_and_changed)
{
	folder(UPPER, "d");
	put(UPPER, "d/a", "more");
	put(UPPER, "d/x", "new");
	ck_assert_int_eq(linkat(fds[UPPER], "d/x", fds[UPPER], "y", 0), 0);
	ck_assert_str_eq(seen(), "C /d C /d/a A /d/x A /y=d/x");
}
END_TEST

START_TEST(another_type)
{
	put(UPPER, "d", "a file");
	folder(UPPER, "f");
	put(UPPER, "f/in", "");
	ck_assert_str_eq(seen(), "C /d C /f A /f/in");
}
END_TEST

START_TEST(whiteouts)
{
	if (geteuid() != 0)
		return; /* nobody else makes devices */
	folder(UPPER, "d");
	whiteout(UPPER, "d/a");
	set_time(UPPER, "d");
	whiteout(UPPER, "f");
	whiteout(UPPER, "never-was");
	whiteout(TOP, "hidden");
	whiteout(UPPER, "hidden"); /* it was not there any more */
	ck_assert_str_eq(seen(), "D /d/a D /f");
}
END_TEST

START_TEST(opaque_folders)
{
	folder(UPPER, "d");
	if (!mark(UPPER, "d", "trusted.overlay.opaque", "y"))
		return; /* only for root, and not on every file system */
	put(UPPER, "d/b", "b");
	put(UPPER, "d/x", "new");
	set_time(UPPER, "d");
	ck_assert_str_eq(seen(), "D /d/a D /d/c A /d/x");
	ck_assert(mark(TOP, "d", "trusted.overlay.opaque", "y")); /* then b is new, a never was */
	ck_assert_str_eq(seen(), "A /d/b D /d/c A /d/x");
}
END_TEST

START_TEST(what_refers_to_below)
{
	folder(UPPER, "moved");
	if (!mark(UPPER, "moved", "trusted.overlay.redirect", "/d-which-was-longer"))
		return;
	ck_assert_ptr_nonnull(strstr(seen(), "\"moved\": overlay.redirect"));
}
END_TEST

START_TEST(masks_count)
{
	static const char *list[] = { "d" };
	opts.masks = (struct oci_strs){ list, 1, true };
	folder(UPPER, "d");
	put(UPPER, "d/x", "new");
	put(UPPER, "f", "other");
	ck_assert_str_eq(seen(), "C /f");
}
END_TEST

TCase *tcase_layer_diff_upper(void)
{
	TCase *t = tcase_create("diff_upper");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_empty_folder);
	tcase_add_test(t, copied_up_and_the_same);
	tcase_add_test(t, added_and_changed);
	tcase_add_test(t, another_type);
	tcase_add_test(t, whiteouts);
	tcase_add_test(t, opaque_folders);
	tcase_add_test(t, what_refers_to_below);
	tcase_add_test(t, masks_count);
	return t;
}
