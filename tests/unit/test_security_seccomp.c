/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled seccomp filters, run by a small BPF machine over system calls and arguments. Numbers are
 * those of the architecture named in the test, whatever this machine is. */
#include "seccomp_machine.h"

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
	return tc;
}
