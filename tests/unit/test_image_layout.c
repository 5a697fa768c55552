/* SPDX-License-Identifier: Apache-2.0 */
/* A layout on disk: blobs, names, and that nothing unknown is lost. */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "image/layout.h"
#include "layer/rmtree.h"

static struct arena *a;
static char dir[] = "/tmp/ocirun-lay-......";
static struct layout *l;

static void setup(void)
{
	a = arena_new();
	memset(dir + sizeof(dir) - 7, 'X', 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(layout_open(a, dir, true, &l), 0);
}

static void teardown(void)
{
	layout_close(l);
	ck_assert_int_eq(rmtree(AT_FDCWD, dir), 0);
	arena_free(a);
}

static const char *index_text(void)
{
	char *text;
	size_t len;
	const char *path = arena_printf(a, "%s/index.json", dir);
	ck_assert_int_eq(io_read_file(a, AT_FDCWD, path, 1 << 20, &text, &len), 0);
	return text;
}

static int entries(const char *folder)
{
	_cleanup_dir_ DIR *d = opendir(arena_printf(a, "%s/%s", dir, folder));
	int n = 0;
	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	return n;
}

static const struct oci_descriptor some = { .media_type = "m", .digest = "sha256:0", .size = 1 };

START_TEST(blobs)
{
	struct digest one, two;
	struct blob b;
	uint64_t size;
	ck_assert_int_eq(layout_put(l, "{}", 2, DIGEST_SHA256, &one), 0);
	ck_assert_int_eq(layout_put(l, "{}", 2, DIGEST_SHA256, &two), 0);
	ck_assert(digest_equal(&one, &two));
	ck_assert(layout_has_blob(l, &one, &size));
	ck_assert_uint_eq(size, 2);
	ck_assert_int_eq(blob_begin(l, &b), 0);
	ck_assert_int_eq(sink_write(b.sink, "abc", 3), 0);
	blob_abort(&b); /* leaves nothing */
	ck_assert_int_eq(entries("blobs/sha256"), 1);
	two.bytes[0] ^= 1;
	ck_assert(!layout_has_blob(l, &two, &size));
}
END_TEST

START_TEST(copies_are_verified)
{
	_cleanup_close_ int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct digest want, got;
	ck_assert_int_eq(write(fd, "xx{}", 4), 4);
	const struct region r = { fd, 2, 2 };
	digest_of(DIGEST_SHA256, "{}", 2, &want);
	ck_assert_int_eq(layout_copy(l, &r, &want, &got), 0);
	ck_assert(digest_equal(&want, &got));
	want.bytes[0] ^= 1;
	ck_assert_int_lt(layout_copy(l, &r, &want, &got), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "is not what its digest says"));
	ck_assert_int_eq(entries("blobs/sha256"), 1);
}
END_TEST

START_TEST(tagging)
{
	ck_assert_int_ge(layout_tag(l, &some, "a"), 0);
	ck_assert_int_ge(layout_tag(l, &some, "b"), 0);
	ck_assert_int_ge(layout_tag(l, &some, "a"), 0);
	ck_assert_uint_eq(layout_index(l)->manifests.n, 2);
	ck_assert_ptr_null(strstr(index_text(), "sha256:0")); /* not before the commit */
	ck_assert_int_eq(layout_commit(l), 0);
	ck_assert_ptr_nonnull(strstr(index_text(), "\"org.opencontainers.image.ref.name\":\"b\""));
	ck_assert_int_eq(layout_untag(l, "a"), 1);
	ck_assert_int_eq(layout_untag(l, "a"), 0);
	ck_assert_uint_eq(layout_index(l)->manifests.n, 1);
}
END_TEST

START_TEST(unknown_keys_stay)
{
	static const char text[] = "{\"schemaVersion\":2,\"x-key\":{\"a\":[1,2]},\"manifests\":["
				   "{\"mediaType\":\"m\",\"digest\":\"sha256:1\",\"size\":3,"
				   "\"x-other\":\"kept\"}]}";
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(io_replace_file(fd, "index.json", text, sizeof(text) - 1, 0644), 0);
	close(fd);
	layout_close(l);
	ck_assert_int_eq(layout_open(a, dir, false, &l), 0);
	ck_assert_int_ge(layout_tag(l, &some, "new"), 0);
	ck_assert_int_eq(layout_commit(l), 0);
	ck_assert_ptr_nonnull(strstr(index_text(), "\"x-key\":{\"a\":[1,2]}"));
	ck_assert_ptr_nonnull(strstr(index_text(), "\"x-other\":\"kept\""));
}
END_TEST

START_TEST(what_is_no_layout)
{
	struct layout *other;
	const char *path = arena_printf(a, "%s/blobs", dir);
	ck_assert_int_lt(layout_open(a, path, false, &other), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "is no OCI layout"));
	ck_assert_int_lt(layout_create(a, path), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "is not empty"));
	ck_assert_int_lt(layout_open(a, "/nonexistent/x", true, &other), 0);
}
END_TEST

TCase *tcase_image_layout(void)
{
	TCase *tc = tcase_create("layout");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, blobs);
	tcase_add_test(tc, copies_are_verified);
	tcase_add_test(tc, tagging);
	tcase_add_test(tc, unknown_keys_stay);
	tcase_add_test(tc, what_is_no_layout);
	return tc;
}
