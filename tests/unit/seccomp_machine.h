/* SPDX-License-Identifier: Apache-2.0 */
/* Compile a profile and run the filter over system calls: a BPF machine with what the kernel
 * accepts for seccomp and libseccomp generates. Everything is static: a file of tests, a machine.
 */
#pragma once

#include <check.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <unistd.h>

#include "base/vec.h"
#include "security/security.h"
#include "sys/probe.h"

#define X32(nr_)        (0x40000000u + (nr_))
#define FAIL(no_)       (SECCOMP_RET_ERRNO | (no_))
#define X86_64_ONLY     "\"architectures\":[\"SCMP_ARCH_X86_64\"],"
#define THREE_ARCHES \
	"\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
#define ALLOW(names_)   "{\"names\":[" names_ "],\"action\":\"SCMP_ACT_ALLOW\"}"
#define DENY_BY_DEFAULT "\"defaultAction\":\"SCMP_ACT_ERRNO\","

static struct arena *a;
static struct seccomp_filter filter;
static int cache_fd = -1; /* where compile() looks first */

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

/* ---- the machine ---- */

static uint32_t load(const struct seccomp_data *d, uint32_t offset)
{
	uint32_t word;
	if (offset + 4 > sizeof(*d) || offset % 4) /* asserting what holds takes check a write */
		ck_abort_msg("load at %u", offset);
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

static UNUSED uint32_t call1(uint32_t nr, uint64_t arg0)
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
