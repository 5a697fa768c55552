/* SPDX-License-Identifier: Apache-2.0 */
/* The first instruction of the static program: the commands that enter a container continue from
 * where nobody can write to them, before the C library has started, so that its start-up, our
 * relocations and the constructors are paid once and not twice. What goes wrong here is nobody's
 * failure: the ordinary start follows, and selfexe_seal() does the same with every fallback and
 * error.
 * Surprise: nothing is relocated and there is no thread pointer: no errno, no library function,
 * no table of pointers, no stack protector, and the compiler may not turn a loop into strlen(). */
#include <elf.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sys/selfexe.h"
#include "sys/selfexe_rules.h"

#if defined(__x86_64__)

#ifdef __clang__
#define BEFORE_LIBC __attribute__((no_stack_protector, no_builtin))
#else
#define BEFORE_LIBC \
	__attribute__((no_stack_protector, noinline, optimize("no-tree-loop-distribute-patterns")))
#endif

bool selfexe_entry_is_protected;

/* arg: five, the rest is 0. Fails with -4095 to -1, the kernel's way of saying no. */
static inline __attribute__((always_inline)) long raw(long nr, const long arg[5])
{
	register long r10 __asm__("r10") = arg[3];
	register long r8 __asm__("r8") = arg[4];
	long ret;
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(arg[0]), "S"(arg[1]), "d"(arg[2]), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}
#define RAW(nr, ...) raw(nr, (const long[5]){ __VA_ARGS__ })

BEFORE_LIBC static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The global options whose value is a word of its own, and the commands with .enters. A wrong guess
 * costs time and nothing else: main() asks the parsed command line. */
BEFORE_LIBC static bool wants_seal(char **argv)
{
	static const char valued[][16] = { "--root",     "--log",  "--log-format",    "--log-level",
					   "--rootless", "--criu", "--cgroup-manager" };
	static const char enters[][8] = { "create", "run", "exec", "mounts" };
	for (argv += *argv != NULL; *argv; argv++) {
		if (**argv != '-') {
			for (size_t i = 0; i < sizeof(enters) / sizeof(enters[0]); i++)
				if (same(*argv, enters[i]))
					return true;
			return false;
		}
		for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++)
			if (same(*argv, valued[i]) && argv[1]) {
				argv++;
				break;
			}
	}
	return false;
}

struct start {
	char **argv, **envp;
	const Elf64_Phdr *ph;
	size_t ph_n;
	unsigned euid;
	bool secure; /* more rights than who started us: main() refuses */
};

BEFORE_LIBC static void read_stack(long *sp, struct start *s)
{
	s->argv = (char **)(sp + 1);
	s->envp = s->argv + *sp + 1;
	char **p = s->envp;
	while (*p)
		p++;
	s->ph = NULL;
	s->ph_n = 0;
	s->secure = false;
	s->euid = 0;
	for (const Elf64_auxv_t *a = (const void *)(p + 1); a->a_type != AT_NULL; a++) {
		if (a->a_type == AT_PHDR)
			s->ph = (const void *)a->a_un.a_val;
		else if (a->a_type == AT_PHNUM)
			s->ph_n = a->a_un.a_val;
		else if (a->a_type == AT_EUID)
			s->euid = (unsigned)a->a_un.a_val;
		else if (a->a_type == AT_SECURE)
			s->secure = a->a_un.a_val != 0;
	}
}

/* Same rules as selfexe_seal(). */
BEFORE_LIBC static bool protected(long exe)
{
	char link[2];
	struct statfs fs;
	long seals = RAW(SYS_fcntl, exe, F_GET_SEALS);
	if (seals >= 0)
		return (seals & SELFEXE_SEALS) == SELFEXE_SEALS;
	long len = RAW(SYS_readlink, (long)"/proc/self/exe", (long)link, sizeof(link));
	return len == 1 && RAW(SYS_fstatfs, exe, (long)&fs) == 0 &&
	       selfexe_on_detached_mount(link, len, (unsigned long)fs.f_flags);
}

BEFORE_LIBC static bool unchangeable(long exe, unsigned euid)
{
	struct statfs fs;
	struct statx st;
	if (RAW(SYS_fstatfs, exe, (long)&fs) == 0 &&
	    selfexe_unwritable_fs((unsigned long)fs.f_type))
		return true;
	if (RAW(SYS_statx, exe, (long)"", AT_EMPTY_PATH, STATX_UID | STATX_MODE, (long)&st) != 0)
		return false;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct cap[2];
	bool no_caps =
		euid && RAW(SYS_capget, (long)&head, (long)cap) == 0 && selfexe_no_caps(cap);
	return selfexe_unwritable_file(&st) || selfexe_beyond_rights(euid, no_caps, &st);
}

/* Closed before the next program begins, which is what makes the mount unchangeable. */
BEFORE_LIBC static void execute(long fd, const struct start *s)
{
	RAW(SYS_execveat, fd, (long)"", (long)s->argv, (long)s->envp, AT_EMPTY_PATH);
	RAW(SYS_close, fd);
}

BEFORE_LIBC static void from_readonly_mount(long exe, const struct start *s)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	long fd = RAW(SYS_open_tree, exe, (long)"",
		      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd < 0)
		return;
	if (RAW(SYS_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&readonly,
		sizeof(readonly)) == 0)
		execute(fd, s);
	else
		RAW(SYS_close, fd);
}

BEFORE_LIBC static bool copy_program(long to, long from, const struct start *s)
{
	size_t left = 0;
	for (size_t i = 0; s->ph && i < s->ph_n; i++)
		if (s->ph[i].p_offset + s->ph[i].p_filesz > left)
			left = s->ph[i].p_offset + s->ph[i].p_filesz;
	if (!left)
		return false;
	while (left) {
		long n = RAW(SYS_sendfile, to, from, 0, (long)left, 0);
		if (n <= 0)
			return false;
		left -= (size_t)n;
	}
	return true;
}

BEFORE_LIBC static void from_sealed_copy(long exe, const struct start *s)
{
	long fd = RAW(SYS_memfd_create, (long)"ocirun",
		      MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0)
		return;
	if (copy_program(fd, exe, s) && RAW(SYS_fchmod, fd, 0555) == 0 &&
	    RAW(SYS_fcntl, fd, F_ADD_SEALS, SELFEXE_SEALS | F_SEAL_EXEC) == 0)
		execute(fd, s);
	else
		RAW(SYS_close, fd);
}

void selfexe_before_libc(long *sp); /* called by the assembly below */

BEFORE_LIBC __attribute__((used)) void selfexe_before_libc(long *sp)
{
	struct start s;
	read_stack(sp, &s);
	if (s.secure || !wants_seal(s.argv))
		return;
	long exe = RAW(SYS_openat, AT_FDCWD, (long)"/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (exe < 0)
		return;
	selfexe_entry_is_protected = protected(exe);
	if (!selfexe_entry_is_protected && !unchangeable(exe, s.euid)) {
		from_readonly_mount(exe, &s);
		from_sealed_copy(exe, &s);
	}
	RAW(SYS_close, exe);
}

/* rdx is what _start gets from the kernel; two pushes keep the stack aligned as a call wants it. */
__asm__(".text\n"
	".globl selfexe_entry\n"
	".type selfexe_entry, @function\n"
	"selfexe_entry:\n"
	"	endbr64\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rsp, %rdi\n"
	"	pushq %rdx\n"
	"	pushq %rdx\n"
	"	call selfexe_before_libc\n"
	"	popq %rdx\n"
	"	popq %rdx\n"
	"	jmp _start\n"
	".size selfexe_entry, . - selfexe_entry\n");

#else

bool selfexe_entry_is_protected;

#endif
