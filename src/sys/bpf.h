/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2) for programs attached to cgroups. Thin: -1 and errno, no policy.
 * Surprise: some kernels (6.17 until fixed in 7.2) write answers of BPF_PROG_QUERY behind the size
 * they were told, so every call here works on a zeroed buffer much larger than any known attribute.
 */
#pragma once

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* A new program descriptor (close-on-exec). */
int bpf_prog_load(enum bpf_prog_type type, const struct bpf_insn *insns, size_t n);
/* Add to the cgroup's programs (BPF_F_ALLOW_MULTI); replace_fd >= 0: take the place of that one. */
int bpf_prog_attach(int cgroup_fd, int prog_fd, enum bpf_attach_type type,
		    int replace_fd) MUST_CHECK;
int bpf_prog_detach(int cgroup_fd, int prog_fd, enum bpf_attach_type type) MUST_CHECK;
/* Ids of the programs attached to this very cgroup; *n is the room in, the number out. ENOSPC when
 * there are more. */
int bpf_prog_query(int cgroup_fd, enum bpf_attach_type type, uint32_t *ids, uint32_t *n) MUST_CHECK;
int bpf_prog_by_id(uint32_t id);
