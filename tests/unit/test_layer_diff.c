/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as a change, and what does not though it looks like one. The trees are unpacked from
 * small layers by whoever runs the tests. */
#include <check.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "layer/diff.h"
#include "layer/rmtree.h"
#include "tar_build.h"

static char dir[] = "/tmp/ocirun-diff-......";
static int bundle_fd, root_fd;
static struct arena *arena;
static struct tar_build b[2];
static struct unpack_layer layers[2];
static struct diff_opts opts;
static struct changes changes;

static void make_blob(int i, const char *name)
{
	struct unpack_layer *l = &layers[i];
	tb_end(&b[i]);
	l->name = name;
	l->blob = (struct region){ open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), 0,
				   b[i].len };
	ck_assert_int_eq(write(l->blob.fd, b[i].data, b[i].len), (ssize_t)b[i].len);
	digest_of(DIGEST_SHA256, b[i].data, b[i].len, &l->diff_id);
	l->digest = l->diff_id;
	l->has_digest = true;
}

static void unpack(void)
{
	struct unpack_opts o = { .rootless = geteuid() != 0 };
	if (layers_unpack(&o, layers, 2, root_fd, NULL) < 0 ||
	    snapshot_write(root_fd, bundle_fd) < 0)
		ck_abort_msg("%s", err_get()->text);
}

static void setup(void)
{
	memset(dir + sizeof(dir) - 7, 'X', 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	bundle_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(mkdirat(bundle_fd, "rootfs", 0755), 0);
	root_fd = openat(bundle_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	arena = arena_new();
	memset(b, 0, sizeof(b));
	tb_dir(&b[0], "d");
	tb_dir(&b[0], "d/sub");
	tb_file(&b[0], "d/sub/x", "x");
	tb_file(&b[0], "d/y", "old");
	tb_file(&b[0], "f", "one");
	tb_link(&b[0], '2', "l", "f");
	tb_file(&b[0], "m", "names");
	tb_link(&b[0], '1', "n", "m");
	tb_dir(&b[0], "v");
	tb_file(&b[0], "v/data", "");
	tb_file(&b[1], "d/y", "new");
	make_blob(0, "layer 1");
	make_blob(1, "layer 2");
	opts = (struct diff_opts){ .layers = layers, .n_layers = 2, .rootless = geteuid() != 0 };
	unpack();
}

static void teardown(void)
{
	close_fd(&layers[0].blob.fd);
	close_fd(&layers[1].blob.fd);
	arena_free(arena);
	close(root_fd);
	ck_assert_int_eq(rmtree_inside(bundle_fd), 0);
	close(bundle_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void put(const char *path, const char *text)
{
	_cleanup_close_ int fd =
		openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
}

static void set_time(const char *path, time_t t)
{
	struct timespec times[2] = { { .tv_sec = t }, { .tv_sec = t } };
	ck_assert_int_eq(utimensat(root_fd, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static struct timespec time_of(const char *path)
{
	struct stat st;
	ck_assert_int_eq(fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mtim;
}

static int compare(void)
{
	struct snapshot *s;
	ck_assert_int_eq(snapshot_open(bundle_fd, &s), 0);
	int r = diff_tree(arena, &opts, root_fd, s, &changes);
	snapshot_close(s);
	return r;
}

/* "C / A /new D /f": but what is not listed is in brackets, and links have "=target". */
static const char *seen(void)
{
	struct str s;
	if (compare() < 0)
		ck_abort_msg("%s", err_get()->text);
	str_init(&s, arena, 0);
	for (size_t i = 0; i < changes.n; i++) {
		const struct change *c = &changes.v[i];
		str_addf(&s, "%s%s%c /%s%s%s%s", i ? " " : "", c->listed ? "" : "[", c->kind,
			 c->path, c->link_to ? "=" : "", c->link_to ? c->link_to : "",
			 c->listed ? "" : "]");
	}
	return s.v;
}

START_TEST(nothing_changed)
{
	ck_assert_str_eq(seen(), "");
	ck_assert_ptr_null(changes.index); /* and no layer was read */
}
END_TEST

START_TEST(added_changed_deleted)
{
	put("new", "1");
	put("f", "two");
	ck_assert_int_eq(unlinkat(root_fd, "l", 0), 0);
	ck_assert_int_eq(rmtree(root_fd, "d"), 0);
	ck_assert_str_eq(seen(), "C / D /d C /f D /l A /new");
}
END_TEST

START_TEST(content_with_the_old_size_and_time)
{
	struct timespec was = time_of("f");
	put("f", "two");
	struct timespec times[2] = { was, was };
	ck_assert_int_eq(utimensat(root_fd, "f", times, 0), 0);
	ck_assert_str_eq(seen(), "C /f");
}
END_TEST

START_TEST(touched_but_the_same)
{
	ck_assert_int_eq(fchmodat(root_fd, "f", 0600, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "f", 0644, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "d/y", 0600, 0), 0); /* of the second layer */
	ck_assert_int_eq(fchmodat(root_fd, "d/y", 0644, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "n", 0600, 0), 0); /* a hard link in the layer */
	ck_assert_int_eq(fchmodat(root_fd, "n", 0644, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "d", 0700, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "d", 0755, 0), 0);
	ck_assert_str_eq(seen(), "");
	ck_assert_ptr_nonnull(changes.index);
}
END_TEST

START_TEST(attributes_alone)
{
	if (fsetxattr(root_fd, "user.probe", "", 0, 0) < 0)
		return; /* nothing to be seen on this file system */
	ck_assert_int_eq(fremovexattr(root_fd, "user.probe"), 0);
	_cleanup_close_ int fd = openat(root_fd, "f", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fsetxattr(fd, "user.mark", "x", 1, 0), 0);
	_cleanup_close_ int sub = openat(root_fd, "d/sub", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fsetxattr(sub, "user.mark", "x", 1, 0), 0);
	ck_assert_str_eq(seen(), "C /d/sub C /f");
}
END_TEST

START_TEST(mode_and_time)
{
	ck_assert_int_eq(fchmodat(root_fd, "f", 0600, 0), 0);
	set_time("l", 77);
	set_time("d", 77);
	ck_assert_str_eq(seen(), "C /d C /f C /l");
}
END_TEST

START_TEST(types)
{
	struct timespec d = time_of("."), times[2] = { d, d };
	ck_assert_int_eq(rmtree(root_fd, "d"), 0);
	put("d", "a file");
	ck_assert_int_eq(unlinkat(root_fd, "f", 0), 0);
	ck_assert_int_eq(mkdirat(root_fd, "f", 0755), 0);
	put("f/in", "");
	ck_assert_int_eq(utimensat(root_fd, ".", times, 0), 0);
	ck_assert_str_eq(seen(), "C /d C /f A /f/in");
}
END_TEST

/* Once more the same tree, other inodes. */
START_TEST(a_copy)
{
	ck_assert_int_eq(renameat(bundle_fd, SNAPSHOT_NAME, bundle_fd, "kept"), 0);
	ck_assert_int_eq(rmtree_inside(root_fd), 0);
	unpack();
	ck_assert_int_eq(renameat(bundle_fd, "kept", bundle_fd, SNAPSHOT_NAME), 0);
	ck_assert_str_eq(seen(), "");
	ck_assert_ptr_nonnull(changes.index);
}
END_TEST

START_TEST(a_new_name_of_an_old_file)
{
	ck_assert_int_eq(linkat(root_fd, "m", root_fd, "a", 0), 0);
	ck_assert_int_eq(linkat(root_fd, "f", root_fd, "z", 0), 0);
	ck_assert_str_eq(seen(), "C / A /a [C /f] [C /m=a] [C /n=a] A /z=f");
}
END_TEST

START_TEST(links_made_and_broken)
{
	ck_assert_int_eq(unlinkat(root_fd, "n", 0), 0);
	put("n", "names");
	set_time("n", time_of("m").tv_sec);
	ck_assert_str_eq(seen(), "C / C /n");
	ck_assert_int_eq(unlinkat(root_fd, "n", 0), 0);
	ck_assert_str_eq(seen(), "C / D /n"); /* and m is as it was */
}
END_TEST

START_TEST(new_names_of_a_new_file)
{
	put("q", "");
	ck_assert_int_eq(linkat(root_fd, "q", root_fd, "d/q", 0), 0);
	ck_assert_str_eq(seen(), "C / C /d A /d/q A /q=d/q");
}
END_TEST

START_TEST(masked_places)
{
	static const char *masks[] = { "/v", "d/sub" };
	opts.masks = (struct oci_strs){ masks, 2, true };
	put("v/more", "");
	ck_assert_int_eq(unlinkat(root_fd, "v/data", 0), 0);
	put("d/sub/x", "longer");
	put("vv", "");
	ck_assert_str_eq(seen(), "C / A /vv");
	opts.masks.n = 0;
	ck_assert_str_eq(seen(), "C / C /d/sub/x C /v D /v/data A /v/more A /vv");
}
END_TEST

/* What was seen becomes what was; masked places stay what they were. */
START_TEST(refreshed)
{
	static const char *masks[] = { "v" };
	struct snapshot_writer *w;
	opts.masks = (struct oci_strs){ masks, 1, true };
	put("new", "1");
	put("v/more", "");
	ck_assert_int_eq(rmtree(root_fd, "d"), 0);
	ck_assert_int_eq(snapshot_begin(bundle_fd, &w), 0);
	opts.refresh = w;
	ck_assert_str_eq(seen(), "C / D /d A /new");
	ck_assert_int_eq(snapshot_commit(w), 0);
	opts.refresh = NULL;
	ck_assert_str_eq(seen(), "");
	opts.masks.n = 0;
	ck_assert_str_eq(seen(), "C /v A /v/more");
}
END_TEST

START_TEST(sockets)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(unlinkat(root_fd, "f", 0), 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/rootfs/f", dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_str_eq(seen(), "C / D /f");
	ck_assert_uint_eq(changes.sockets, 1);
}
END_TEST

START_TEST(layers_that_are_not_the_image_any_more)
{
	ck_assert_int_eq(pwrite(layers[0].blob.fd, "X", 1, 600), 1);
	ck_assert_str_eq(seen(), "");
	ck_assert_int_eq(fchmodat(root_fd, "f", 0600, 0), 0);
	ck_assert_int_eq(fchmodat(root_fd, "f", 0644, 0), 0);
	ck_assert_int_lt(compare(), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "layer 1"));
}
END_TEST

TCase *tcase_layer_diff(void)
{
	TCase *t = tcase_create("diff");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_changed);
	tcase_add_test(t, added_changed_deleted);
	tcase_add_test(t, content_with_the_old_size_and_time);
	tcase_add_test(t, touched_but_the_same);
	tcase_add_test(t, attributes_alone);
	tcase_add_test(t, mode_and_time);
	tcase_add_test(t, types);
	tcase_add_test(t, a_copy);
	tcase_add_test(t, a_new_name_of_an_old_file);
	tcase_add_test(t, links_made_and_broken);
	tcase_add_test(t, new_names_of_a_new_file);
	tcase_add_test(t, masked_places);
	tcase_add_test(t, refreshed);
	tcase_add_test(t, sockets);
	tcase_add_test(t, layers_that_are_not_the_image_any_more);
	return t;
}
