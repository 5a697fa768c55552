/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled seccomp filters, run by a small BPF machine over system calls and arguments. Numbers are
 * those of the architecture named in the test, whatever this machine is. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "security/security.h"
#include "sys/probe.h"

#define X32(nr_)        (0x40000000u + (nr_))
#define FAIL(no_)       (SECCOMP_RET_ERRNO | (no_))
#define X86_64_ONLY     "\"architectures\":[\"SCMP_ARCH_X86_64\"],"
#define THREE_ARCHES    "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
#define ALLOW(names_)   "{\"names\":[" names_ "],\"action\":\"SCMP_ACT_ALLOW\"}"
#define DENY_BY_DEFAULT "\"defaultAction\":\"SCMP_ACT_ERRNO\","

static struct arena *a;
static struct seccomp_filter filter;
static char dir[] = "/tmp/ocirun-test-XXXXXX";
static int cache_fd = -1;

static void setup(void)
{
	a = arena_new();
	filter = (struct seccomp_filter){ 0 };
	cache_fd = -1;
	err_clear();
}

static void teardown(void)
{
	arena_free(a);
	if (cache_fd >= 0)
		close(cache_fd);
}

/* ---- the machine: what the kernel accepts for seccomp and libseccomp generates ---- */

static uint32_t load(const struct seccomp_data *d, uint32_t offset)
{
	uint32_t word;
	ck_assert_msg(offset + 4 <= sizeof(*d) && offset % 4 == 0, "load at %u", offset);
	memcpy(&word, (const char *)d + offset, sizeof(word));
	return word;
}

static bool compare(const struct sock_filter *f, uint32_t acc)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return acc == f->k;
	case BPF_JGT:
		return acc > f->k;
	case BPF_JGE:
		return acc >= f->k;
	case BPF_JSET:
		return acc & f->k;
	}
	ck_abort_msg("jump 0x%x", f->code);
	return false;
}

static uint32_t run(const struct seccomp_data *d)
{
	uint32_t acc = 0;
	for (size_t pc = 0; pc < filter.n; pc++) {
		const struct sock_filter *f = &filter.insns[pc];
		if (f->code == (BPF_LD | BPF_W | BPF_ABS))
			acc = load(d, f->k);
		else if (f->code == (BPF_ALU | BPF_AND | BPF_K))
			acc &= f->k;
		else if (f->code == (BPF_JMP | BPF_JA))
			pc += f->k;
		else if (f->code == (BPF_RET | BPF_K))
			return f->k;
		else if (BPF_CLASS(f->code) == BPF_JMP)
			pc += compare(f, acc) ? f->jt : f->jf;
		else
			ck_abort_msg("instruction 0x%x at %zu", f->code, pc);
	}
	ck_abort_msg("ran past the end");
	return 0;
}

static uint32_t call6(uint32_t arch, uint32_t nr, const uint64_t *args)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch };
	if (args)
		memcpy(d.args, args, sizeof(d.args));
	return run(&d);
}

static uint32_t call(uint32_t arch, uint32_t nr)
{
	return call6(arch, nr, NULL);
}

static uint32_t call1(uint32_t nr, uint64_t arg0)
{
	return call6(AUDIT_ARCH_X86_64, nr, (uint64_t[6]){ arg0 });
}

/* ---- compiling ---- */

static void plan(const char *json, struct security_plan *out)
{
	struct oci_diag diag;
	struct oci_linux *lin = arena_alloc(a, sizeof(*lin));
	struct oci_config *c = arena_alloc(a, sizeof(*c));
	struct oci_process proc = { 0 };
	struct host h = { .last_cap = 40 };
	c->linux_ = lin;
	lin->seccomp = oci_decode(a, oci_seccomp_type(), json, strlen(json), 0, &diag);
	ck_assert_msg(lin->seccomp != NULL, "%s", diag.text);
	int r = security_plan_make(a, c, &proc, &h, out);
	ck_assert_msg(r == 0, "%s", err_get()->text);
}

static void compile(const char *json)
{
	struct security_plan p;
	plan(json, &p);
	int r = security_seccomp_compile(a, &p, cache_fd, &filter);
	ck_assert_msg(r == 0, "%s", err_get()->text);
	ck_assert_uint_gt(filter.n, 0);
	ck_assert_uint_eq(filter.insns[filter.n - 1].code, BPF_RET | BPF_K);
}

static const struct {
	const char *word;
	uint32_t gives;
} actions[] = {
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
	{ "SCMP_ACT_ERRNO", FAIL(EPERM) },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF },
};

START_TEST(every_action)
{
	char json[512];
	snprintf(json, sizeof(json),
		 "{\"defaultAction\":\"SCMP_ACT_ALLOW\"," X86_64_ONLY "\"listenerPath\":\"/agent\","
		 "\"syscalls\":[{\"names\":[\"getpid\"],\"action\":\"%s\"}]}",
		 actions[_i].word);
	compile(json);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 39), actions[_i].gives);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 40), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 9999), SECCOMP_RET_ALLOW); /* no stub */
	ck_assert_uint_eq(!!(filter.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER),
			  actions[_i].gives == SECCOMP_RET_USER_NOTIF);
}
END_TEST

START_TEST(errno_values)
{
	compile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":13," X86_64_ONLY
		"\"syscalls\":[{\"names\":[\"getpid\",\"no_such_call\"],\"action\":\"SCMP_ACT_"
		"ERRNO\","
		"\"errnoRet\":38}," ALLOW(
			"\"openat\"") ",{\"names\":[\"mkdir\"],"
				      "\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":7}]}");
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 39), FAIL(38));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 257), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 83), SECCOMP_RET_TRACE | 7);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 0), FAIL(13));
}
END_TEST

/* openat (257) is the largest name; openat2 (437) is newer than the profile. */
START_TEST(enosys_above_the_largest_name)
{
	compile("{" DENY_BY_DEFAULT X86_64_ONLY "\"syscalls\":[" ALLOW("\"openat\",\"read\"") "]}");
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 257), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 256), FAIL(EPERM));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 258), FAIL(ENOSYS));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 437), FAIL(ENOSYS));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 0x3fffffff), FAIL(ENOSYS));
	/* x32 and a foreign architecture: as the library decides, not ENOSYS */
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, X32(600)), SECCOMP_RET_KILL_THREAD);
	ck_assert_uint_eq(call(AUDIT_ARCH_S390X, 437), SECCOMP_RET_KILL_THREAD);
}
END_TEST

static const char *const without_stub[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE" };

START_TEST(lenient_defaults_have_no_stub)
{
	char json[512];
	snprintf(json, sizeof(json),
		 "{\"defaultAction\":\"%s\"," X86_64_ONLY "\"syscalls\":[{\"names\":[\"read\"],"
		 "\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}",
		 without_stub[_i]);
	compile(json);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 0), SECCOMP_RET_KILL_PROCESS);
	ck_assert_uint_ne(call(AUDIT_ARCH_X86_64, 437), FAIL(ENOSYS));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 437), call(AUDIT_ARCH_X86_64, 1));
}
END_TEST

START_TEST(a_killing_default_has_the_stub)
{
	compile("{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"," X86_64_ONLY
		"\"syscalls\":[" ALLOW("\"openat\"") "]}");
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 437), FAIL(ENOSYS));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 1), SECCOMP_RET_KILL_PROCESS);
}
END_TEST

START_TEST(several_architectures)
{
	compile("{" DENY_BY_DEFAULT THREE_ARCHES
		"\"syscalls\":[" ALLOW("\"read\",\"openat\"") "]}");
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 3), FAIL(EPERM));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 258), FAIL(ENOSYS));
	/* i386: read is 3, openat is 295 */
	ck_assert_uint_eq(call(AUDIT_ARCH_I386, 3), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_I386, 295), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_I386, 0), FAIL(EPERM));
	ck_assert_uint_eq(call(AUDIT_ARCH_I386, 257), FAIL(EPERM));
	ck_assert_uint_eq(call(AUDIT_ARCH_I386, 296), FAIL(ENOSYS));
	/* x32: the numbers of x86_64 with a bit */
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, X32(0)), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, X32(257)), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, X32(3)), FAIL(EPERM));
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, X32(258)), FAIL(ENOSYS));
}
END_TEST

START_TEST(a_foreign_architecture_and_its_private_numbers)
{
	compile("{" DENY_BY_DEFAULT "\"architectures\":[\"SCMP_ARCH_ARM\",\"SCMP_ARCH_AARCH64\"],"
		"\"syscalls\":[" ALLOW("\"openat\",\"set_tls\"") "]}");
	ck_assert_uint_eq(call(AUDIT_ARCH_AARCH64, 56), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_AARCH64, 55), FAIL(EPERM));
	ck_assert_uint_eq(call(AUDIT_ARCH_AARCH64, 57), FAIL(ENOSYS));
	ck_assert_uint_eq(call(AUDIT_ARCH_ARM, 322), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_ARM, 323), FAIL(ENOSYS));
	ck_assert_uint_eq(call(AUDIT_ARCH_ARM, 0xf0005), SECCOMP_RET_ALLOW); /* set_tls */
	ck_assert_uint_eq(call(AUDIT_ARCH_ARM, 0xf0002), FAIL(EPERM));       /* cacheflush */
}
END_TEST

struct arg_case {
	const char *op;
	uint64_t value, two;
	struct {
		uint64_t arg;
		bool matches;
	} probe[4];
};

#define BIG UINT64_C(0x100000005) /* both halves count */
static const struct arg_case arg_cases[] = {
	{ "SCMP_CMP_NE", 5, 0, { { 5, false }, { 4, true }, { BIG, true }, { 0, true } } },
	{ "SCMP_CMP_LT",
	  BIG,
	  0,
	  { { 5, true }, { BIG - 1, true }, { BIG, false }, { ~0ull, false } } },
	{ "SCMP_CMP_LE",
	  BIG,
	  0,
	  { { 5, true }, { BIG, true }, { BIG + 1, false }, { ~0ull, false } } },
	{ "SCMP_CMP_EQ",
	  BIG,
	  0,
	  { { 5, false }, { BIG, true }, { BIG << 1, false }, { 0, false } } },
	{ "SCMP_CMP_GE",
	  BIG,
	  0,
	  { { 5, false }, { BIG, true }, { BIG + 1, true }, { BIG - 1, false } } },
	{ "SCMP_CMP_GT",
	  BIG,
	  0,
	  { { 5, false }, { BIG, false }, { BIG + 1, true }, { ~0ull, true } } },
	{ "SCMP_CMP_MASKED_EQ",
	  0x7e020000,
	  0,
	  { { 0, true }, { 0x11, true }, { 0x10000000, false }, { 0x20011, false } } },
	{ "SCMP_CMP_MASKED_EQ",
	  0xff,
	  0x12,
	  { { 0x12, true }, { 0x3412, true }, { 0x13, false }, { 0, false } } },
};

START_TEST(every_operator)
{
	const struct arg_case *c = &arg_cases[_i];
	char json[512];
	snprintf(json, sizeof(json),
		 "{" DENY_BY_DEFAULT X86_64_ONLY "\"syscalls\":[{\"names\":[\"clone\"],\"action\":"
		 "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":%llu,\"valueTwo\":%llu,"
		 "\"op\":\"%s\"}]}]}",
		 (unsigned long long)c->value, (unsigned long long)c->two, c->op);
	compile(json);
	for (size_t i = 0; i < ARRAY_SIZE(c->probe); i++)
		ck_assert_msg(call1(56, c->probe[i].arg) ==
				      (c->probe[i].matches ? SECCOMP_RET_ALLOW : FAIL(EPERM)),
			      "%s probe %zu", c->op, i);
}
END_TEST

/* Tests of different arguments are "and", two tests of one argument are "or". */
START_TEST(and_or)
{
	compile("{" DENY_BY_DEFAULT X86_64_ONLY "\"syscalls\":["
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":0,\"value\":131072,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
		"{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
		"{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}");
	ck_assert_uint_eq(call1(135, 8), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call1(135, 131072), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call1(135, 0), FAIL(EPERM));
	const uint32_t x = AUDIT_ARCH_X86_64;
	ck_assert_uint_eq(call6(x, 41, (uint64_t[6]){ 1, 2 }), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call6(x, 41, (uint64_t[6]){ 1, 3 }), FAIL(EPERM));
	ck_assert_uint_eq(call6(x, 41, (uint64_t[6]){ 2, 2 }), FAIL(EPERM));
}
END_TEST

START_TEST(the_same_rule_twice_is_fine)
{
	compile("{" DENY_BY_DEFAULT X86_64_ONLY "\"syscalls\":["
		"{\"names\":[\"getpid\"],\"action\":\"SCMP_ACT_ERRNO\"}," ALLOW(
			"\"read\",\"read\"") "," ALLOW("\"read\"") "]}");
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call(AUDIT_ARCH_X86_64, 39), FAIL(EPERM));
}
END_TEST

/* Enough names for the tree: compared number by number with what the profile says. */
START_TEST(a_big_profile_number_by_number)
{
	static const struct {
		const char *name;
		uint32_t nr;
	} named[] = {
		{ "read", 0 },      { "write", 1 },    { "close", 3 },       { "fstat", 5 },
		{ "poll", 7 },      { "lseek", 8 },    { "mmap", 9 },        { "mprotect", 10 },
		{ "munmap", 11 },   { "brk", 12 },     { "ioctl", 16 },      { "pread64", 17 },
		{ "pwrite64", 18 }, { "access", 21 },  { "pipe", 22 },       { "select", 23 },
		{ "mremap", 25 },   { "dup", 32 },     { "dup2", 33 },       { "nanosleep", 35 },
		{ "getpid", 39 },   { "socket", 41 },  { "connect", 42 },    { "bind", 49 },
		{ "listen", 50 },   { "fork", 57 },    { "execve", 59 },     { "exit", 60 },
		{ "wait4", 61 },    { "kill", 62 },    { "uname", 63 },      { "fcntl", 72 },
		{ "fsync", 74 },    { "chdir", 80 },   { "mkdir", 83 },      { "link", 86 },
		{ "getuid", 102 },  { "setsid", 112 }, { "statfs", 137 },    { "futex", 202 },
		{ "openat", 257 },  { "pipe2", 293 },  { "getrandom", 318 }, { "statx", 332 },
	};
	bool allowed[512] = { false };
	struct str s;
	str_init(&s, a, 0);
	str_add(&s, "{" DENY_BY_DEFAULT THREE_ARCHES "\"syscalls\":[{\"action\":\"SCMP_ACT_ALLOW\","
		    "\"names\":[");
	for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
		str_addf(&s, "%s\"%s\"", i ? "," : "", named[i].name);
		allowed[named[i].nr] = true;
	}
	str_add(&s,
		"]},{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,"
		"\"value\":255,\"valueTwo\":17,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}");
	compile(s.v);
	for (uint32_t nr = 0; nr < ARRAY_SIZE(allowed); nr++) {
		uint32_t want = allowed[nr] ? SECCOMP_RET_ALLOW : FAIL(nr > 332 ? ENOSYS : EPERM);
		ck_assert_msg(call(AUDIT_ARCH_X86_64, nr) == want, "number %u", nr);
	}
	ck_assert_uint_eq(call1(56, 17), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call1(56, 0x10000011), SECCOMP_RET_ALLOW);
	ck_assert_uint_eq(call1(56, 18), FAIL(EPERM));
}
END_TEST

START_TEST(flags_given_and_not)
{
	compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[]}");
	ck_assert_uint_eq(filter.flags, 0);
	compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"]}");
	ck_assert_uint_eq(filter.flags, 0);
	compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]}");
	ck_assert_uint_eq(filter.flags, SECCOMP_FILTER_FLAG_LOG);
	compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	ck_assert_uint_eq(filter.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}
END_TEST

/* ---- the cache ---- */

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

TCase *tcase_security_seccomp(void)
{
	TCase *tc = tcase_create("seccomp");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, every_action, 0, (int)ARRAY_SIZE(actions));
	tcase_add_test(tc, errno_values);
	tcase_add_test(tc, enosys_above_the_largest_name);
	tcase_add_loop_test(tc, lenient_defaults_have_no_stub, 0, (int)ARRAY_SIZE(without_stub));
	tcase_add_test(tc, a_killing_default_has_the_stub);
	tcase_add_test(tc, several_architectures);
	tcase_add_test(tc, a_foreign_architecture_and_its_private_numbers);
	tcase_add_loop_test(tc, every_operator, 0, (int)ARRAY_SIZE(arg_cases));
	tcase_add_test(tc, and_or);
	tcase_add_test(tc, the_same_rule_twice_is_fine);
	tcase_add_test(tc, a_big_profile_number_by_number);
	tcase_add_test(tc, flags_given_and_not);
	tcase_add_test(tc, cache_gives_back_what_it_got);
	tcase_add_test(tc, damaged_cache_is_replaced);
	tcase_add_test(tc, cut_or_writable_cache_is_replaced);
	tcase_add_test(tc, cache_key);
	tcase_add_test(tc, cache_compares_the_key);
	tcase_add_test(tc, cache_stays_small);
	return tc;
}
