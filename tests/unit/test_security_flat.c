/* SPDX-License-Identifier: Apache-2.0 */
/* Our filter against the library's own of the same profile: both are run, call by call, over every
 * architecture, every number and arguments that matter; and programs that filter_read() must see
 * through or refuse. */
#include <seccomp.h>
#include <sys/mman.h>

#include "security/flat.h"
#include "seccomp_machine.h"

enum { NUMBERS = 640 };

static const uint64_t values[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	25, 40, 0x7e020000, 0x20000, 0xffffffff, UINT64_C(0x100000005), UINT64_MAX,
};

/* The library alone, without stub: default action ERRNO(ENOSYS) has none. */
static void reference(const struct oci_seccomp *sc, struct seccomp_filter *out)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	for (size_t i = 0; i < sc->architectures.n; i++)
		seccomp_arch_add(ctx, filter_arch_token(sc->architectures.v[i]));
	for (size_t i = 0; i < sc->syscalls.n; i++) {
		const struct oci_syscall *rule = &sc->syscalls.v[i];
		uint32_t action = rule->action == OCI_ACT_ALLOW
					  ? SCMP_ACT_ALLOW
					  : SCMP_ACT_ERRNO(rule->errno_ret.v & 0xffff);
		struct scmp_arg_cmp cmp[6];
		for (size_t j = 0; j < rule->args.n; j++)
			cmp[j] = (struct scmp_arg_cmp){
				.arg = rule->args.v[j].index,
				.op = rule->args.v[j].op == OCI_CMP_MASKED_EQ ? SCMP_CMP_MASKED_EQ
									     : SCMP_CMP_EQ,
				.datum_a = rule->args.v[j].value,
				.datum_b = rule->args.v[j].value_two,
			};
		for (size_t j = 0; j < rule->names.n; j++) {
			int nr = seccomp_syscall_resolve_name(rule->names.v[j]);
			if (nr == __NR_SCMP_ERROR)
				continue;
			int r = seccomp_rule_add_array(ctx, action, nr, (unsigned)rule->args.n,
						       cmp);
			ck_assert_msg(r == 0 || r == -EEXIST, "%s: %d", rule->names.v[j], r);
		}
	}
	static struct sock_filter program[BPF_MAXINSNS * 4];
	int fd = memfd_create("reference", MFD_CLOEXEC);
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), 0);
	ssize_t len = pread(fd, program, sizeof(program), 0);
	ck_assert_int_gt(len, 0);
	ck_assert_int_lt(len, sizeof(program));
	close(fd);
	seccomp_release(ctx);
	*out = (struct seccomp_filter){ .insns = program,
					.n = (size_t)len / sizeof(program[0]) };
}

static uint32_t run_of(const struct seccomp_filter *f, const struct seccomp_data *d)
{
	filter = *f;
	return run(d);
}

static void same_for(const struct seccomp_filter *f, const struct seccomp_filter *ref,
		     uint32_t arch, uint32_t nr)
{
	for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
		struct seccomp_data d = { .nr = (int)nr, .arch = arch };
		for (size_t i = 0; i < 6; i++)
			d.args[i] = values[(v + i * (v % 3)) % ARRAY_SIZE(values)];
		uint32_t got = run_of(f, &d), want = run_of(ref, &d);
		if (got != want) /* an assertion would be written down a million times */
			ck_abort_msg("arch %#x number %u values %zu: 0x%x, library 0x%x", arch, nr,
				     v, got, want);
	}
}

/* Numbers of this architecture begin at base (MIPS: 4000, 5000, 6000; x32: a bit). */
static void same_on(const struct seccomp_filter *f, const struct seccomp_filter *ref,
		    uint32_t arch, uint32_t base)
{
	static const uint32_t odd[] = { 0xf0000,    0xf0001,    0xf0002,    0xf0005,
					0x3fffffff, 0x40000000, 0x7fffffff, UINT32_MAX };
	for (uint32_t nr = 0; nr < NUMBERS; nr++)
		same_for(f, ref, arch, base + nr);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		same_for(f, ref, arch, odd[i]);
	if (base)
		same_for(f, ref, arch, base - 1);
}

/* Every architecture, whether the profile has it or not, and one that does not exist. */
static void equals_the_library(const char *json)
{
	struct security_plan p;
	struct seccomp_filter ours, ref;
	plan(json, &p);
	compile(json);
	ours = filter;
	reference(p.seccomp, &ref);
	for (const struct name *n = seccomp_arch_words; n->word; n++) {
		uint32_t token = filter_arch_token(n->word);
		int first = token ? seccomp_syscall_resolve_name_arch(token, "read") : -1;
		if (first < 0)
			continue;
		same_on(&ours, &ref, token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token,
			(uint32_t)first & ~0xfu);
	}
	same_on(&ours, &ref, 0x12345678, 0);
}

/* Every third call is answered differently, names and numbers of all architectures; some with
 * arguments, some named twice. */
static char *everything(const char *archs)
{
	static const char *const actions[] = {
		"\"action\":\"SCMP_ACT_ALLOW\"",
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":7",
		"\"action\":\"SCMP_ACT_ALLOW\"",
	};
	struct str s;
	str_init(&s, a, 0);
	str_addf(&s, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,%s"
		     "\"syscalls\":[", archs);
	for (int i = 0; i < 3; i++) {
		const char *between = "";
		str_addf(&s, "{%s,\"names\":[", actions[i]);
		for (int nr = i; nr < NUMBERS; nr += 3) {
			static const uint32_t from[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86,
							 SCMP_ARCH_ARM, SCMP_ARCH_S390X };
			for (size_t t = 0; t < ARRAY_SIZE(from); t++) {
				char *name = seccomp_syscall_resolve_num_arch(from[t], nr);
				char *word = arena_printf(a, "\"%s\"", name ? name : "read");
				free(name);
				if (strstr(s.v, word))
					continue;
				str_addf(&s, "%s%s", between, word);
				between = ",";
			}
		}
		str_add(&s, "]},");
	}
	str_add(&s,
		"{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9,"
		"\"args\":["
		"{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]},"
		"{\"names\":[\"newer_than_all\",\"clone\"],\"action\":\"SCMP_ACT_ERRNO\","
		"\"errnoRet\":9,\"args\":[{\"index\":0,\"value\":2114060288,\"valueTwo\":0,"
		"\"op\":\"SCMP_CMP_MASKED_EQ\"},"
		"{\"index\":1,\"value\":4294967301,\"op\":\"SCMP_CMP_EQ\"}]}]}");
	return s.v;
}

static const char *const arch_lists[] = {
	"",
	THREE_ARCHES,
	"\"architectures\":[\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\"],",
	"\"architectures\":[\"SCMP_ARCH_MIPSEL64\",\"SCMP_ARCH_MIPSEL64N32\","
	"\"SCMP_ARCH_MIPSEL\"],",
	"\"architectures\":[\"SCMP_ARCH_PPC64LE\",\"SCMP_ARCH_RISCV64\"],",
};

START_TEST(every_call_of_every_architecture)
{
	equals_the_library(everything(arch_lists[_i]));
}
END_TEST

START_TEST(plain_calls_alone)
{
	equals_the_library("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
			   THREE_ARCHES
			   "\"syscalls\":[" ALLOW("\"read\",\"openat\",\"close\"") "]}");
	ck_assert_uint_lt(filter.n, 64);
}
END_TEST

START_TEST(no_rules_at_all)
{
	equals_the_library("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
			   THREE_ARCHES "\"syscalls\":[]}");
}
END_TEST

#define NINE_IF_ONE(name_)                                                                       \
	"{\"names\":[" name_ "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9,\"args\":["          \
	"{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}"
#define NINE(names_) "{\"names\":[" names_ "],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":9}"

START_TEST(said_twice)
{
	equals_the_library("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
			   THREE_ARCHES "\"syscalls\":[" NINE("\"getpid\",\"read\"") "," ALLOW(
				   "\"read\",\"write\",\"close\",\"socketcall\",\"ipc\"") ","
			   NINE("\"write\",\"close\",\"socket\",\"shmget\"") ","
			   NINE_IF_ONE("\"close\",\"open\"") "," ALLOW("\"open\",\"getpid\"") "]}");
}
END_TEST

/* Nothing named beside them. */
START_TEST(arguments_alone)
{
	equals_the_library("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,"
			   THREE_ARCHES "\"syscalls\":[" NINE_IF_ONE(
				   "\"clone\",\"openat\",\"semop\",\"socket\"") "]}");
}
END_TEST

/* ---- programs of other writers ---- */

#define LOAD(field_) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field_))
#define IF(op_, k_, t_, f_) BPF_JUMP(BPF_JMP | (op_) | BPF_K, k_, t_, f_)
#define GIVE(k_) BPF_STMT(BPF_RET | BPF_K, k_)

static bool reads(const struct sock_filter *insns, size_t n)
{
	bpf_code code = { 0 };
	plain_calls none = { 0 };
	struct flat flat;
	for (size_t i = 0; i < n; i++)
		vec_push(a, &code, insns[i]);
	bool r = filter_read(a, &code, &none, &flat);
	if (r) {
		filter_write(a, &flat, &code);
		filter = (struct seccomp_filter){ .insns = code.v, .n = code.n };
	}
	return r;
}
#define READS(...)                                                                               \
	({                                                                                       \
		const struct sock_filter p_[] = { __VA_ARGS__ };                                 \
		reads(p_, ARRAY_SIZE(p_));                                                       \
	})

START_TEST(a_number_looked_at_again_after_an_argument)
{
	ck_assert(READS(LOAD(args[0]), IF(BPF_JEQ, 5, 0, 2), LOAD(nr), IF(BPF_JGT, 9, 1, 2),
			LOAD(arch), IF(BPF_JEQ, 3, 0, 1), GIVE(1), GIVE(2)));
	ck_assert_uint_eq(call6(3, 10, (uint64_t[6]){ 5 }), 2); /* the last test is of either */
	ck_assert_uint_eq(call6(3, 9, (uint64_t[6]){ 5 }), 1);
	ck_assert_uint_eq(call6(4, 10, (uint64_t[6]){ 5 }), 2);
	ck_assert_uint_eq(call6(3, 10, (uint64_t[6]){ 6 }), 1);
	ck_assert_uint_eq(call6(4, 10, (uint64_t[6]){ 6 }), 2);
}
END_TEST

START_TEST(what_cannot_be_read)
{
	ck_assert(!READS(LOAD(nr), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1), GIVE(1)));
	ck_assert(!READS(LOAD(nr), IF(BPF_JSET, 1, 0, 1), GIVE(1), GIVE(2)));
	ck_assert(!READS(LOAD(arch), IF(BPF_JGE, 1, 0, 1), GIVE(1), GIVE(2)));
	ck_assert(!READS(IF(BPF_JEQ, 1, 0, 1), GIVE(1), GIVE(2)));
	ck_assert(!READS(LOAD(args[0]), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), GIVE(1)));
	ck_assert(!READS(BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 1), GIVE(1)));
	ck_assert(!READS(LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), GIVE(1), GIVE(2)));
	ck_assert(!READS(LOAD(nr), IF(BPF_JEQ, 1, 0, 7), GIVE(1), GIVE(2)));
	ck_assert(!READS(LOAD(nr), BPF_STMT(BPF_JMP | BPF_JA, 5), GIVE(1)));
	ck_assert(!READS(LOAD(nr)));
	ck_assert(!READS(LOAD(nr), BPF_STMT(BPF_RET | BPF_A, 0)));
	ck_assert(READS(LOAD(nr), IF(BPF_JEQ, 1, 0, 1), GIVE(1), GIVE(2)));
}
END_TEST

/* More answers than a conditional jump reaches over. */
START_TEST(long_jumps)
{
	bpf_code code = { 0 };
	plain_calls plain = { 0 };
	struct flat flat;
	vec_push(a, &code, ((struct sock_filter)GIVE(0)));
	for (uint32_t nr = 0; nr < 1200; nr++)
		vec_push(a, &plain, ((struct plain_call){ 7, nr * 2, SECCOMP_RET_ERRNO | nr }));
	ck_assert(filter_read(a, &code, &plain, &flat));
	filter_write(a, &flat, &code);
	filter = (struct seccomp_filter){ .insns = code.v, .n = code.n };
	ck_assert_uint_le(code.n, BPF_MAXINSNS);
	for (uint32_t nr = 0; nr < 2400; nr++)
		ck_assert_uint_eq(call(7, nr), nr % 2 ? 0 : SECCOMP_RET_ERRNO | nr / 2);
	ck_assert_uint_eq(call(8, 4), 0);
}
END_TEST

TCase *tcase_security_flat(void)
{
	TCase *tc = tcase_create("flat");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, every_call_of_every_architecture, 0, (int)ARRAY_SIZE(arch_lists));
	tcase_add_test(tc, plain_calls_alone);
	tcase_add_test(tc, no_rules_at_all);
	tcase_add_test(tc, said_twice);
	tcase_add_test(tc, arguments_alone);
	tcase_add_test(tc, a_number_looked_at_again_after_an_argument);
	tcase_add_test(tc, what_cannot_be_read);
	tcase_add_test(tc, long_jumps);
	return tc;
}
