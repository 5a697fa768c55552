/* SPDX-License-Identifier: Apache-2.0 */
/* The device program is run by a small emulator of the instructions it uses, and must decide as the
 * rules read one by one do, for rules at random and for the rules that matter. */
#include <check.h>
#include <stdlib.h>

#include "cgroup/driver.h"

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

struct request {
	uint32_t type, access, major, minor;
};

static bool jumps(uint8_t code, uint64_t x, uint64_t y)
{
	switch (BPF_OP(code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return x == y;
	case BPF_JNE:
		return x != y;
	case BPF_JSET:
		return (x & y) != 0;
	default:
		ck_abort_msg("unknown jump %#x", code);
	}
}

static uint64_t compute(uint8_t code, uint64_t x, uint64_t y)
{
	switch (BPF_OP(code)) {
	case BPF_MOV:
		return y;
	case BPF_AND:
		return x & y;
	case BPF_OR:
		return x | y;
	case BPF_LSH:
		return x << y;
	case BPF_RSH:
		return x >> y;
	default:
		ck_abort_msg("unknown operation %#x", code);
	}
}

static int run(const struct cgroup_prog *p, const struct request *q)
{
	const uint32_t ctx[3] = { q->access << 16 | q->type, q->major, q->minor };
	uint64_t reg[11] = { 0 };

	for (size_t pc = 0; pc < p->insns.n; pc++) {
		const struct bpf_insn *in = &p->insns.v[pc];
		uint64_t src =
			BPF_SRC(in->code) == BPF_X ? reg[in->src_reg] : (uint64_t)(int64_t)in->imm;
		switch (BPF_CLASS(in->code)) {
		case BPF_LDX:
			ck_assert(in->off % 4 == 0 && in->off / 4 < 3);
			reg[in->dst_reg] = ctx[in->off / 4];
			break;
		case BPF_LD:
			reg[in->dst_reg] = (uint32_t)in->imm | (uint64_t)(uint32_t)in[1].imm << 32;
			pc++;
			break;
		case BPF_ALU64:
			reg[in->dst_reg] = compute(in->code, reg[in->dst_reg], src);
			break;
		case BPF_JMP:
			if (BPF_OP(in->code) == BPF_EXIT)
				return (int)reg[0];
			if (jumps(in->code, reg[in->dst_reg], src))
				pc += (size_t)in->off;
			break;
		default:
			ck_abort_msg("unknown instruction %#x", in->code);
		}
	}
	ck_abort_msg("ran off the end");
}

/* The meaning of the rules: every access is decided by the last rule that speaks about it. */
static int decide(const struct cgroup_rule *r, size_t n, const struct request *q)
{
	for (uint32_t bit = 1; bit < 8; bit <<= 1) {
		bool allow = false;
		if (!(q->access & bit))
			continue;
		for (size_t i = 0; i < n; i++)
			if ((!r[i].type || r[i].type == q->type) && (r[i].access & bit) &&
			    (r[i].major < 0 || r[i].major == q->major) &&
			    (r[i].minor < 0 || r[i].minor == q->minor))
				allow = r[i].allow;
		if (!allow)
			return 0;
	}
	return 1;
}

static void compare_all(const struct cgroup_rule *rules, size_t n)
{
	static const uint32_t numbers[] = { 0, 1, 3, 5, 136, 4095 };
	struct cgroup_prog p = { 0 };
	int all = cgroup_devices_compile(a, rules, n, &p);

	ck_assert_int_ge(all, 0);
	for (uint32_t i = 0; i < 2 * 7 * 6 * 6; i++) {
		struct request q = { 1 + i % 2, 1 + i / 2 % 7, numbers[i / 14 % 6],
				     numbers[i / 84] };
		int want = decide(rules, n, &q), got = all == CGROUP_DEVICES_ALL ? 1 : run(&p, &q);
		ck_assert_msg(got == want, "type %u access %u dev %u:%u: got %d", q.type, q.access,
			      q.major, q.minor, got);
	}
}

START_TEST(agrees_with_the_rules)
{
	static const int64_t numbers[] = { -1, 0, 1, 3, 5, 136, 4095, 5000, 1 << 21 };
	struct cgroup_rule rules[8];

	srand((unsigned)_i);
	for (int round = 0; round < 40; round++) {
		size_t n = (size_t)rand() % ARRAY_SIZE(rules);
		for (size_t i = 0; i < n; i++)
			rules[i] = (struct cgroup_rule){
				.allow = rand() % 2,
				.type = (uint8_t)(rand() % 3),
				.access = (uint8_t)(1 + (rand() % 3 ? 6 : rand() % 7)),
				.major = numbers[rand() % (int)ARRAY_SIZE(numbers)],
				.minor = numbers[rand() % (int)ARRAY_SIZE(numbers)],
			};
		compare_all(rules, n);
	}
}
END_TEST

static int asked(const char *json, struct request q)
{
	struct oci_diag diag;
	struct cgroup_resources res = { 0 };
	struct cgroup_prog p = { 0 };
	const struct oci_resources *r =
		json ? oci_decode(a, oci_resources_type(), json, strlen(json), 0, &diag) : NULL;

	ck_assert(!json || r);
	ck_assert_int_eq(cgroup_device_rules(a, r, &res), 0);
	int all = cgroup_devices_compile(a, res.rules.v, res.rules.n, &p);
	return all == CGROUP_DEVICES_ALL ? 2 : run(&p, &q);
}

#define RW (CGROUP_ACC_READ | CGROUP_ACC_WRITE)
static const struct request null_rw = { CGROUP_DEV_CHAR, RW, 1, 3 },
			    kmsg_r = { CGROUP_DEV_CHAR, CGROUP_ACC_READ, 1, 11 },
			    disk_r = { CGROUP_DEV_BLOCK, CGROUP_ACC_READ, 8, 0 },
			    disk_m = { CGROUP_DEV_BLOCK, CGROUP_ACC_MKNOD, 8, 0 },
			    pts_rw = { CGROUP_DEV_CHAR, RW, 136, 77 };

START_TEST(no_rules_mean_the_defaults_only)
{
	static const char *const lists[] = {
		NULL, "{}", "{\"devices\":[]}",
		"{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}"
	};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		ck_assert_int_eq(asked(lists[i], null_rw), 1);
		ck_assert_int_eq(asked(lists[i], pts_rw), 1);
		ck_assert_int_eq(asked(lists[i], disk_m), 1);
		ck_assert_int_eq(asked(lists[i], disk_r), 0);
		ck_assert_int_eq(asked(lists[i], kmsg_r), 0);
	}
}
END_TEST

START_TEST(everything_needs_no_program)
{
	ck_assert_int_eq(asked("{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}", disk_r), 2);
	ck_assert_int_eq(asked("{\"devices\":[{\"allow\":true,\"access\":\"rwm\"},"
			       "{\"allow\":false,\"type\":\"b\",\"major\":8,\"minor\":0,\"access\":"
			       "\"rwm\"}]}",
			       disk_r),
			 0);
	ck_assert_int_eq(asked("{\"devices\":[{\"allow\":true,\"access\":\"rwm\"},"
			       "{\"allow\":false,\"type\":\"b\",\"major\":8,\"minor\":0,\"access\":"
			       "\"rwm\"}]}",
			       kmsg_r),
			 1);
}
END_TEST

START_TEST(partial_access)
{
	static const char rules[] =
		"{\"devices\":[{\"allow\":true,\"type\":\"b\",\"major\":8,\"access\":\"r\"}]}";
	ck_assert_int_eq(asked(rules, disk_r), 1);
	ck_assert_int_eq(asked(rules, (struct request){ CGROUP_DEV_BLOCK, RW, 8, 0 }), 0);
	ck_assert_int_eq(asked(rules, (struct request){ CGROUP_DEV_CHAR, CGROUP_ACC_READ, 8, 0 }),
			 0);
}
END_TEST

START_TEST(too_many_rules)
{
	size_t n = 20000;
	struct cgroup_rule *rules = arena_calloc(a, n, sizeof(*rules));
	struct cgroup_prog p;
	for (size_t i = 0; i < n; i++)
		rules[i] = (struct cgroup_rule){ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 1,
						 (int64_t)i };
	ck_assert_int_lt(cgroup_devices_compile(a, rules, n, &p), 0);
	ck_assert_int_eq(err_get()->kind, ERR_UNSUPPORTED);
}
END_TEST

TCase *tcase_cgroup_devices(void);
TCase *tcase_cgroup_devices(void)
{
	TCase *t = tcase_create("cgroup_devices");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, agrees_with_the_rules, 1, 6);
	tcase_add_test(t, no_rules_mean_the_defaults_only);
	tcase_add_test(t, everything_needs_no_program);
	tcase_add_test(t, partial_access);
	tcase_add_test(t, too_many_rules);
	return t;
}
