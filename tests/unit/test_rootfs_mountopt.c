/* SPDX-License-Identifier: Apache-2.0 */
/* Every mount option word against what it must mean, written down here independently of the table,
 * and what several words together mean. */
#include "sys/sys.h"

#include <check.h>

#include "rootfs/op.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
}

static struct mountopt parse(size_t n, const char **words)
{
	struct oci_strs list = { words, n, true };
	struct mountopt o;
	int r = mountopt_parse(a, &list, "/mounts/0/options", &o);

	ck_assert_msg(r == 0, "%s", err_get()->text);
	return o;
}
#define PARSE(...) \
	parse(ARRAY_SIZE(((const char *[]){ __VA_ARGS__ })), (const char *[]){ __VA_ARGS__ })

/* What one word does alone. */
static const struct expected {
	const char *word;
	char kind; /* a attribute, r recursive, s file system flag, p propagation, e ours */
	uint64_t set, mask;
} table[] = {
	{ "ro", 'a', 1, 1 },
	{ "rw", 'a', 0, 1 },
	{ "nosuid", 'a', 2, 2 },
	{ "suid", 'a', 0, 2 },
	{ "nodev", 'a', 4, 4 },
	{ "dev", 'a', 0, 4 },
	{ "noexec", 'a', 8, 8 },
	{ "exec", 'a', 0, 8 },
	{ "nodiratime", 'a', 0x80, 0x80 },
	{ "diratime", 'a', 0, 0x80 },
	{ "noatime", 'a', 0x10, 0x70 },
	{ "atime", 'a', 0, 0x70 },
	{ "relatime", 'a', 0, 0x70 },
	{ "norelatime", 'a', 0, 0x70 },
	{ "strictatime", 'a', 0x20, 0x70 },
	{ "nostrictatime", 'a', 0, 0x70 },
	{ "nosymfollow", 'a', 0x200000, 0x200000 },
	{ "symfollow", 'a', 0, 0x200000 },
	{ "rro", 'r', 1, 1 },
	{ "rrw", 'r', 0, 1 },
	{ "rnosuid", 'r', 2, 2 },
	{ "rsuid", 'r', 0, 2 },
	{ "rnodev", 'r', 4, 4 },
	{ "rdev", 'r', 0, 4 },
	{ "rnoexec", 'r', 8, 8 },
	{ "rexec", 'r', 0, 8 },
	{ "rnodiratime", 'r', 0x80, 0x80 },
	{ "rdiratime", 'r', 0, 0x80 },
	{ "rnoatime", 'r', 0x10, 0x70 },
	{ "ratime", 'r', 0, 0x70 },
	{ "rrelatime", 'r', 0, 0x70 },
	{ "rnorelatime", 'r', 0, 0x70 },
	{ "rstrictatime", 'r', 0x20, 0x70 },
	{ "rnostrictatime", 'r', 0, 0x70 },
	{ "rnosymfollow", 'r', 0x200000, 0x200000 },
	{ "rsymfollow", 'r', 0, 0x200000 },
	{ "sync", 's', 16, 16 },
	{ "async", 's', 0, 16 },
	{ "dirsync", 's', 128, 128 },
	{ "mand", 's', 64, 64 },
	{ "nomand", 's', 0, 64 },
	{ "iversion", 's', 1 << 23, 1 << 23 },
	{ "noiversion", 's', 0, 1 << 23 },
	{ "lazytime", 's', 1 << 25, 1 << 25 },
	{ "nolazytime", 's', 0, 1 << 25 },
	{ "silent", 's', 1 << 15, 1 << 15 },
	{ "loud", 's', 0, 1 << 15 },
	{ "rsync", 's', 16, 16 },
	{ "rasync", 's', 0, 16 },
	{ "rdirsync", 's', 128, 128 },
	{ "rmand", 's', 64, 64 },
	{ "rnomand", 's', 0, 64 },
	{ "private", 'p', 1 << 18, 0 },
	{ "rprivate", 'p', 1 << 18 | 1 << 14, 0 },
	{ "shared", 'p', 1 << 20, 0 },
	{ "rshared", 'p', 1 << 20 | 1 << 14, 0 },
	{ "slave", 'p', 1 << 19, 0 },
	{ "rslave", 'p', 1 << 19 | 1 << 14, 0 },
	{ "unbindable", 'p', 1 << 17, 0 },
	{ "runbindable", 'p', 1 << 17 | 1 << 14, 0 },
	{ "defaults", 'e', 0, 0 },
	{ "bind", 'e', MOUNTOPT_BIND, 0 },
	{ "rbind", 'e', MOUNTOPT_BIND | MOUNTOPT_RECURSIVE, 0 },
	{ "remount", 'e', MOUNTOPT_REMOUNT, 0 },
	{ "idmap", 'e', MOUNTOPT_IDMAP, 0 },
	{ "ridmap", 'e', MOUNTOPT_IDMAP | MOUNTOPT_RIDMAP, 0 },
	{ "tmpcopyup", 'e', MOUNTOPT_TMPCOPYUP, 0 },
	{ "copy-symlink", 'e', MOUNTOPT_COPY_SYMLINK, 0 },
	{ "src-nofollow", 'e', MOUNTOPT_SRC_NOFOLLOW, 0 },
	{ "dest-nofollow", 'e', MOUNTOPT_DEST_NOFOLLOW, 0 },
};

START_TEST(one_word)
{
	const struct expected *e = &table[_i];
	struct mountopt o = PARSE(e->word);

	ck_assert_uint_eq(o.ndata, 0);
	ck_assert_uint_eq(o.attr_set, e->kind == 'a' ? e->set : 0);
	ck_assert_uint_eq(o.attr_clear, e->kind == 'a' ? e->mask : 0);
	ck_assert_uint_eq(o.rec_set, e->kind == 'r' ? e->set : 0);
	ck_assert_uint_eq(o.rec_clear, e->kind == 'r' ? e->mask : 0);
	ck_assert_uint_eq(o.sb_set, e->kind == 's' ? e->set : 0);
	ck_assert_uint_eq(o.sb_clear, e->kind == 's' ? e->mask : 0);
	ck_assert_uint_eq(o.npropagation, e->kind == 'p');
	if (e->kind == 'p')
		ck_assert_uint_eq(o.propagation[0], e->set);
	ck_assert_uint_eq(o.ext, e->kind == 'e' ? e->set : 0);
}
END_TEST

START_TEST(table_is_complete)
{
	size_t n;
	const char *const *words = rootfs_mount_options(&n);

	ck_assert_uint_eq(n, ARRAY_SIZE(table));
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < n && strcmp(table[k].word, words[i]))
			k++;
		ck_assert_msg(k < n, "no expectation for \"%s\"", words[i]);
	}
}
END_TEST

START_TEST(later_words_win)
{
	struct mountopt o = PARSE("ro", "rw", "noatime", "strictatime", "nosuid");

	ck_assert_uint_eq(o.attr_set, MOUNT_ATTR_STRICTATIME | MOUNT_ATTR_NOSUID);
	ck_assert_uint_eq(o.attr_clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME | MOUNT_ATTR_NOSUID);
	ck_assert_uint_eq(PARSE("rbind", "bind").ext, MOUNTOPT_BIND);
	ck_assert_uint_eq(PARSE("bind", "rbind").ext, MOUNTOPT_BIND | MOUNTOPT_RECURSIVE);
	ck_assert_uint_eq(PARSE("sync", "async").sb_set, 0);
}
END_TEST

START_TEST(unknown_words_are_data)
{
	struct mountopt o = PARSE("size=64k", "ro", "mode=755", "newinstance", "");

	ck_assert_uint_eq(o.ndata, 3);
	ck_assert_str_eq(mountopt_data(a, &o), "size=64k,mode=755,newinstance");
	o = PARSE("ro");
	ck_assert_ptr_null(mountopt_data(a, &o));
	/* Words match as a whole. */
	o = PARSE("roo", "RO", "bind=1");
	ck_assert_uint_eq(o.ndata, 3);
}
END_TEST

START_TEST(labels_keep_their_commas)
{
	struct mountopt o = PARSE("context=system_u:object_r:container_file_t:s0:c1,c2", "size=1k");

	ck_assert_str_eq(mountopt_data(a, &o),
			 "context=\"system_u:object_r:container_file_t:s0:c1,c2\",size=1k");
	o = PARSE("rootcontext=\"a:b,c\"");
	ck_assert_str_eq(mountopt_data(a, &o), "rootcontext=\"a:b,c\"");
}
END_TEST

START_TEST(idmap_value)
{
	struct mountopt o = PARSE("idmap=uids=0-1000-10;gids=0-1000-10");

	ck_assert_uint_eq(o.ext, MOUNTOPT_IDMAP);
	ck_assert_str_eq(o.idmap, "uids=0-1000-10;gids=0-1000-10");
	ck_assert_uint_eq(o.ndata, 0);
	ck_assert_uint_eq(PARSE("ridmap=uids=0-1-1;gids=0-1-1").ext,
			  MOUNTOPT_IDMAP | MOUNTOPT_RIDMAP);
}
END_TEST

START_TEST(propagation_keeps_order)
{
	struct mountopt o = PARSE("rslave", "rshared");
	const char *nine[] = { "private", "private", "private", "private", "private",
			       "private", "private", "private", "private" };
	struct oci_strs list = { nine, 9, true };

	ck_assert_uint_eq(o.npropagation, 2);
	ck_assert_uint_eq(o.propagation[0], MS_SLAVE | MS_REC);
	ck_assert_uint_eq(o.propagation[1], MS_SHARED | MS_REC);
	ck_assert_int_lt(mountopt_parse(a, &list, "/mounts/4/options", &o), 0);
	ck_assert_str_eq(err_get()->text, "/mounts/4/options: more than 8 propagation options");
}
END_TEST

START_TEST(legacy_flags)
{
	ck_assert_uint_eq(mountopt_legacy(0), 0);
	ck_assert_uint_eq(mountopt_legacy(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV),
			  MS_RDONLY | MS_NODEV);
	ck_assert_uint_eq(mountopt_legacy(MOUNT_ATTR_NOATIME), MS_NOATIME);
	ck_assert_uint_eq(mountopt_legacy(MOUNT_ATTR_STRICTATIME), MS_STRICTATIME);
	ck_assert_uint_eq(mountopt_legacy(MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME),
			  MS_NOSYMFOLLOW | MS_NODIRATIME);
}
END_TEST

START_TEST(printed)
{
	struct mountopt o =
		PARSE("rw", "nosuid", "noatime", "rro", "lazytime", "rslave", "ridmap", "k=v");
	struct str s;

	str_init(&s, a, 0);
	mountopt_print(&o, &s);
	ck_assert_str_eq(s.v, "rw,nosuid,noatime,rro,lazytime,rslave,ridmap,k=v");
	o = PARSE("rbind", "relatime", "tmpcopyup");
	str_init(&s, a, 0);
	mountopt_print(&o, &s);
	ck_assert_str_eq(s.v, "relatime,tmpcopyup");
}
END_TEST

TCase *tcase_rootfs_mountopt(void);
TCase *tcase_rootfs_mountopt(void)
{
	TCase *t = tcase_create("mountopt");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, one_word, 0, ARRAY_SIZE(table));
	tcase_add_test(t, table_is_complete);
	tcase_add_test(t, later_words_win);
	tcase_add_test(t, unknown_words_are_data);
	tcase_add_test(t, labels_keep_their_commas);
	tcase_add_test(t, idmap_value);
	tcase_add_test(t, propagation_keeps_order);
	tcase_add_test(t, legacy_flags);
	tcase_add_test(t, printed);
	return t;
}
