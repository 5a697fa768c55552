/* SPDX-License-Identifier: Apache-2.0 */
/* Ids, claiming, records, status, the start socket and removal, in a temporary state root. */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/store.h"

static struct arena *a;
static char base[64], root[80];

static void setup(void)
{
	a = arena_new();
	memcpy(base, "/tmp/ocirun-store.XXXXXX", 25);
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(root, sizeof(root), "%s/state", base);
	const char *path;
	ck_assert_msg(store_root(a, root, false, true, &path) == 0, "%s", err_get()->text);
	ck_assert_str_eq(path, root);
	err_clear();
}

static void teardown(void)
{
	struct oci_strs ids;
	if (store_list(a, root, &ids) == 0)
		for (size_t i = 0; i < ids.n; i++) {
			struct container c;
			if (store_open(root, ids.v[i], &c) < 0)
				continue;
			ck_assert_int_ge(store_lock(&c), 0);
			ck_assert_int_ge(store_remove(&c), 0);
			store_close(&c);
		}
	rmdir(root);
	ck_assert_int_eq(rmdir(base), 0);
	arena_free(a);
}

static struct oci_record record(const char *id)
{
	return (struct oci_record){
		.oci_version = "1.3.0", .id = id, .bundle = "/b", .status = OCI_CREATING
	};
}

START_TEST(ids)
{
	static const char *const good[] = { "a", "A_1", "web.1", "x+y-z", "_a", "0" };
	static const char *const bad[] = { "",   ".",   "..",  ".a",  "-a",
					   "+a", "a/b", "a b", "a\n", "\xc3\xa9" };
	char longest[STORE_ID_MAX + 2];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		ck_assert_int_eq(store_check_id(good[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(store_check_id(bad[i]) < 0, "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(err_get()->text, "invalid container ID format"));
	}
	memset(longest, 'a', sizeof(longest));
	longest[STORE_ID_MAX] = '\0';
	ck_assert_int_eq(store_check_id(longest), 0);
	longest[STORE_ID_MAX] = 'a';
	longest[STORE_ID_MAX + 1] = '\0';
	ck_assert_int_lt(store_check_id(longest), 0);
}
END_TEST

START_TEST(roots)
{
	const char *path, *dir = "/tmp/some-runtime-dir";

	ck_assert_int_lt(store_root(a, "/", false, false, &path), 0);
	ck_assert_int_lt(store_root(a, "", false, false, &path), 0);
	setenv("XDG_RUNTIME_DIR", dir, 1);
	unsetenv("USER");
	ck_assert_int_eq(store_root(a, NULL, false, false, &path), 0);
	ck_assert_str_eq(path, "/run/ocirun");
	ck_assert_int_eq(store_root(a, NULL, true, false, &path), 0);
	ck_assert_str_eq(path, "/tmp/some-runtime-dir/ocirun");
	unsetenv("XDG_RUNTIME_DIR");
	ck_assert_int_eq(store_root(a, NULL, true, false, &path), 0);
	ck_assert_str_eq(path, "/run/ocirun");
	ck_assert_int_eq(chmod(root, 0777), 0);
	ck_assert_int_lt(store_root(a, root, false, true, &path), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "can be written by others"));
	ck_assert_int_eq(chmod(root, 0700), 0);
}
END_TEST

START_TEST(one_claim)
{
	struct container c, other;

	ck_assert_int_eq(store_reserve(root, "web", &c), 0);
	ck_assert_int_lt(store_reserve(root, "web", &other), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "container with given ID already exists"));
	ck_assert_int_eq(store_open(root, "db", &other), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "container does not exist"));
	ck_assert_int_eq(store_open(root, "web", &other), 0);
	ck_assert_int_eq(store_remove(&c), 0);
	store_close(&c);
	/* It was removed while the other waited for the lock. */
	ck_assert_int_eq(store_lock(&other), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "container does not exist"));
	store_close(&other);
}
END_TEST

START_TEST(records)
{
	struct container c;
	struct oci_record rec = record("web"), *got;
	char *text;
	size_t len;

	ck_assert_int_eq(store_reserve(root, "web", &c), 0);
	ck_assert_int_eq(store_load(a, &c, &got), STORE_NO_RECORD);
	ck_assert_int_lt(store_load_config(a, &c, &text, &len), 0);
	rec.cgroup_path = "/sys/fs/cgroup/web";
	ck_assert_msg(store_save(a, &c, &rec) == 0, "%s", err_get()->text);
	rec.pid = 77;
	rec.start_time = UINT64_MAX;
	rec.own_pidns = true;
	ck_assert_msg(store_save(a, &c, &rec) == 0, "%s", err_get()->text);
	ck_assert_msg(store_load(a, &c, &got) == 0, "%s", err_get()->text);
	ck_assert_int_eq(got->pid, 77);
	ck_assert(got->start_time == UINT64_MAX && got->own_pidns);
	ck_assert_str_eq(got->cgroup_path, "/sys/fs/cgroup/web");
	ck_assert_int_eq(store_save_config(&c, "{}", 2), 0);
	ck_assert_int_eq(store_load_config(a, &c, &text, &len), 0);
	ck_assert_str_eq(text, "{}");
	store_close(&c);
}
END_TEST

static void damage(struct container *c, const char *text)
{
	int fd = openat(c->dir_fd, "state.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(damaged_records)
{
	static const char *const texts[] = { "",
					     "{",
					     "[]",
					     "{\"version\":1}",
					     "{\"version\":9,\"ociVersion\":\"1\",\"id\":\"web\","
					     "\"bundle\":\"/\",\"status\":\"created\"}",
					     "{\"version\":1,\"ociVersion\":\"1\",\"id\":\"other\","
					     "\"bundle\":\"/\",\"status\":\"created\"}" };
	struct container c;
	struct oci_record *got;
	struct oci_strs list;

	ck_assert_int_eq(store_reserve(root, "web", &c), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		damage(&c, texts[i]);
		ck_assert_msg(store_load(a, &c, &got) < 0, "%s", texts[i]);
	}
	ck_assert_int_eq(unlinkat(c.dir_fd, "state.json", 0), 0);
	ck_assert_int_eq(mkdirat(c.dir_fd, "state.json", 0700), 0);
	ck_assert_int_lt(store_load(a, &c, &got), 0);
	ck_assert_int_eq(store_list(a, root, &list), 0);
	ck_assert_uint_eq(list.n, 1);
	ck_assert_int_eq(store_remove(&c), 0);
	store_close(&c);
	ck_assert_int_eq(store_list(a, root, &list), 0);
	ck_assert_uint_eq(list.n, 0);
	ck_assert_int_eq(store_list(a, "/nowhere/at/all", &list), STORE_NO_ROOT);
}
END_TEST

START_TEST(status)
{
	struct container c;
	struct oci_record rec = record("web");
	enum oci_status st;
	int fd, peer;

	ck_assert_int_eq(store_reserve(root, "web", &c), 0);
	ck_assert_int_eq(store_own_process(&rec.creator_pid, &rec.creator_start), 0);
	ck_assert(store_status(&c, &rec, &st) == 0 && st == OCI_CREATING);
	rec.creator_start++; /* another process has our pid now */
	ck_assert(store_status(&c, &rec, &st) == 0 && st == OCI_STOPPED);
	ck_assert_int_eq(store_own_process(&rec.pid, &rec.start_time), 0);
	rec.status = OCI_CREATED;
	ck_assert(store_status(&c, &rec, &st) == 0 && st == OCI_RUNNING);
	ck_assert_msg(store_start_listen(&c, &fd) == 0, "%s", err_get()->text);
	ck_assert(store_status(&c, &rec, &st) == 0 && st == OCI_CREATED);
	ck_assert_msg(store_start_connect(&c, &peer) == 0, "%s", err_get()->text);
	close(peer);
	close(fd);
	/* Nobody listens: the name is stale, and goes. */
	ck_assert_int_lt(store_start_connect(&c, &peer), 0);
	ck_assert_int_eq(err_get()->kind, ERR_STATE);
	ck_assert(store_status(&c, &rec, &st) == 0 && st == OCI_RUNNING);
	rec.start_time++;
	ck_assert(store_status(&c, &rec, &st) == 0 && st == OCI_STOPPED);
	store_close(&c);
}
END_TEST

TCase *tcase_store_store(void);
TCase *tcase_store_store(void)
{
	TCase *t = tcase_create("store_store");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, ids);
	tcase_add_test(t, roots);
	tcase_add_test(t, one_claim);
	tcase_add_test(t, records);
	tcase_add_test(t, damaged_records);
	tcase_add_test(t, status);
	return t;
}
