/* SPDX-License-Identifier: Apache-2.0 */
/* Reads off a seccomp program what it answers, by running it for one number out of every range in
 * which all of its comparisons come out the same. Where an argument decides, what is left of the
 * program is kept, the comparisons with number and architecture taken out of it. Pure.
 * So the meaning of a profile stays the library's alone; only the shape of the program is ours. */
#include <linux/seccomp.h>
#include <stddef.h>

#include "security/flat.h"

/* What the accumulator may hold. */
enum {
	NOTHING = 1 << 0,
	NUMBER = 1 << 1,
	ARCH = 1 << 2,
	ARGUMENT = 1 << 3,
};

typedef VEC(uint32_t) numbers;

struct reader {
	struct arena *a;
	const bpf_code *code;
	struct flat *flat;
	numbers points, archs; /* compared with the number, with the architecture */
	uint32_t arch, nr;     /* running for these */
	uint32_t *after;       /* per instruction reached with an argument: its node + 1, or 0 */
};

static bool is_load(const struct sock_filter *f)
{
	return f->code == (BPF_LD | BPF_W | BPF_ABS);
}

static bool is_conditional(const struct sock_filter *f)
{
	return BPF_CLASS(f->code) == BPF_JMP && BPF_OP(f->code) != BPF_JA;
}

static int loaded(const struct sock_filter *f)
{
	if (f->k == offsetof(struct seccomp_data, nr))
		return NUMBER;
	return f->k == offsetof(struct seccomp_data, arch) ? ARCH : ARGUMENT;
}

/* ---- which comparisons there are ---- */

static void add_number(struct reader *r, numbers *list, uint32_t v)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == v)
			return;
	vec_push(r->a, list, v);
}

static bool note_comparison(struct reader *r, const struct sock_filter *f, int holds)
{
	uint16_t op = BPF_OP(f->code);
	if (BPF_SRC(f->code) != BPF_K || holds & NOTHING)
		return false;
	if (holds & ARCH) {
		if (op != BPF_JEQ)
			return false;
		add_number(r, &r->archs, f->k);
	}
	if (holds & NUMBER) {
		if (op != BPF_JEQ && op != BPF_JGT && op != BPF_JGE)
			return false;
		add_number(r, &r->points, f->k);
		if (f->k < UINT32_MAX)
			add_number(r, &r->points, f->k + 1);
	}
	return true;
}

/* One instruction, reached with any of `holds` in the accumulator. Jumps only go forward. */
static bool survey_one(struct reader *r, size_t pc, uint8_t *reached)
{
	const struct sock_filter *f = &r->code->v[pc];
	size_t left = r->code->n - pc - 1;
	int holds = reached[pc];
	if (f->code == (BPF_RET | BPF_K))
		return true;
	if (!left)
		return false;
	if (is_load(f)) {
		reached[pc + 1] |= (uint8_t)loaded(f);
		return true;
	}
	if (f->code == (BPF_ALU | BPF_AND | BPF_K)) {
		reached[pc + 1] |= (uint8_t)holds;
		return holds == ARGUMENT;
	}
	if (f->code == (BPF_JMP | BPF_JA)) {
		if (f->k >= left)
			return false;
		reached[pc + 1 + f->k] |= (uint8_t)holds;
		return true;
	}
	if (!is_conditional(f) || f->jt >= left || f->jf >= left || !note_comparison(r, f, holds))
		return false;
	reached[pc + 1 + f->jt] |= (uint8_t)holds;
	reached[pc + 1 + f->jf] |= (uint8_t)holds;
	return true;
}

static bool survey(struct reader *r)
{
	uint8_t *reached = arena_calloc(r->a, r->code->n + 1, 1);
	reached[0] = NOTHING;
	for (size_t pc = 0; pc < r->code->n; pc++)
		if (reached[pc] && !survey_one(r, pc, reached))
			return false;
	return r->code->n > 0;
}

/* ---- what it answers for one number ---- */

static uint32_t node(struct reader *r, struct flat_node want)
{
	struct flat *flat = r->flat;
	for (size_t i = 0; i < flat->nodes.n; i++) {
		const struct flat_node *had = &flat->nodes.v[i];
		if (had->code == want.code && had->k == want.k && had->t == want.t &&
		    had->f == want.f)
			return (uint32_t)i;
	}
	vec_push(r->a, &flat->nodes, want);
	return (uint32_t)flat->nodes.n - 1;
}

static bool holds(const struct sock_filter *f, uint32_t v)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return v == f->k;
	case BPF_JGT:
		return v > f->k;
	default:
		return v >= f->k;
	}
}

static uint32_t answer(struct reader *r, size_t pc, int acc);

static uint32_t with_argument(struct reader *r, size_t pc)
{
	if (!r->after[pc])
		r->after[pc] = answer(r, pc, ARGUMENT) + 1;
	return r->after[pc] - 1;
}

static uint32_t load_node(struct reader *r, const struct sock_filter *f, uint32_t next)
{
	uint16_t code = r->flat->nodes.v[next].code;
	bool unused = BPF_CLASS(code) == BPF_RET || BPF_CLASS(code) == BPF_LD;
	return unused ? next : node(r, (struct flat_node){ f->code, f->k, next, next });
}

/* acc: what the accumulator holds, one of them. */
static uint32_t answer(struct reader *r, size_t pc, int acc)
{
	for (;; pc++) {
		const struct sock_filter *f = &r->code->v[pc];
		if (BPF_CLASS(f->code) == BPF_RET)
			return node(r, (struct flat_node){ f->code, f->k, 0, 0 });
		if (is_load(f)) {
			acc = loaded(f);
			if (acc == ARGUMENT)
				return load_node(r, f, with_argument(r, pc + 1));
		} else if (BPF_CLASS(f->code) == BPF_ALU) {
			uint32_t next = with_argument(r, pc + 1);
			return node(r, (struct flat_node){ f->code, f->k, next, next });
		} else if (!is_conditional(f)) {
			pc += f->k;
		} else if (acc == ARGUMENT) {
			uint32_t t = with_argument(r, pc + 1 + f->jt);
			uint32_t no = with_argument(r, pc + 1 + f->jf);
			return t == no ? t : node(r, (struct flat_node){ f->code, f->k, t, no });
		} else {
			pc += holds(f, acc == ARCH ? r->arch : r->nr) ? f->jt : f->jf;
		}
	}
}

/* ---- for all of them ---- */

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static int by_call(const void *a, const void *b)
{
	const struct plain_call *x = a, *y = b;
	if (x->arch != y->arch)
		return x->arch < y->arch ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

static uint32_t answer_for(struct reader *r, uint32_t nr, const plain_calls *plain)
{
	const struct plain_call key = { .arch = r->arch, .nr = nr };
	const struct plain_call *call =
		plain->n ? bsearch(&key, plain->v, plain->n, sizeof(key), by_call) : NULL;
	if (call)
		return node(r, (struct flat_node){ BPF_RET | BPF_K, call->action, 0, 0 });
	r->nr = nr;
	memset(r->after, 0, r->code->n * sizeof(*r->after));
	return answer(r, 0, NOTHING);
}

static void read_arch(struct reader *r, uint32_t arch, const plain_calls *plain, flat_ranges *out)
{
	numbers points = { 0 };
	r->arch = arch;
	vec_push(r->a, &points, 0);
	for (size_t i = 0; i < r->points.n; i++)
		vec_push(r->a, &points, r->points.v[i]);
	for (size_t i = 0; i < plain->n; i++)
		if (plain->v[i].arch == arch) {
			vec_push(r->a, &points, plain->v[i].nr);
			vec_push(r->a, &points, plain->v[i].nr + 1);
		}
	qsort(points.v, points.n, sizeof(*points.v), by_value);
	for (size_t i = 0; i < points.n; i++) {
		if (i && points.v[i] == points.v[i - 1])
			continue;
		uint32_t got = answer_for(r, points.v[i], plain);
		if (!out->n || out->v[out->n - 1].node != got)
			vec_push(r->a, out, ((struct flat_range){ points.v[i], got }));
	}
}

static uint32_t other_arch(const numbers *archs)
{
	for (uint32_t v = 0;; v++) {
		size_t i = 0;
		while (i < archs->n && archs->v[i] != v)
			i++;
		if (i == archs->n)
			return v;
	}
}

bool filter_read(struct arena *a, const bpf_code *code, const plain_calls *plain, struct flat *out)
{
	struct reader r = { .a = a, .code = code, .flat = out };
	plain_calls sorted = { 0 };
	*out = (struct flat){ 0 };
	if (!survey(&r))
		return false;
	r.after = arena_calloc(a, code->n, sizeof(*r.after));
	for (size_t i = 0; i < plain->n; i++) {
		vec_push(a, &sorted, plain->v[i]);
		add_number(&r, &r.archs, plain->v[i].arch);
	}
	if (sorted.n)
		qsort(sorted.v, sorted.n, sizeof(*sorted.v), by_call);
	for (size_t i = 0; i < r.archs.n; i++) {
		struct flat_arch arch = { .arch = r.archs.v[i] };
		read_arch(&r, arch.arch, &sorted, &arch.ranges);
		vec_push(a, &out->archs, arch);
	}
	read_arch(&r, other_arch(&r.archs), &sorted, &out->other);
	return true;
}
