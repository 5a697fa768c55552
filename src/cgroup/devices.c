/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules -> a BPF program that the kernel asks at every open and mknod of a device. Making
 * the program is pure. Rules are tested from the last to the first; each speaks only about the
 * accesses it names, so a request may be decided by several: allow rules strike their accesses off
 * the request, a deny rule that meets one that is left refuses, and what nobody speaks about is
 * refused. Surprise: type, major and minor are packed into one 64-bit key, so a rule is one
 * compare; three branches a rule make the verifier ten times slower. */
#include <inttypes.h>

#include "base/cleanup.h"
#include "cgroup/driver.h"
#include "sys/bpf.h"

/* Numbers the kernel cannot have never match; without them the key has room for the type. */
#define MAJOR_MAX  0xFFF
#define MINOR_MAX  0xFFFFF
#define TYPE_SHIFT 24 /* above the major, in the upper half */

/* ---- the rules ---- */

/* What every container may use, whatever its rules say: making nodes (harmless, opening them is
 * what counts) and the devices that the spec asks for in /dev. */
static const struct cgroup_rule default_rules[] = {
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_MKNOD, -1, -1 },
	{ true, CGROUP_DEV_BLOCK, CGROUP_ACC_MKNOD, -1, -1 },
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 1, 3 },    /* null */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 1, 5 },    /* zero */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 1, 7 },    /* full */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 1, 8 },    /* random */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 1, 9 },    /* urandom */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 5, 0 },    /* tty */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 5, 2 },    /* ptmx */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 10, 200 }, /* net/tun */
	{ true, CGROUP_DEV_CHAR, CGROUP_ACC_ALL, 136, -1 }, /* pts/N */
};

static int rule_access(const char *key, const char *text, uint8_t *out)
{
	uint8_t bits = 0;

	/* The spec leaves an absent access open; the rule then speaks about every access. */
	for (const char *p = text ? text : "rwm"; *p; p++) {
		if (*p == 'r')
			bits |= CGROUP_ACC_READ;
		else if (*p == 'w')
			bits |= CGROUP_ACC_WRITE;
		else if (*p == 'm')
			bits |= CGROUP_ACC_MKNOD;
		else
			return err_msg(ERR_CONFIG, "%s/access: must be made of r, w and m", key);
	}
	*out = bits ? bits : CGROUP_ACC_ALL;
	return 0;
}

static int rule_type(const char *key, const char *text, uint8_t *out)
{
	if (!text || !*text || streq(text, "a"))
		*out = CGROUP_DEV_ANY;
	else if (streq(text, "b"))
		*out = CGROUP_DEV_BLOCK;
	else if (streq(text, "c") || streq(text, "u"))
		*out = CGROUP_DEV_CHAR;
	else
		return err_msg(ERR_CONFIG, "%s/type: must be a, b or c", key);
	return 0;
}

static int add_rules(struct arena *a, const struct oci_resources *r, struct cgroup_resources *out)
{
	for (size_t i = 0; i < r->devices.n; i++) {
		const struct oci_device_rule *d = &r->devices.v[i];
		const char *key = arena_printf(a, "/linux/resources/devices/%zu", i);
		struct cgroup_rule rule = {
			.allow = d->allow == OCI_BOOL_TRUE,
			.major = d->major.set ? d->major.v : -1,
			.minor = d->minor.set ? d->minor.v : -1,
		};
		if (rule.major < -1 || rule.minor < -1)
			return err_msg(ERR_CONFIG,
				       "%s: device numbers must be -1 (every) or not negative",
				       key);
		TRY(rule_type(key, d->type, &rule.type));
		TRY(rule_access(key, d->access, &rule.access));
		vec_push(a, &out->rules, rule);
	}
	return 0;
}

int cgroup_device_rules(struct arena *a, const struct oci_resources *r,
			struct cgroup_resources *out)
{
	if (r)
		TRY(add_rules(a, r, out));
	for (size_t i = 0; i < ARRAY_SIZE(default_rules); i++)
		vec_push(a, &out->rules, default_rules[i]);
	return 0;
}

/* ---- the program ---- */

/* Registers: 2 type, 3 accesses that are still undecided, 4 whole key, 5 its upper half. */
struct gen {
	struct arena *a;
	struct cgroup_prog *prog;
	VEC(size_t) to_allow, to_deny; /* jumps whose target is one of the two exits */
};

static void emit(struct gen *g, uint8_t code, uint8_t dst, uint8_t src, int32_t imm)
{
	struct bpf_insn in = { .code = code, .dst_reg = dst, .src_reg = src, .imm = imm };
	vec_push(g->a, &g->prog->insns, in);
}

/* dst = one 32-bit member of the context */
static void emit_load32(struct gen *g, uint8_t dst, size_t member)
{
	emit(g, BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, 0);
	g->prog->insns.v[g->prog->insns.n - 1].off = (int16_t)member;
}

static void emit_load64(struct gen *g, uint8_t dst, uint64_t v)
{
	emit(g, BPF_LD | BPF_DW | BPF_IMM, dst, 0, (int32_t)(uint32_t)v);
	emit(g, 0, 0, 0, (int32_t)(uint32_t)(v >> 32));
}

static void emit_prologue(struct gen *g)
{
	emit_load32(g, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load32(g, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load32(g, BPF_REG_6, offsetof(struct bpf_cgroup_dev_ctx, minor));
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0);
	emit(g, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 16);
	emit(g, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0xFFFF);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_2, 0);
	emit(g, BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_4, 0, TYPE_SHIFT);
	emit(g, BPF_ALU64 | BPF_OR | BPF_X, BPF_REG_5, BPF_REG_4, 0);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_5, 0);
	emit(g, BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_4, 0, 32);
	emit(g, BPF_ALU64 | BPF_OR | BPF_X, BPF_REG_4, BPF_REG_6, 0);
}

/* The next instruction is a jump to one of the exits; its distance is filled in at the end. */
static void next_exits(struct gen *g, bool allow)
{
	if (allow)
		vec_push(g->a, &g->to_allow, g->prog->insns.n);
	else
		vec_push(g->a, &g->to_deny, g->prog->insns.n);
}

/* What a rule's jump compares: "the device is (not) the rule's". */
struct compare {
	uint8_t reg;
	bool use_reg1; /* compare with register 1, else with imm */
	int32_t imm;
};

static struct compare emit_compare(struct gen *g, const struct cgroup_rule *r)
{
	uint64_t major = r->major < 0 ? 0 : (uint64_t)r->major,
		 minor = r->minor < 0 ? 0 : (uint64_t)r->minor;
	uint64_t upper = ((uint64_t)r->type << TYPE_SHIFT) | major;

	if (r->type && r->major < 0 && r->minor < 0)
		return (struct compare){ .reg = BPF_REG_2, .imm = r->type };
	if (r->type && r->major >= 0 && r->minor < 0)
		return (struct compare){ .reg = BPF_REG_5, .imm = (int32_t)upper };
	struct compare c = { .reg = BPF_REG_4, .use_reg1 = true };
	if (!r->type || r->major < 0) {
		/* A hole in the key: compare what is left of it. */
		uint64_t mask = (r->type ? 3ull << (TYPE_SHIFT + 32) : 0) |
				(r->major >= 0 ? 0xFFFFFFull << 32 : 0) |
				(r->minor >= 0 ? 0xFFFFFFFFull : 0);
		emit_load64(g, BPF_REG_6, mask);
		emit(g, BPF_ALU64 | BPF_AND | BPF_X, BPF_REG_6, BPF_REG_4, 0);
		c.reg = BPF_REG_6;
	}
	emit_load64(g, BPF_REG_1, (upper << 32) | minor);
	return c;
}

/* What happens when the device is the rule's: all accesses -> straight to the exit; some -> strike
 * off or refuse. */
static void emit_some_accesses(struct gen *g, const struct cgroup_rule *r)
{
	if (!r->allow) {
		next_exits(g, false);
		emit(g, BPF_JMP | BPF_JSET | BPF_K, BPF_REG_3, 0, r->access);
		return;
	}
	emit(g, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_3, 0, ~(int32_t)r->access);
	next_exits(g, true);
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_3, 0, 0);
}

/* True when the rule decides everything, so that earlier rules are never asked. */
static bool emit_rule(struct gen *g, const struct cgroup_rule *r)
{
	bool every_device = !r->type && r->major < 0 && r->minor < 0;

	if (r->major > MAJOR_MAX || r->minor > MINOR_MAX)
		return false;
	if (every_device && r->access == CGROUP_ACC_ALL) {
		next_exits(g, r->allow);
		emit(g, BPF_JMP | BPF_JA, 0, 0, 0);
		return true;
	}
	if (every_device) {
		emit_some_accesses(g, r);
		return false;
	}
	struct compare c = emit_compare(g, r);
	uint8_t src = c.use_reg1 ? BPF_REG_1 : 0, kind = c.use_reg1 ? BPF_X : BPF_K;
	if (r->access == CGROUP_ACC_ALL) {
		next_exits(g, r->allow);
		emit(g, BPF_JMP | BPF_JEQ | kind, c.reg, src, c.imm);
		return false;
	}
	size_t skip = g->prog->insns.n;
	emit(g, BPF_JMP | BPF_JNE | kind, c.reg, src, c.imm);
	emit_some_accesses(g, r);
	g->prog->insns.v[skip].off = (int16_t)(g->prog->insns.n - skip - 1);
	return false;
}

static void emit_verdict(struct gen *g, const size_t *jumps, size_t n, int32_t verdict)
{
	for (size_t i = 0; i < n; i++)
		g->prog->insns.v[jumps[i]].off = (int16_t)(g->prog->insns.n - jumps[i] - 1);
	emit(g, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, verdict);
	emit(g, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

int cgroup_devices_compile(struct arena *a, const struct cgroup_rule *rules, size_t n,
			   struct cgroup_prog *out)
{
	struct cgroup_prog prog = { 0 };
	struct gen g = { .a = a, .prog = &prog };
	bool decided = false;

	emit_prologue(&g);
	for (size_t i = n; i-- > 0 && !decided;) {
		decided = emit_rule(&g, &rules[i]);
		/* Jumps reach 32767 instructions. */
		if (prog.insns.n > INT16_MAX - 16)
			return err_msg(ERR_UNSUPPORTED, "/linux/resources/devices: too many rules");
	}
	if (decided && !g.to_deny.n)
		return CGROUP_DEVICES_ALL;
	/* The verifier refuses code that nothing reaches. */
	if (!decided || g.to_deny.n)
		emit_verdict(&g, g.to_deny.v, g.to_deny.n, 0);
	if (g.to_allow.n)
		emit_verdict(&g, g.to_allow.v, g.to_allow.n, 1);
	*out = prog;
	return 0;
}

/* ---- attaching ---- */

#define MAX_OLD 64

/* The programs that the cgroup has now. A cgroup that we made has none. */
static int old_programs(const struct cgroup *cg, uint32_t *ids, uint32_t *n)
{
	if (cg->created) {
		*n = 0;
		return 0;
	}
	if (bpf_prog_query(cg->dir_fd, BPF_CGROUP_DEVICE, ids, n) < 0)
		return err_sys("list the device programs of \"%s\"", cg->path);
	return 0;
}

static int detach_old(const struct cgroup *cg, const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		_cleanup_close_ int old = bpf_prog_by_id(ids[i]);
		if (old < 0 && errno == ENOENT)
			continue;
		if (old < 0 ||
		    (bpf_prog_detach(cg->dir_fd, old, BPF_CGROUP_DEVICE) < 0 && errno != ENOENT))
			return err_sys("remove an old device program from \"%s\"", cg->path);
	}
	return 0;
}

/* One old program is replaced in one step; several are removed after ours is in place, so that no
 * moment is without rules. */
static int attach(const struct cgroup *cg, int prog_fd)
{
	uint32_t ids[MAX_OLD], n = MAX_OLD;
	TRY(old_programs(cg, ids, &n));
	_cleanup_close_ int replace = n == 1 ? bpf_prog_by_id(ids[0]) : -1;

	if (replace >= 0 && bpf_prog_attach(cg->dir_fd, prog_fd, BPF_CGROUP_DEVICE, replace) == 0)
		return 0;
	if (bpf_prog_attach(cg->dir_fd, prog_fd, BPF_CGROUP_DEVICE, -1) < 0)
		return err_sys("attach the device rules to \"%s\"", cg->path);
	return detach_old(cg, ids, n);
}

static int detach_all(const struct cgroup *cg)
{
	uint32_t ids[MAX_OLD], n = MAX_OLD;
	TRY(old_programs(cg, ids, &n));
	return detach_old(cg, ids, n);
}

static int load_and_attach(const struct cgroup_plan *p, const struct cgroup *cg)
{
	_cleanup_close_ int fd =
		bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, p->device_prog, p->device_prog_len);
	if (fd < 0)
		return err_sys("load the device rules of \"%s\" into the kernel", cg->path);
	return attach(cg, fd);
}

int cgroup_devices(const struct cgroup_plan *p, const struct cgroup *cg)
{
	if (cg->dir_fd < 0)
		return 0;
	int r = p->all_devices ? detach_all(cg) : load_and_attach(p, cg);
	if (r < 0 && p->rootless && (err_get()->no == EPERM || err_get()->no == EACCES)) {
		/* Without privilege there is no mknod and no node of ours that would need a rule:
		 * the devices in /dev are the host's, with the host's permissions. */
		err_dropped(r);
		return 0;
	}
	return r;
}
