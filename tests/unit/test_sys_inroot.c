/* SPDX-License-Identifier: Apache-2.0 */
/* What was made on the way is remembered and taken back, and nothing else. */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/inroot.h"

static char dir[32];
static unsigned nfound;
static int root = -1;
static struct inroot_made made;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static int count_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)path, (void)st, (void)kind;
	nfound += where->level > 0;
	return 0;
}

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/ocirun-inroot.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	made = (struct inroot_made){ .arena = arena_new() };
}

static void tear_down(void)
{
	inroot_made_close(&made);
	ck_assert_int_eq(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	arena_free(made.arena);
	close_fd(&root);
}

static bool is_there(const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void make(const char *path, bool is_dir)
{
	_cleanup_close_ int fd = is_dir ? inroot_mkdirs(root, path, 0755, &made)
					: inroot_mkfile(root, path, 0755, 0644, &made);

	ck_assert_int_ge(fd, 0);
}

static void put(const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void undo(void)
{
	char failed[256];

	ck_assert_int_eq(inroot_made_undo(&made, failed), 0);
}

/* These names are all there is: ours are not, under whatever name. */
static void only(const char *const *names)
{
	unsigned n = 0;

	for (; names[n]; n++)
		ck_assert_msg(is_there(names[n]), "%s is gone", names[n]);
	nfound = 0;
	ck_assert_int_eq(nftw(dir, count_one, 8, FTW_PHYS), 0);
	ck_assert_uint_eq(nfound, n);
}
#define ONLY(...) only((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(taken_back)
{
	ck_assert_int_eq(mkdirat(root, "old", 0700), 0);
	ck_assert_int_eq(symlinkat("aim/far", root, "link"), 0);
	make("old/a/b", true);
	ck_assert(made.last);
	make("old/a", true);
	ck_assert(!made.last);
	make("old/a/c/file", false);
	ck_assert(made.last);
	make("link/x", true);
	make("file", false);
	ck_assert(is_there("aim/far/x") && is_there("old/a/c/file") && is_there("file"));
	undo();
	ONLY("link", "old");
}
END_TEST

/* A file of theirs keeps the directories above it. */
START_TEST(used_by_others)
{
	make("full/inner", true);
	make("text", false);
	make("linked", false);
	make("late", false);
	put("full/inner/theirs", "");
	put("text", "x");
	ck_assert_int_eq(linkat(root, "linked", root, "other", 0), 0);
	undo();
	ONLY("full", "full/inner", "full/inner/theirs", "linked", "other", "text");
}
END_TEST

START_TEST(replaced)
{
	make("dir", true);
	make("file", false);
	make("gone", false);
	make("deep/er", true);
	ck_assert_int_eq(unlinkat(root, "dir", AT_REMOVEDIR), 0);
	ck_assert_int_eq(mkdirat(root, "dir", 0755), 0);
	ck_assert_int_eq(unlinkat(root, "file", 0), 0);
	put("file", "");
	ck_assert_int_eq(unlinkat(root, "gone", 0), 0);
	/* Where it was moved to, it is somebody's. */
	ck_assert_int_eq(renameat(root, "deep", root, "moved"), 0);
	undo();
	ONLY("dir", "file", "moved");
}
END_TEST

/* A failed call has remembered what it made before. */
START_TEST(half_made)
{
	put("file", "");
	ck_assert_int_eq(symlinkat("loop", root, "loop"), 0);
	ck_assert_int_eq(inroot_mkdirs(root, "a/b/../c", 0755, &made), -1);
	ck_assert(is_there("a/b"));
	ck_assert_int_eq(inroot_mkdirs(root, "file/x", 0755, &made), -1);
	undo();
	ONLY("file", "loop");
}
END_TEST

START_TEST(nobody_asks)
{
	struct inroot_made plain = { 0 };
	char failed[256];
	_cleanup_close_ int fd = inroot_mkdirs(root, "a/b", 0755, &plain);

	ck_assert(fd >= 0 && plain.last && !plain.newest);
	ck_assert_int_eq(inroot_made_undo(&plain, failed), 0);
	ONLY("a", "a/b");
}
END_TEST

TCase *tcase_sys_inroot(void);
TCase *tcase_sys_inroot(void)
{
	TCase *tc = tcase_create("sys_inroot");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, taken_back);
	tcase_add_test(tc, used_by_others);
	tcase_add_test(tc, replaced);
	tcase_add_test(tc, half_made);
	tcase_add_test(tc, nobody_asks);
	return tc;
}
