/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a filter as a program: which architecture, then a balanced tree over the ranges of
 * numbers, then the answer. The kernel runs a new filter once for every number it knows, so
 * loading one takes time by its longest paths and by its length. Pure.
 * Surprise: the program is written from its end to its beginning, because jumps only go forward
 * and so every target has its place before somebody jumps there; "index" counts from the end. */
#include <linux/seccomp.h>
#include <stddef.h>

#include "security/flat.h"

enum {
	FAR = 250, /* what a conditional jump reaches, less what may come in between */
	NOWHERE = -1,
};

struct writer {
	struct arena *a;
	const struct flat *flat;
	bpf_code code; /* last instruction first */
	long *place;   /* index of each node, or NOWHERE */
};

static long push(struct writer *w, uint16_t code, uint32_t k)
{
	vec_push(w->a, &w->code, ((struct sock_filter){ .code = code, .k = k }));
	return (long)w->code.n - 1;
}

static long distance(const struct writer *w, long target)
{
	return (long)w->code.n - 1 - target;
}

/* The next instruction written falls through to target. */
static void follow_with(struct writer *w, long target)
{
	if (distance(w, target) > 0)
		push(w, BPF_JMP | BPF_JA, (uint32_t)distance(w, target));
}

/* A copy of target that a conditional jump reaches. */
static long near(struct writer *w, long target)
{
	if (distance(w, target) < FAR)
		return target;
	const struct sock_filter *there = &w->code.v[target];
	return BPF_CLASS(there->code) == BPF_RET
		       ? push(w, there->code, there->k)
		       : push(w, BPF_JMP | BPF_JA, (uint32_t)distance(w, target));
}

static long branch(struct writer *w, uint16_t code, uint32_t k, long t, long f)
{
	f = near(w, f);
	t = near(w, t);
	long at = push(w, code, k);
	w->code.v[at].jt = (uint8_t)(at - t - 1);
	w->code.v[at].jf = (uint8_t)(at - f - 1);
	return at;
}

/* As deep as one rule has tests. */
static long write_node(struct writer *w, uint32_t id)
{
	const struct flat_node *n = &w->flat->nodes.v[id];
	bool action = BPF_CLASS(n->code) == BPF_RET;
	if (w->place[id] != NOWHERE && (!action || distance(w, w->place[id]) < FAR))
		return w->place[id];
	if (action) {
		w->place[id] = push(w, n->code, n->k);
	} else if (BPF_CLASS(n->code) == BPF_JMP) {
		long f = write_node(w, n->f), t = write_node(w, n->t);
		w->place[id] = branch(w, n->code, n->k, t, f);
	} else {
		follow_with(w, write_node(w, n->t));
		w->place[id] = push(w, n->code, n->k);
	}
	return w->place[id];
}

static long write_tree(struct writer *w, const struct flat_range *r, size_t n)
{
	if (n == 1)
		return write_node(w, r->node);
	size_t half = n / 2;
	long above = write_tree(w, r + half, n - half);
	long below = write_tree(w, r, half);
	return branch(w, BPF_JMP | BPF_JGE | BPF_K, r[half].first, above, below);
}

static long write_ranges(struct writer *w, const flat_ranges *ranges)
{
	long tree = write_tree(w, ranges->v, ranges->n);
	if (ranges->n == 1)
		return tree;
	follow_with(w, tree);
	return push(w, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
}

void filter_write(struct arena *a, const struct flat *flat, bpf_code *out)
{
	struct writer w = { .a = a, .flat = flat };
	w.place = arena_calloc(a, flat->nodes.n, sizeof(*w.place));
	for (size_t i = 0; i < flat->nodes.n; i++)
		w.place[i] = NOWHERE;
	long start = write_ranges(&w, &flat->other);
	long *archs = arena_calloc(a, flat->archs.n + 1, sizeof(*archs));
	for (size_t i = flat->archs.n; i-- > 0;)
		archs[i] = write_ranges(&w, &flat->archs.v[i].ranges);
	for (size_t i = flat->archs.n; i-- > 0;)
		start = branch(&w, BPF_JMP | BPF_JEQ | BPF_K, flat->archs.v[i].arch, archs[i],
			       start);
	follow_with(&w, start);
	if (flat->archs.n)
		push(&w, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	*out = (bpf_code){ 0 };
	for (size_t i = w.code.n; i-- > 0;)
		vec_push(a, out, w.code.v[i]);
}
