/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of compiled filters: what it gives back, what it refuses, how it stays small. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "seccomp_machine.h"

static char dir[] = "/tmp/ocirun-test-XXXXXX";

static const char profile[] =
	"{" DENY_BY_DEFAULT X86_64_ONLY "\"syscalls\":[" ALLOW("\"read\",\"openat\"") "]}";

static char *entry(void)
{
	static char path[300];
	path[0] = '\0';
	DIR *d = opendir(dir);
	for (struct dirent *e; (e = readdir(d));) {
		if (*e->d_name == '.')
			continue;
		ck_assert_msg(!*path, "more than one entry");
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
	}
	closedir(d);
	ck_assert_msg(*path, "no entry");
	return path;
}

static void open_cache(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	cache_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(cache_fd, 0);
}

static void remove_cache(void)
{
	ck_assert_int_eq(unlink(entry()), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(cache_gives_back_what_it_got)
{
	struct seccomp_filter built;
	struct stat st;
	open_cache();
	compile(profile);
	built = filter;
	ck_assert_int_eq(stat(entry(), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	compile(profile);
	ck_assert_uint_eq(filter.n, built.n);
	ck_assert_mem_eq(filter.insns, built.insns, built.n * sizeof(*built.insns));
	struct stat again;
	ck_assert_int_eq(stat(entry(), &again), 0);
	ck_assert_uint_eq(again.st_ino, st.st_ino); /* read, not written again */
	remove_cache();
}
END_TEST

/* Every byte counts: whichever is turned over, the filter is rebuilt and the file replaced. */
START_TEST(damaged_cache_is_replaced)
{
	struct stat st, again;
	open_cache();
	compile(profile);
	size_t n = filter.n;
	ck_assert_int_eq(stat(entry(), &st), 0);
	for (off_t at = 0; at < st.st_size; at += 13) {
		unsigned char byte;
		int fd = open(entry(), O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		ck_assert_int_eq(fstat(fd, &st), 0);
		compile(profile);
		ck_assert_uint_eq(filter.n, n);
		ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 1), FAIL(EPERM));
		ck_assert_int_eq(stat(entry(), &again), 0);
		ck_assert_uint_ne(again.st_ino, st.st_ino); /* fd keeps the old number in use */
		close(fd);
	}
	remove_cache();
}
END_TEST

START_TEST(cut_or_writable_cache_is_replaced)
{
	open_cache();
	compile(profile);
	ck_assert_int_eq(truncate(entry(), 20), 0);
	compile(profile);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 257), SECCOMP_RET_ALLOW);
	ck_assert_int_eq(chmod(entry(), 0666), 0);
	compile(profile);
	struct stat st;
	ck_assert_int_eq(stat(entry(), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	remove_cache();
}
END_TEST

/* What is not part of the filter is not part of the key; a different rule is. */
START_TEST(cache_key)
{
	open_cache();
	compile("{" DENY_BY_DEFAULT X86_64_ONLY
		"\"flags\":[],\"listenerPath\":\"/x\",\"syscalls\":[" ALLOW(
			"\"read\",\"openat\"") "]}");
	ck_assert_uint_eq(filter.flags, 0);
	compile(profile);
	entry(); /* still one */
	ck_assert_uint_eq(filter.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	char *first = arena_strdup(a, entry());
	ck_assert_int_eq(unlink(first), 0);
	compile("{" DENY_BY_DEFAULT X86_64_ONLY "\"syscalls\":[" ALLOW("\"read\",\"mkdir\"") "]}");
	ck_assert_str_ne(entry(), first);
	remove_cache();
}
END_TEST

/* A file of another key under our name: the key text decides, not the name. */
START_TEST(cache_compares_the_key)
{
	open_cache();
	compile("{" DENY_BY_DEFAULT X86_64_ONLY "\"syscalls\":[" ALLOW("\"read\",\"mkdir\"") "]}");
	char *other = arena_strdup(a, entry()), *keep = arena_printf(a, "%s/.keep", dir);
	ck_assert_int_eq(rename(other, keep), 0);
	compile(profile);
	ck_assert_int_eq(rename(keep, entry()), 0);
	compile(profile);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 257), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 83), FAIL(EPERM));
	remove_cache();
}
END_TEST

START_TEST(cache_stays_small)
{
	open_cache();
	int keep = openat(cache_fd, "other", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < 64; i++) {
		char name[32];
		snprintf(name, sizeof(name), "seccomp-%d", i);
		close(openat(cache_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	compile(profile);
	ck_assert_int_eq(unlinkat(cache_fd, "other", 0), 0); /* not ours to remove */
	close(keep);
	remove_cache(); /* and only the new entry is left */
}
END_TEST

TCase *tcase_security_cache(void)
{
	TCase *tc = tcase_create("cache");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, cache_gives_back_what_it_got);
	tcase_add_test(tc, damaged_cache_is_replaced);
	tcase_add_test(tc, cut_or_writable_cache_is_replaced);
	tcase_add_test(tc, cache_key);
	tcase_add_test(tc, cache_compares_the_key);
	tcase_add_test(tc, cache_stays_small);
	return tc;
}
