/* SPDX-License-Identifier: Apache-2.0 */
/* The walk and what is kept of it: order, depth, mounts and closed folders; what is no snapshot. */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "layer/rmtree.h"
#include "layer/snapshot.h"

static char dir[] = "/tmp/ocirun-snap-......";
static int bundle_fd, root_fd;

static void setup(void)
{
	memset(dir + sizeof(dir) - 7, 'X', 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	bundle_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(bundle_fd, "rootfs", 0755), 0);
	root_fd = openat(bundle_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root_fd, 0);
}

static void teardown(void)
{
	close(root_fd);
	ck_assert_int_eq(rmtree_inside(bundle_fd), 0);
	close(bundle_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void put(const char *path)
{
	_cleanup_close_ int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
}

static void folder(const char *path)
{
	ck_assert_int_eq(mkdirat(root_fd, path, 0755), 0);
}

static struct snapshot *take(void)
{
	struct snapshot *s;
	if (snapshot_write(root_fd, bundle_fd) < 0)
		ck_abort_msg("%s", err_get()->text);
	ck_assert_int_eq(snapshot_open(bundle_fd, &s), 0);
	return s;
}

START_TEST(order_is_that_of_paths)
{
	static const char *const want[] = { "", "-", "a", "a/b", "a/b/c", "a-b", "a.b", "\xc3\xa9",
					    "\xff\n" };
	folder("a");
	folder("a/b");
	put("\xff\n");
	put("a-b");
	put("a/b/c");
	put("-");
	put("\xc3\xa9");
	put("a.b");
	struct snapshot *s = take();
	struct walk_entry e;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		ck_assert_int_eq(snapshot_next(s, &e), 1);
		ck_assert_str_eq(e.path, want[i]);
		if (i > 0)
			ck_assert_int_gt(walk_compare(want[i], want[i - 1]), 0);
	}
	ck_assert_int_eq(snapshot_next(s, &e), 0);
	snapshot_close(s);
}
END_TEST

START_TEST(facts_are_those_of_the_kernel)
{
	struct stat st;
	put("f");
	ck_assert_int_eq(symlinkat("target", root_fd, "l"), 0);
	ck_assert_int_eq(linkat(root_fd, "f", root_fd, "g", 0), 0);
	ck_assert_int_eq(fstatat(root_fd, "f", &st, 0), 0);
	struct snapshot *s = take();
	struct walk_entry root, f, g;
	ck_assert_int_eq(snapshot_next(s, &root), 1);
	ck_assert(S_ISDIR(root.facts.mode));
	ck_assert_int_eq(snapshot_next(s, &f), 1);
	ck_assert_uint_eq(f.facts.ino, st.st_ino);
	ck_assert_uint_eq(f.facts.nlink, 2);
	ck_assert_int_eq(f.facts.ctime, st.st_ctim.tv_sec);
	ck_assert_int_eq(f.facts.ctime_ns, st.st_ctim.tv_nsec);
	ck_assert_int_eq(snapshot_next(s, &g), 1);
	ck_assert(facts_untouched(&f.facts, &g.facts));
	ck_assert_int_eq(snapshot_next(s, &g), 1);
	ck_assert_uint_ne(g.facts.what, 0);
	snapshot_close(s);
	ck_assert_int_eq(fstatat(bundle_fd, SNAPSHOT_NAME, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
}
END_TEST

/* More levels than descriptors, and a path longer than PATH_MAX. */
START_TEST(any_depth)
{
	enum { DEPTH = 400 };
	static const char name[] = "a-name-of-a-folder-that-is-not-short";
	int fd = dup(root_fd);
	for (int i = 0; i < DEPTH; i++) {
		ck_assert_int_eq(mkdirat(fd, name, 0755), 0);
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		close(fd);
		fd = next;
	}
	close(fd);
	put("z");
	struct snapshot *s = take();
	struct walk_entry e;
	for (int i = 0; i <= DEPTH; i++) {
		ck_assert_int_eq(snapshot_next(s, &e), 1);
		ck_assert_uint_eq(e.depth, (unsigned)i);
	}
	ck_assert_uint_eq(strlen(e.path), DEPTH * sizeof(name) - 1);
	ck_assert_int_eq(snapshot_next(s, &e), 1);
	ck_assert_str_eq(e.path, "z");
	ck_assert_int_eq(snapshot_next(s, &e), 0);
	snapshot_close(s);
}
END_TEST

START_TEST(folders_can_be_skipped)
{
	struct walk *w;
	struct walk_entry e;
	folder("a");
	put("a/x");
	put("b");
	ck_assert_int_eq(walk_open(root_fd, &w), 0);
	ck_assert_int_eq(walk_next(w, &e), 1);
	ck_assert_int_eq(walk_next(w, &e), 1);
	ck_assert_str_eq(e.path, "a");
	walk_skip(w);
	ck_assert_int_eq(walk_next(w, &e), 1);
	ck_assert_str_eq(e.path, "b");
	ck_assert_int_eq(walk_next(w, &e), 0);
	ck_assert_int_eq(walk_next(w, &e), 0);
	walk_close(w);
}
END_TEST

/* Every cut, and a byte changed anywhere in what decides the shape, is refused or read: never a
 * crash, never a name that is a path. */
START_TEST(damaged_files)
{
	struct snapshot *s;
	struct walk_entry e;
	struct stat st;
	folder("d");
	put("d/file");
	snapshot_close(take());
	_cleanup_close_ int fd = openat(bundle_fd, SNAPSHOT_NAME, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &st), 0);
	char bytes[1000];
	ssize_t size = pread(fd, bytes, sizeof(bytes), 0);
	ck_assert_int_eq(size, st.st_size);
	for (ssize_t i = 0; i < size; i++) {
		char other = (char)~bytes[i];
		ck_assert_int_eq(pwrite(fd, &other, 1, i), 1);
		int r = snapshot_open(bundle_fd, &s);
		if (r == 0) {
			while ((r = snapshot_next(s, &e)) > 0)
				ck_assert_ptr_null(strchr(e.name, '/'));
			snapshot_close(s);
		}
		ck_assert_int_eq(pwrite(fd, bytes + i, 1, i), 1);
	}
	ck_assert_int_eq(ftruncate(fd, size - 1), 0);
	ck_assert_int_lt(snapshot_open(bundle_fd, &s), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "is damaged"));
	ck_assert_int_eq(unlinkat(bundle_fd, SNAPSHOT_NAME, 0), 0);
	ck_assert_int_eq(snapshot_open(bundle_fd, &s), 1);
}
END_TEST

TCase *tcase_layer_snapshot(void)
{
	TCase *t = tcase_create("snapshot");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, order_is_that_of_paths);
	tcase_add_test(t, facts_are_those_of_the_kernel);
	tcase_add_test(t, any_depth);
	tcase_add_test(t, folders_can_be_skipped);
	tcase_add_test(t, damaged_files);
	return t;
}
