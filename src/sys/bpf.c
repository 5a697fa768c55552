/* SPDX-License-Identifier: Apache-2.0 */
/* See bpf.h for why the attribute buffer is so large. The size that the kernel is told ends with
 * the last member a command uses: older kernels refuse a larger one only if what they do not know
 * is not zero, and ours always is. */
#include "sys/bpf.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ATTR_ROOM 1024

union attr {
	union bpf_attr attr;
	char room[ATTR_ROOM];
};

_Static_assert(sizeof(union bpf_attr) < ATTR_ROOM, "the buffer must be larger than any attribute");

#define ATTR_END(member_) \
	(offsetof(union bpf_attr, member_) + sizeof(((union bpf_attr *)0)->member_))

static int call(enum bpf_cmd cmd, union attr *u, size_t size)
{
	return (int)syscall(SYS_bpf, cmd, u, (unsigned)size);
}

static uint64_t address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int bpf_prog_load(enum bpf_prog_type type, const struct bpf_insn *insns, size_t n)
{
	union attr u;

	memset(&u, 0, sizeof(u));
	u.attr.prog_type = type;
	u.attr.insns = address(insns);
	u.attr.insn_cnt = (uint32_t)n;
	/* Only programs that call GPL-only kernel functions need that licence. */
	u.attr.license = address("Apache-2.0");
	return call(BPF_PROG_LOAD, &u, ATTR_END(prog_flags));
}

int bpf_prog_attach(int cgroup_fd, int prog_fd, enum bpf_attach_type type, int replace_fd)
{
	union attr u;

	memset(&u, 0, sizeof(u));
	u.attr.target_fd = (uint32_t)cgroup_fd;
	u.attr.attach_bpf_fd = (uint32_t)prog_fd;
	u.attr.attach_type = type;
	u.attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replace_fd >= 0) {
		u.attr.attach_flags |= BPF_F_REPLACE;
		u.attr.replace_bpf_fd = (uint32_t)replace_fd;
		return call(BPF_PROG_ATTACH, &u, ATTR_END(replace_bpf_fd));
	}
	return call(BPF_PROG_ATTACH, &u, ATTR_END(attach_flags));
}

int bpf_prog_detach(int cgroup_fd, int prog_fd, enum bpf_attach_type type)
{
	union attr u;

	memset(&u, 0, sizeof(u));
	u.attr.target_fd = (uint32_t)cgroup_fd;
	u.attr.attach_bpf_fd = (uint32_t)prog_fd;
	u.attr.attach_type = type;
	return call(BPF_PROG_DETACH, &u, ATTR_END(attach_type));
}

int bpf_prog_query(int cgroup_fd, enum bpf_attach_type type, uint32_t *ids, uint32_t *n)
{
	union attr u;

	memset(&u, 0, sizeof(u));
	u.attr.query.target_fd = (uint32_t)cgroup_fd;
	u.attr.query.attach_type = type;
	u.attr.query.prog_ids = address(ids);
	u.attr.query.prog_cnt = *n;
	if (call(BPF_PROG_QUERY, &u, ATTR_END(query.prog_cnt)) < 0)
		return -1;
	*n = u.attr.query.prog_cnt;
	return 0;
}

int bpf_prog_by_id(uint32_t id)
{
	union attr u;

	memset(&u, 0, sizeof(u));
	u.attr.prog_id = id;
	return call(BPF_PROG_GET_FD_BY_ID, &u, ATTR_END(prog_id));
}
