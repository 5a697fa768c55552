/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF put before the library's filter: system calls newer than the profile (numbered above the
 * largest one it names, per architecture) fail with ENOSYS instead of the default action, so that
 * libc falls back to the older call. Pure.
 * Surprise: x86_64 and x32 share one audit arch and differ in a bit of the number; when the profile
 * does not list x32, its numbers go on to the filter, which refuses them as a foreign architecture.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>

#include "security/parts.h"

static void add(struct arena *a, bpf_code *code, struct sock_filter insn)
{
	vec_push(a, code, insn);
}

static void add_load(struct arena *a, bpf_code *code, size_t offset)
{
	add(a, code, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Jump to the end of the stub; the distance is filled in when it is known. */
static void add_leave(struct arena *a, bpf_code *code)
{
	add(a, code, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX));
}

static void add_section(struct arena *a, bpf_code *code, const struct stub_arch *arch)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | ENOSYS;
	size_t test = code->n;
	add(a, code,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch->audit_arch, 0, 0));
	add_load(a, code, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < arch->n; i++) {
		const struct stub_range *r = &arch->ranges[i];
		if (r->end)
			add(a, code,
			    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, r->end, 3, 0));
		add(a, code,
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, r->last, 0, 1));
		add(a, code, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refuse));
		add_leave(a, code);
	}
	if (arch->ranges[arch->n - 1].end)
		add_leave(a, code);
	code->v[test].jf = (uint8_t)(code->n - test - 1);
}

void stub_emit(struct arena *a, bpf_code *code, const struct stub_arch *archs, size_t n)
{
	size_t first = code->n;
	if (!n)
		return;
	add_load(a, code, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n; i++)
		add_section(a, code, &archs[i]);
	for (size_t i = first; i < code->n; i++)
		if (code->v[i].code == (BPF_JMP | BPF_JA) && code->v[i].k == UINT32_MAX)
			code->v[i].k = (uint32_t)(code->n - i - 1);
}
