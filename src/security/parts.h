/* SPDX-License-Identifier: Apache-2.0 */
/* Private to security/: what its files promise each other. Names of libseccomp begin with seccomp_,
 * so what deals with the compiled filter begins with filter_. */
#pragma once

#include <linux/filter.h>

#include "base/vec.h"
#include "security/security.h"

/* words.c */
extern const struct name seccomp_arch_words[]; /* "SCMP_ARCH_X86" -> AUDIT_ARCH_I386 */
extern const struct name seccomp_flag_words[]; /* "SECCOMP_FILTER_FLAG_LOG" -> bit */
#define SECCOMP_ARCH_X32 0x4000003eu /* not an audit arch: x86_64's without the 64 bit mark */

/* plan_seccomp.c */
int seccomp_plan_make(const struct oci_config *c, struct security_plan *out) MUST_CHECK;

/* A label module asks for a word to be applied by the next execve. */
struct lsm {
	const char *name;
	const char *(*label)(const struct security_plan *p); /* NULL = not asked */
	int (*open)(const char *label) MUST_CHECK;           /* early; may check the label */
	int (*apply)(const char *label, int attr_fd) MUST_CHECK;
};
extern const struct lsm lsm_apparmor, lsm_selinux;
/* One write to, one read from attr_fd/file. */
int lsm_write_attr(int attr_fd, const char *file, const char *text) MUST_CHECK;
int lsm_read_attr(int attr_fd, const char *file, char *got, size_t size) MUST_CHECK;

/* seccomp.c */
int filter_build(struct arena *a, const struct oci_seccomp *sc,
		 struct seccomp_filter *out) MUST_CHECK;
int filter_check_names(const struct oci_seccomp *sc) MUST_CHECK; /* every name is known */
bool filter_knows_arch(const char *word); /* "SCMP_ARCH_RISCV64" */
uint32_t filter_arch_token(const char *word); /* the library's; 0: it does not know it */
unsigned filter_api_level(void);

/* seccomp_stub.c: see there */
struct stub_range {
	uint32_t last; /* numbers above it and below `end` are unknown to the profile */
	uint32_t end;  /* 0 = none above */
};
struct stub_arch {
	uint32_t audit_arch;
	struct stub_range ranges[2]; /* ascending; x86_64 has a second one for x32 */
	size_t n;
};
typedef VEC(struct sock_filter) bpf_code;
void stub_emit(struct arena *a, bpf_code *code, const struct stub_arch *archs, size_t n);

/* A system call whose answer does not depend on its arguments. */
struct plain_call {
	uint32_t arch, nr, action; /* AUDIT_ARCH_*, SECCOMP_RET_* with its data */
};
typedef VEC(struct plain_call) plain_calls;

/* A name of a rule that changes something. */
struct named_call {
	const char *name;
	const struct oci_syscall *rule;
	size_t rule_index;
	uint32_t action;
	bool plain; /* out: needs no library */
};
typedef VEC(struct named_call) named_calls;
/* seccomp_split.c. tokens: the filter's architectures, 0 ends them. Marks what is plain and lists
 * it by number. */
void filter_split(struct arena *a, const uint32_t *tokens, named_calls *calls, plain_calls *out);

/* seccomp_cache.c: what key gave, by its full text. */
enum { CACHE_MISS = 0, CACHE_HIT = 1 };
int filter_cache_get(struct arena *a, int dirfd, const char *key, size_t len,
		     struct seccomp_filter *out) MUST_CHECK;
int filter_cache_put(struct arena *a, int dirfd, const char *key, size_t len,
		     const struct seccomp_filter *f) MUST_CHECK;

/* seccomp_load.c */
bool seccomp_flag_supported(unsigned flag); /* by the running kernel */
