/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile becomes BPF. libseccomp is the authority for names, numbers, architectures and
 * argument semantics; only this file and seccomp_split.c include it, and nothing is loaded here.
 * What is simple goes around it, because it takes 10 ms for the usual profile, and the program is
 * written anew as a tree, because the kernel takes long to load the library's.
 * Surprise: engines rely on two readings that the spec does not state: unknown system calls are
 * skipped, and a rule that tests the same argument twice means "or", one library rule per test. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "security/flat.h"
#include "security/parts.h"

#define X32_BIT     0x40000000u
#define ARM_PRIVATE 0x000f0000u /* cacheflush, set_tls: far above the numbered calls */

typedef VEC(struct stub_arch) stub_list;

static void close_filter(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static uint32_t action_value(enum oci_seccomp_action act, const struct oci_u32 *ret)
{
	uint16_t data = ret->set ? (uint16_t)ret->v : EPERM;
	switch (act) {
	case OCI_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case OCI_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case OCI_ACT_ERRNO:
		return SCMP_ACT_ERRNO(data);
	case OCI_ACT_TRACE:
		return SCMP_ACT_TRACE(data);
	case OCI_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case OCI_ACT_LOG:
		return SCMP_ACT_LOG;
	case OCI_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	default:
		return SCMP_ACT_KILL_THREAD;
	}
}

static enum scmp_compare compare_op(enum oci_seccomp_op op)
{
	static const enum scmp_compare ops[oci_seccomp_op_count] = {
		[OCI_CMP_NE] = SCMP_CMP_NE,
		[OCI_CMP_LT] = SCMP_CMP_LT,
		[OCI_CMP_LE] = SCMP_CMP_LE,
		[OCI_CMP_EQ] = SCMP_CMP_EQ,
		[OCI_CMP_GE] = SCMP_CMP_GE,
		[OCI_CMP_GT] = SCMP_CMP_GT,
		[OCI_CMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	return ops[op];
}

uint32_t filter_arch_token(const char *word)
{
	char lower[32];
	const char *p = after_prefix(word, "SCMP_ARCH_");
	size_t n = 0;
	for (; p && *p && n < sizeof(lower) - 1; p++)
		lower[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
	lower[n] = '\0';
	return seccomp_arch_resolve_name(lower);
}

bool filter_knows_arch(const char *word)
{
	return filter_arch_token(word) != 0;
}

unsigned filter_api_level(void)
{
	return seccomp_api_get();
}

const char *security_libseccomp_version(char out[32])
{
	const struct scmp_version *v = seccomp_version();
	snprintf(out, 32, "%u.%u.%u", v->major, v->minor, v->micro);
	return out;
}

/* One name of one rule. */
static int add_rule(scmp_filter_ctx ctx, uint32_t action, int nr, const struct scmp_arg_cmp *cmp,
		    size_t n)
{
	int r = seccomp_rule_add_array(ctx, action, nr, (unsigned)n, cmp);
	return r == -EEXIST ? 0 : r; /* the profile says the same thing twice */
}

static bool repeats_argument(const struct oci_syscall *sc)
{
	unsigned seen = 0;
	for (size_t i = 0; i < sc->args.n; i++) {
		unsigned bit = 1u << sc->args.v[i].index;
		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static struct scmp_arg_cmp condition(const struct oci_seccomp_arg *arg)
{
	return (struct scmp_arg_cmp){ .arg = arg->index,
				      .op = compare_op(arg->op),
				      .datum_a = arg->value,
				      .datum_b = arg->value_two };
}

static int add_name(scmp_filter_ctx ctx, uint32_t action, int nr, const struct oci_syscall *sc)
{
	struct scmp_arg_cmp cmp[6];
	int r = 0;
	if (!repeats_argument(sc)) { /* so there are at most six */
		for (size_t i = 0; i < sc->args.n; i++)
			cmp[i] = condition(&sc->args.v[i]);
		return add_rule(ctx, action, nr, cmp, sc->args.n);
	}
	for (size_t i = 0; i < sc->args.n && r == 0; i++) {
		cmp[0] = condition(&sc->args.v[i]);
		r = add_rule(ctx, action, nr, cmp, 1);
	}
	return r;
}

static void list_calls(struct arena *a, const struct oci_seccomp *sc, named_calls *out)
{
	uint32_t def = action_value(sc->default_action, &sc->default_errno_ret);
	for (size_t i = 0; i < sc->syscalls.n; i++) {
		const struct oci_syscall *rule = &sc->syscalls.v[i];
		uint32_t action = action_value(rule->action, &rule->errno_ret);
		if (action == def)
			continue; /* the library refuses what would change nothing */
		for (size_t j = 0; j < rule->names.n; j++)
			if (seccomp_syscall_resolve_name(rule->names.v[j]) != __NR_SCMP_ERROR)
				vec_push(a, out,
					 ((struct named_call){ rule->names.v[j], rule, i, action,
							       false }));
	}
}

static int add_rules(scmp_filter_ctx ctx, const named_calls *calls)
{
	for (size_t i = 0; i < calls->n; i++) {
		const struct named_call *c = &calls->v[i];
		int r = c->plain ? 0
				 : add_name(ctx, c->action, seccomp_syscall_resolve_name(c->name),
					    c->rule);
		if (r < 0)
			return err_sysno(-r,
					 "/linux/seccomp/syscalls/%zu: add rule for system call "
					 "\"%s\"",
					 c->rule_index, c->name);
	}
	return 0;
}

int filter_check_names(const struct oci_seccomp *sc)
{
	for (size_t i = 0; i < sc->syscalls.n; i++) {
		const struct oci_strs *names = &sc->syscalls.v[i].names;
		for (size_t j = 0; j < names->n; j++)
			if (seccomp_syscall_resolve_name(names->v[j]) == __NR_SCMP_ERROR)
				return err_msg(ERR_CONFIG,
					       "/linux/seccomp/syscalls/%zu/names/%zu: unknown "
					       "system call \"%s\"",
					       i, j, names->v[j]);
	}
	return 0;
}

static int add_archs(scmp_filter_ctx ctx, const struct oci_seccomp *sc)
{
	for (size_t i = 0; i < sc->architectures.n; i++) {
		const char *word = sc->architectures.v[i];
		uint32_t token = filter_arch_token(word);
		if (!token)
			return err_msg(ERR_UNSUPPORTED,
				       "/linux/seccomp/architectures/%zu: this "
				       "libseccomp does not know \"%s\"",
				       i, word);
		int r = seccomp_arch_add(ctx, token);
		if (r < 0 && r != -EEXIST)
			return err_sysno(-r, "/linux/seccomp/architectures/%zu: add \"%s\"", i,
					 word);
	}
	return 0;
}

/* The largest number the profile names on this architecture within [from, end); false if none. */
static bool last_named(const struct oci_seccomp *sc, uint32_t token, uint32_t end, uint32_t *out)
{
	bool found = false;
	uint32_t last = 0;
	for (size_t i = 0; i < sc->syscalls.n; i++) {
		const struct oci_strs *names = &sc->syscalls.v[i].names;
		for (size_t j = 0; j < names->n; j++) {
			int nr = seccomp_syscall_resolve_name_arch(token, names->v[j]);
			if (nr < 0 || (end && (uint32_t)nr >= end))
				continue;
			found = true;
			if ((uint32_t)nr > last)
				last = (uint32_t)nr;
		}
	}
	*out = last;
	return found;
}

static uint32_t numbers_end(uint32_t token)
{
	if (token == SCMP_ARCH_X86_64)
		return X32_BIT;
	return token == SCMP_ARCH_ARM ? ARM_PRIVATE : 0;
}

/* x32 shares the audit arch of x86_64, which stands before it in the word list. */
static void add_stub_arch(struct arena *a, const struct oci_seccomp *sc, uint32_t token,
			  stub_list *list)
{
	struct stub_range r = { .end = numbers_end(token) };
	uint32_t audit = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
	if (!last_named(sc, token, r.end, &r.last))
		return;
	struct stub_arch *arch = list->n ? &list->v[list->n - 1] : NULL;
	if (!arch || arch->audit_arch != audit) {
		arch = vec_add(a, list);
		arch->audit_arch = audit;
	}
	arch->ranges[arch->n++] = r;
}

/* A default that lets calls through or tells a tracer needs no stub; ENOSYS is what it gives. */
static bool wants_stub(const struct oci_seccomp *sc)
{
	switch (sc->default_action) {
	case OCI_ACT_ALLOW:
	case OCI_ACT_LOG:
	case OCI_ACT_TRACE:
		return false;
	case OCI_ACT_ERRNO:
		return !sc->default_errno_ret.set || sc->default_errno_ret.v != ENOSYS;
	default:
		return true;
	}
}

static void add_stub(struct arena *a, scmp_filter_ctx ctx, const struct oci_seccomp *sc,
		     bpf_code *code)
{
	stub_list list = { 0 };
	for (const struct name *n = seccomp_arch_words; n->word; n++) {
		uint32_t token = filter_arch_token(n->word);
		if (token && seccomp_arch_exist(ctx, token) == 0)
			add_stub_arch(a, sc, token, &list);
	}
	stub_emit(a, code, list.v, list.n);
}

static int add_library_code(struct arena *a, scmp_filter_ctx ctx, bpf_code *code)
{
	_cleanup_close_ int fd = memfd_create("seccomp-filter", MFD_CLOEXEC);
	char *text;
	size_t len;
	if (fd < 0)
		return err_sys("make a memory file for the seccomp filter");
	int r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_sysno(-r, "generate the seccomp filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys("rewind the seccomp filter");
	TRY(io_read_fd(a, fd, "the seccomp filter", 1u << 20, &text, &len));
	const struct sock_filter *insns = (const struct sock_filter *)(const void *)text;
	for (size_t i = 0; i < len / sizeof(*insns); i++)
		vec_push(a, code, insns[i]);
	return 0;
}

/* What the library makes of the calls that are not plain, our stub in front. */
static int library_program(struct arena *a, scmp_filter_ctx ctx, const struct oci_seccomp *sc,
			   const named_calls *calls, bpf_code *out)
{
	*out = (bpf_code){ 0 };
	TRY(add_rules(ctx, calls));
	if (wants_stub(sc))
		add_stub(a, ctx, sc, out);
	return add_library_code(a, ctx, out);
}

static uint32_t *list_tokens(struct arena *a, scmp_filter_ctx ctx)
{
	VEC(uint32_t) tokens = { 0 };
	for (const struct name *n = seccomp_arch_words; n->word; n++) {
		uint32_t token = filter_arch_token(n->word);
		if (token && seccomp_arch_exist(ctx, token) == 0)
			vec_push(a, &tokens, token);
	}
	vec_push(a, &tokens, 0);
	return tokens.v;
}

int filter_build(struct arena *a, const struct oci_seccomp *sc, struct seccomp_filter *out)
{
	__attribute__((cleanup(close_filter))) scmp_filter_ctx ctx =
		seccomp_init(action_value(sc->default_action, &sc->default_errno_ret));
	bpf_code code = { 0 };
	named_calls calls = { 0 };
	plain_calls plain = { 0 };
	struct flat flat;
	if (!ctx)
		return err_msg(ERR_SYS, "start a seccomp filter with default action %s",
			       oci_word(&oci_seccomp_action_words, sc->default_action));
	TRY(add_archs(ctx, sc));
	list_calls(a, sc, &calls);
	filter_split(a, list_tokens(a, ctx), &calls, &plain);
	TRY(library_program(a, ctx, sc, &calls, &code));
	if (filter_read(a, &code, &plain, &flat)) {
		filter_write(a, &flat, &code);
	} else {
		/* a library that writes what we cannot read: it does everything */
		for (size_t i = 0; i < calls.n; i++)
			calls.v[i].plain = !calls.v[i].plain;
		TRY(library_program(a, ctx, sc, &calls, &code));
	}
	if (code.n > BPF_MAXINSNS)
		return err_msg(ERR_CONFIG,
			       "/linux/seccomp: the filter has %zu instructions, the kernel "
			       "takes %d",
			       code.n, BPF_MAXINSNS);
	out->insns = code.v;
	out->n = code.n;
	return 0;
}
