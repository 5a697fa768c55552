/* SPDX-License-Identifier: Apache-2.0 */
/* Private to security/: a seccomp filter as what it answers. Per architecture the numbers fall into
 * ranges with one answer each; an answer is a node: an action, or a few instructions that look at
 * the arguments. filter_read() makes it from the library's program, filter_write() makes a program
 * of it again, a balanced tree of comparisons. */
#pragma once

#include <linux/filter.h>

#include "security/parts.h"

struct flat_node {
	uint16_t code; /* of the instruction: RET, LD of an argument, AND, or a conditional jump */
	uint32_t k;
	uint32_t t, f; /* nodes: t comes next, or when the jump's condition holds; f when not */
};

struct flat_range {
	uint32_t first; /* up to the next range's first */
	uint32_t node;
};
typedef VEC(struct flat_range) flat_ranges;

struct flat_arch {
	uint32_t arch; /* AUDIT_ARCH_* */
	flat_ranges ranges;
};

struct flat {
	VEC(struct flat_node) nodes; /* no two are the same */
	VEC(struct flat_arch) archs;
	flat_ranges other; /* any other architecture */
};

/* seccomp_read.c. What code answers, but for the calls in plain, whose answer is theirs. False when
 * code does what this cannot see through; then out is of no use. */
bool filter_read(struct arena *a, const bpf_code *code, const plain_calls *plain,
		 struct flat *out) MUST_CHECK;
/* seccomp_tree.c */
void filter_write(struct arena *a, const struct flat *flat, bpf_code *out);
