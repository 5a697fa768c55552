/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics out of a directory of recorded files: all of them, none, and such as no kernel
 * writes. */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "cgroup/driver.h"

static struct arena *a;
static char dir[32];
static int dir_fd;
static struct cgroup_stat v;

static void setup(void)
{
	a = arena_new();
	snprintf(dir, sizeof(dir), "/tmp/ocirun-stat.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	err_clear();
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static void teardown(void)
{
	close_fd(&dir_fd);
	ck_assert_int_eq(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	arena_free(a);
}

static void put(const char *file, const char *text)
{
	_cleanup_close_ int fd =
		openat(dir_fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(io_write_all(fd, text, strlen(text)), 0);
}

static void look(void)
{
	memset(&v, 0xff, sizeof(v));
	cgroup_stat_at(a, dir_fd, &v);
	ck_assert_int_eq(err_get()->kind, ERR_NONE);
}

START_TEST(no_files)
{
	static const struct cgroup_stat none;
	look();
	ck_assert_mem_eq(&v, &none, sizeof(v));
}
END_TEST

START_TEST(cpu)
{
	put("cpu.stat", "usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n"
			"core_sched.force_idle_usec 3\nnr_periods 20\nnr_throttled 4\n"
			"throttled_usec 77\nnr_bursts 0\nburst_usec 0\n");
	put("cpu.pressure", "some avg10=1.50 avg60=0.25 avg300=0.01 total=12345\n"
			    "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
	look();
	ck_assert(v.cpu_ns == 1500000 && v.user_ns == 1000000 && v.system_ns == 500000);
	ck_assert(v.periods == 20 && v.throttled_periods == 4 && v.throttled_ns == 77000);
	ck_assert(v.cpu_psi.there && !v.memory_psi.there && !v.io_psi.there);
	ck_assert_str_eq(v.cpu_psi.some.avg10, "1.50");
	ck_assert_str_eq(v.cpu_psi.some.avg60, "0.25");
	ck_assert_str_eq(v.cpu_psi.some.avg300, "0.01");
	ck_assert_str_eq(v.cpu_psi.some.total, "12345");
	ck_assert_str_eq(v.cpu_psi.full.total, "7");
	/* Linux before 5.13 has no "full" of the processor. */
	put("cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n");
	look();
	ck_assert_str_eq(v.cpu_psi.some.total, "9");
	ck_assert_str_eq(v.cpu_psi.full.total, "0");
	ck_assert_str_eq(v.cpu_psi.full.avg10, "0");
}
END_TEST

static void put_memory(void)
{
	put("memory.stat", "anon 4096\nfile 8192\nkernel_stack 16\nfile_mapped 1\n");
	put("memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
	put("memory.current", "20480\n");
	put("memory.max", "65536\n");
	put("memory.peak", "30000\n");
	put("memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"
			       "full avg10=0.00 avg60=0.00 avg300=0.00 total=2\n");
}

START_TEST(memory)
{
	put_memory();
	look();
	ck_assert(v.has_memory && !v.has_swap);
	ck_assert(v.cache == 8192 && v.oom_kills == 5);
	ck_assert(v.memory.usage == 20480 && v.memory.limit == 65536 && v.memory.max == 30000 &&
		  v.memory.failcnt == 3);
	ck_assert_uint_eq(v.memory_raw.n, 4);
	ck_assert_str_eq(v.memory_raw.v[0].key, "anon");
	ck_assert_str_eq(v.memory_raw.v[3].key, "file_mapped");
	ck_assert(v.memory_raw.v[2].value == 16);
	ck_assert(v.memory_psi.there);
	ck_assert_str_eq(v.memory_psi.full.total, "2");
}
END_TEST

static const struct {
	const char *memory, *swap;
	uint64_t limit;
} swap_cases[] = {
	{ "65536\n", "1000\n", 66536 },
	{ "65536\n", "0\n", 65536 },
	{ "65536\n", "max\n", UINT64_MAX },
	{ "max\n", "1000\n", UINT64_MAX },
	{ "max\n", "max\n", UINT64_MAX },
	{ "18446744073709551614\n", "2\n", UINT64_MAX },
	{ "65536\n", NULL, UINT64_MAX },
};

START_TEST(swap)
{
	put_memory();
	put("memory.max", swap_cases[_i].memory);
	put("memory.swap.current", "100\n");
	if (swap_cases[_i].swap)
		put("memory.swap.max", swap_cases[_i].swap);
	put("memory.swap.events", "high 0\nmax 8\nfail 9\n");
	look();
	ck_assert(v.has_swap && v.swap_alone == 100);
	ck_assert(v.swap.usage == 20580 && v.swap.failcnt == 8);
	ck_assert(v.swap.limit == swap_cases[_i].limit);
}
END_TEST

/* Without memory.current there is no usage at all; the counts of events stay. */
START_TEST(memory_half_there)
{
	put_memory();
	put("memory.swap.current", "100\n");
	ck_assert_int_eq(unlinkat(dir_fd, "memory.max", 0), 0);
	ck_assert_int_eq(unlinkat(dir_fd, "memory.peak", 0), 0);
	look();
	ck_assert(v.memory.limit == UINT64_MAX && v.memory.max == 0 && v.has_swap);
	ck_assert_int_eq(unlinkat(dir_fd, "memory.current", 0), 0);
	look();
	ck_assert(!v.has_memory && !v.has_swap && v.oom_kills == 5 && v.cache == 8192);
}
END_TEST

START_TEST(pids)
{
	put("pids.current", "12\n");
	put("pids.max", "100\n");
	put("pids.peak", "40\n");
	look();
	ck_assert(v.pids == 12 && v.pids_limit == 100 && v.pids_peak == 40);
	put("pids.max", "max\n");
	look();
	ck_assert(v.pids_limit == 0);
}
END_TEST

START_TEST(io)
{
	put("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"
		       "253:17 rbytes=10\n"
		       "7:0 \n"
		       "lost\n"
		       "9:1 wios=18446744073709551615\n");
	put("io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=3\n");
	look();
	ck_assert_uint_eq(v.io.n, 4);
	ck_assert(v.io.v[0].major == 8 && v.io.v[0].minor == 0 && v.io.v[0].read_bytes == 1 &&
		  v.io.v[0].write_bytes == 2 && v.io.v[0].reads == 3 && v.io.v[0].writes == 4);
	ck_assert(v.io.v[1].major == 253 && v.io.v[1].minor == 17 && v.io.v[1].read_bytes == 10 &&
		  v.io.v[1].write_bytes == 0);
	ck_assert(v.io.v[2].major == 7 && v.io.v[2].reads == 0);
	ck_assert(v.io.v[3].writes == UINT64_MAX);
	ck_assert(v.io_psi.there);
}
END_TEST

/* What is reserved counts where the kernel tells it; sorted by size. */
START_TEST(huge_pages)
{
	put("hugetlb.2MB.current", "1\n");
	put("hugetlb.2MB.rsvd.current", "4194304\n");
	put("hugetlb.2MB.rsvd.max_usage", "6291456\n");
	put("hugetlb.2MB.events", "max 7\n");
	put("hugetlb.1GB.current", "1073741824\n");
	put("hugetlb.1GB.max", "max\n");
	put("hugetlb.1GB.max_usage", "5\n");
	look();
	ck_assert_uint_eq(v.huge.n, 2);
	ck_assert_str_eq(v.huge.v[0].size, "1GB");
	ck_assert(v.huge.v[0].usage == 1073741824 && v.huge.v[0].max == 5 &&
		  v.huge.v[0].failcnt == 0);
	ck_assert_str_eq(v.huge.v[1].size, "2MB");
	ck_assert(v.huge.v[1].usage == 4194304 && v.huge.v[1].max == 6291456 &&
		  v.huge.v[1].failcnt == 7);
}
END_TEST

static const char *const bad_numbers[] = {
	"",     "\n",    "x\n",   "-5\n",     "+5\n",  " 5\n",
	"5x\n", "5.5\n", "0x5\n", "maximum\n", "18446744073709551616\n",
};

/* A number that is none is not there. */
START_TEST(bad_number)
{
	const char *bad = bad_numbers[_i];
	put("memory.current", bad);
	put("memory.max", "7\n");
	put("pids.current", bad);
	put("pids.max", bad);
	put("hugetlb.2MB.current", bad);
	put("cpu.stat", arena_printf(a, "usage_usec %s\nuser_usec 3\n", bad));
	put("memory.stat", arena_printf(a, "anon %s\nfile 9\n", bad));
	put("memory.events", arena_printf(a, "max 1\noom_kill %s\n", bad));
	put("io.stat", arena_printf(a, "8:0 rbytes=%s wbytes=6\n", bad));
	look();
	ck_assert(!v.has_memory && v.memory.limit == 0);
	ck_assert(v.pids == 0 && v.pids_limit == 0);
	ck_assert(v.huge.n == 1 && v.huge.v[0].usage == 0);
	ck_assert(v.cpu_ns == 0 && v.user_ns == 3000);
	ck_assert(v.cache == 9 && v.oom_kills == 0);
	ck_assert_str_eq(v.memory_raw.v[v.memory_raw.n - 1].key, "file");
	ck_assert_uint_ge(v.io.n, 1);
	ck_assert(v.io.v[0].read_bytes == 0);
}
END_TEST

START_TEST(bad_lines)
{
	put("memory.stat", "\n\n anon 1\nfile\nfile 2 3\nlast 4");
	put("cpu.stat", "usage_usec\nuser_usec 1\nxsystem_usec 9\nsystem_usec_ 8\n");
	put("cpu.pressure", "nothing\n");
	put("memory.pressure", "some avg10= total=\n");
	put("io.stat", ":\n8\n8:\n:0 rbytes=1\nrbytes=5 8:0\n");
	look();
	ck_assert_uint_eq(v.memory_raw.n, 2);
	ck_assert_str_eq(v.memory_raw.v[0].key, "file");
	ck_assert_str_eq(v.memory_raw.v[1].key, "last");
	ck_assert(v.memory_raw.v[1].value == 4 && v.cache == 2);
	ck_assert(v.cpu_ns == 0 && v.user_ns == 1000 && v.system_ns == 0);
	ck_assert(!v.cpu_psi.there);
	ck_assert(v.memory_psi.there);
	ck_assert_str_eq(v.memory_psi.some.total, "0");
	ck_assert_uint_eq(v.io.n, 0);
}
END_TEST

/* A directory in the place of a file. */
START_TEST(unreadable)
{
	ck_assert_int_eq(mkdirat(dir_fd, "cpu.stat", 0700), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", dir_fd, "memory.stat"), 0);
	put("pids.current", "3\n");
	look();
	ck_assert(v.cpu_ns == 0 && v.pids == 3);
}
END_TEST

START_TEST(gone)
{
	ck_assert_int_eq(cgroup_stat_read(a, "/sys/fs/cgroup/no/such", &v), CGROUP_GONE);
	ck_assert_int_eq(cgroup_stat_read(a, "", &v), CGROUP_GONE);
	ck_assert_int_lt(cgroup_stat_read(a, dir, &v), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "is not a cgroup"));
	err_clear();
}
END_TEST

TCase *tcase_cgroup_stat(void);
TCase *tcase_cgroup_stat(void)
{
	TCase *tc = tcase_create("cgroup_stat");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, no_files);
	tcase_add_test(tc, cpu);
	tcase_add_test(tc, memory);
	tcase_add_loop_test(tc, swap, 0, (int)ARRAY_SIZE(swap_cases));
	tcase_add_test(tc, memory_half_there);
	tcase_add_test(tc, pids);
	tcase_add_test(tc, io);
	tcase_add_test(tc, huge_pages);
	tcase_add_loop_test(tc, bad_number, 0, (int)ARRAY_SIZE(bad_numbers));
	tcase_add_test(tc, bad_lines);
	tcase_add_test(tc, unreadable);
	tcase_add_test(tc, gone);
	return tc;
}
