/* SPDX-License-Identifier: Apache-2.0 */
/* The least that a container can cost: the system calls that the kernel has to do for the benches'
 * minimal and docker-like bundles and nothing else. No C library, no config.json (it is compiled in),
 * no hooks, no checks, no protection of the own binary; an error ends it with the number of the line.
 *   floor minimal|docker|docker-sleep STATE-DIR run|create|start|exec|state|delete [-f] ID [PROGRAM]
 * in the bundle's folder. x86-64; bench/floor.sh compiles it, and makes floor_calls.h of the profile.
 * Surprise: the order is not ours. It enters the root first and mounts inside with mount(2), which is
 * fast and takes the image at its word; src/init/create_steps.c says what that would give up. */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "floor_calls.h" /* native[], i386[]: where the profile's answer changes, ascending */

#define P(p) ((long)(p))

static inline long raw(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = 0;
	long ret;
	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#define SYS_(nr, a, b, c, d, e, ...) raw(__NR_##nr, P(a), P(b), P(c), P(d), P(e))
#define SYS(...) SYS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define MUST(call) must((call), __LINE__)

/* gcc makes calls of loops and initializers. */
void *memset(void *to, int c, size_t n)
{
	for (char *p = to; n--; p++)
		*p = (char)c;
	return to;
}
void *memcpy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

static char *number(char *end, long v)
{
	*--end = '\0';
	do
		*--end = (char)('0' + v % 10);
	while (v /= 10);
	return end;
}
static size_t length(const char *s)
{
	size_t n = 0;
	while (s[n])
		n++;
	return n;
}
static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}
static long must(long r, long line)
{
	char buf[24];
	if (r >= 0)
		return r;
	const char *parts[] = { "floor: line ", number(buf + sizeof(buf), line), ": errno ", "", "\n" };
	char no[24];
	parts[3] = number(no + sizeof(no), -r);
	for (int i = 0; i < 5; i++)
		SYS(write, 2, parts[i], length(parts[i]));
	SYS(exit_group, 1);
	return r;
}

struct job {
	const char *id;
	char *program[3];
	char **envp;
	bool docker;
	int states, state, cgroups, cgroup; /* folders */
	int ready[2], created[2], start;    /* pipes, the fifo */
};

/* ---- filter ---------------------------------------------------------------------------------- */

static struct sock_filter filter[1024];
static unsigned filter_n;

static void emit(unsigned short code, unsigned char jt, unsigned char jf, unsigned k)
{
	filter[filter_n++] = (struct sock_filter){ code, jt, jf, k };
}

/* A balanced tree over the borders [from, to): left of the first one the answer is that of index from. */
static void tree(const unsigned *border, unsigned from, unsigned to)
{
	if (from == to) {
		emit(BPF_RET | BPF_K, 0, 0, from % 2 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | 1);
		return;
	}
	unsigned middle = from + (to - from) / 2, at = filter_n;
	emit(BPF_JMP | BPF_JGE | BPF_K, 0, 1, border[middle]);
	emit(BPF_JMP | BPF_JA, 0, 0, 0);
	tree(border, from, middle);
	filter[at + 1].k = filter_n - at - 2;
	if (filter[at + 1].k <= 254) { /* near: the jump is not needed; it stays as a place holder */
		filter[at].jt = (unsigned char)(filter[at + 1].k + 1);
	}
	tree(border, middle + 1, to);
}

static void make_filter(void)
{
	emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64);
	unsigned far = filter_n;
	emit(BPF_JMP | BPF_JA, 0, 0, 0);
	emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	tree(native, 0, sizeof(native) / sizeof(native[0]));
	filter[far].k = filter_n - far - 1;
	emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_I386);
	emit(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	tree(i386, 0, sizeof(i386) / sizeof(i386[0]));
}

/* ---- devices ----------------------------------------------------------------------------------- */

#define INSN(c, d, s, o, i) { .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define LOAD(reg, field) \
	INSN(BPF_LDX | BPF_MEM | BPF_W, reg, 1, offsetof(struct bpf_cgroup_dev_ctx, field), 0)
#define JEQ(reg, value, off) INSN(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, off, value)
#define RETURN(value) \
	INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, value), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

/* mknod of anything; null, zero, full, random, urandom, tty, ptmx and the pts. */
static const struct bpf_insn devices[] = {
	LOAD(2, access_type), LOAD(3, major), LOAD(4, minor),
	INSN(BPF_ALU64 | BPF_MOV | BPF_X, 5, 2, 0, 0),
	INSN(BPF_ALU64 | BPF_RSH | BPF_K, 5, 0, 0, 16),
	JEQ(5, BPF_DEVCG_ACC_MKNOD, 13), /* allow */
	INSN(BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, 0xffff),
	INSN(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 9, BPF_DEVCG_DEV_CHAR), /* deny */
	JEQ(3, 136, 10),
	INSN(BPF_ALU64 | BPF_LSH | BPF_K, 3, 0, 0, 8),
	INSN(BPF_ALU64 | BPF_OR | BPF_X, 3, 4, 0, 0),
	JEQ(3, 0x103, 7), JEQ(3, 0x105, 6), JEQ(3, 0x107, 5), JEQ(3, 0x108, 4), JEQ(3, 0x109, 3),
	JEQ(3, 0x500, 2), RETURN(0), RETURN(1),
};

static void limit_devices(int cgroup)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
				.insn_cnt = sizeof(devices) / sizeof(devices[0]),
				.insns = (uint64_t)devices,
				.license = (uint64_t) "Apache-2.0" };
	int fd = (int)MUST(SYS(bpf, BPF_PROG_LOAD, &load, sizeof(load)));
	union bpf_attr attach = { .target_fd = (unsigned)cgroup, .attach_bpf_fd = (unsigned)fd, .attach_type = BPF_CGROUP_DEVICE };
	MUST(SYS(bpf, BPF_PROG_ATTACH, &attach, sizeof(attach)));
	SYS(close, fd);
}

/* ---- the container's process --------------------------------------------------------------------- */

/* Of capabilities KILL, NET_BIND_SERVICE and AUDIT_WRITE stay, as in the bundle. */
#define KEPT (1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE | 1U << CAP_AUDIT_WRITE)

static void become(const struct job *j)
{
	struct rlimit64 limit = { 1024, 1024 };
	MUST(SYS(prlimit64, 0, RLIMIT_NOFILE, &limit, 0));
	MUST(SYS(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap > 31 || !(KEPT >> cap & 1))
			SYS(prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
	MUST(SYS(setgroups, 0, 0));
	MUST(SYS(setresgid, 0, 0, 0));
	MUST(SYS(setresuid, 0, 0, 0));
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { { KEPT, KEPT, 0 }, { 0, 0, 0 } };
	MUST(SYS(capset, &head, caps));
	if (j->docker)
		make_filter();
}

static void execute(const struct job *j)
{
	MUST(SYS(close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC));
	if (j->docker) {
		struct sock_fprog program = { (unsigned short)filter_n, filter };
		MUST(SYS(seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	}
	static char *const env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL };
	MUST(SYS(execve, j->program[0], j->program, env));
}

static void mount_at(const char *type, const char *where, unsigned long flags, const char *data)
{
	MUST(SYS(mount, type, where, type, flags, data));
}

static void make_nodes(void)
{
	static const struct { const char *name; unsigned short minor; } node[] = {
		{ "null", 0x103 }, { "zero", 0x105 }, { "full", 0x107 }, { "random", 0x108 },
		{ "urandom", 0x109 }, { "tty", 0x500 },
	};
	static const char *const link[][2] = {
		{ "pts/ptmx", "ptmx" }, { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
	};
	MUST(SYS(chdir, "dev"));
	for (int i = 0; i < 6; i++) { /* minimal keeps them in the image: they may be there */
		long r = SYS(mknod, node[i].name, 0020666, node[i].minor);
		MUST(r == -EEXIST ? 0 : r);
	}
	for (int i = 0; i < 5; i++) {
		long r = SYS(symlink, link[i][0], link[i][1]);
		MUST(r == -EEXIST ? 0 : r);
	}
}

static void docker_mounts(void)
{
	unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
	mount_at("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	mount_at("sysfs", "sys", safe | MS_RDONLY, NULL);
	make_nodes();
	MUST(SYS(mkdir, "pts", 0755));
	MUST(SYS(mkdir, "shm", 0755));
	MUST(SYS(mkdir, "mqueue", 0755));
	mount_at("devpts", "pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
	mount_at("tmpfs", "shm", safe, "mode=1777,size=65536k");
	mount_at("mqueue", "mqueue", safe, NULL);
}

static void docker_masks(void)
{
	static const char *const readonly[] = { "bus", "fs", "irq", "sys", "sysrq-trigger" };
	static const char *const files[] = { "kcore", "keys", "timer_list" };
	MUST(SYS(chdir, "/proc"));
	for (int i = 0; i < 5; i++)
		if (SYS(mount, readonly[i], readonly[i], 0, MS_BIND | MS_REC, 0) == 0)
			MUST(SYS(mount, 0, readonly[i], 0, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
	for (int i = 0; i < 3; i++) {
		long r = SYS(mount, "/dev/null", files[i], 0, MS_BIND, 0);
		MUST(r == -ENOENT ? 0 : r);
	}
	if (SYS(mount, "tmpfs", "acpi", "tmpfs", MS_RDONLY, "nr_inodes=1,nr_blocks=1,mode=755") == 0)
		MUST(SYS(mount, "acpi", "/sys/firmware", 0, MS_BIND, 0));
	else
		mount_at("tmpfs", "/sys/firmware", MS_RDONLY, "nr_inodes=1,nr_blocks=1,mode=755");
}

static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = (int)MUST(SYS(socket, AF_UNIX, SOCK_DGRAM, 0));
	MUST(SYS(ioctl, fd, SIOCSIFFLAGS, &lo));
	SYS(close, fd);
}

static void container(const struct job *j)
{
	char byte = 1;
	MUST(SYS(setsid));
	SYS(keyctl, KEYCTL_JOIN_SESSION_KEYRING, j->id);
	if (j->docker) {
		MUST(SYS(unshare, CLONE_NEWCGROUP));
		loopback_up();
	}
	SYS(umask, 0);
	MUST(SYS(mount, 0, "/", 0, MS_REC | MS_SLAVE, 0));
	MUST(SYS(mount, "rootfs", "rootfs", 0, MS_BIND | MS_REC, 0));
	MUST(SYS(chdir, "rootfs"));
	MUST(SYS(pivot_root, ".", "."));
	MUST(SYS(umount2, ".", MNT_DETACH));
	MUST(SYS(chdir, "/"));
	mount_at("proc", "proc", 0, NULL);
	if (j->docker) {
		docker_mounts();
		docker_masks();
		MUST(SYS(sethostname, "ocirun", 6));
	} else {
		make_nodes();
	}
	MUST(SYS(chdir, "/"));
	SYS(umask, 022);
	become(j);
	MUST(SYS(read, j->ready[0], &byte, 1));
	if (j->start >= 0) {
		MUST(SYS(write, j->created[1], &byte, 1));
		MUST(SYS(read, j->start, &byte, 1));
	}
	execute(j);
}

/* ---- verbs ------------------------------------------------------------------------------------- */

static void open_state(struct job *j, const char *dir)
{
	SYS(mkdir, dir, 0700);
	j->states = (int)MUST(SYS(open, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
	j->cgroups = (int)MUST(SYS(open, "/sys/fs/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
}
static void open_container(struct job *j)
{
	j->state = (int)MUST(SYS(openat, j->states, j->id, O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
	j->cgroup = (int)MUST(SYS(openat, j->cgroups, j->id, O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
}
static long read_pid(const struct job *j)
{
	char buf[32] = { 0 };
	long pid = 0;
	int fd = (int)MUST(SYS(openat, j->state, "pid", O_RDONLY | O_CLOEXEC, 0));
	MUST(SYS(read, fd, buf, sizeof(buf) - 1));
	SYS(close, fd);
	for (char *p = buf; *p >= '0' && *p <= '9'; p++)
		pid = pid * 10 + (*p - '0');
	return pid;
}
static void write_pid(const struct job *j, long pid)
{
	char buf[24], *text = number(buf + sizeof(buf), pid);
	int fd = (int)MUST(SYS(openat, j->state, "pid", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	MUST(SYS(write, fd, text, length(text)));
	SYS(close, fd);
}
static void forget(const struct job *j)
{
	long r;
	struct { long s, ns; } moment = { 0, 20000 };
	while ((r = SYS(unlinkat, j->cgroups, j->id, AT_REMOVEDIR)) == -EBUSY)
		SYS(nanosleep, &moment, 0);
	MUST(r);
	MUST(SYS(unlinkat, j->state, "pid", 0));
	MUST(SYS(unlinkat, j->states, j->id, AT_REMOVEDIR));
}

static long clone_into(const struct job *j, uint64_t flags)
{
	struct clone_args args = { .flags = flags | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)j->cgroup };
	return MUST(SYS(clone3, &args, sizeof(args)));
}
static int wait_for(long pid)
{
	int status = 0;
	MUST(SYS(wait4, pid, &status, __WALL, 0));
	return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

static int make(struct job *j, bool only_create)
{
	char byte = 1;
	MUST(SYS(mkdirat, j->states, j->id, 0700));
	MUST(SYS(mkdirat, j->cgroups, j->id, 0755));
	open_container(j);
	MUST(SYS(pipe2, j->ready, O_CLOEXEC));
	if (only_create) {
		MUST(SYS(pipe2, j->created, O_CLOEXEC));
		MUST(SYS(mknodat, j->state, "start", 0010600, 0));
		j->start = (int)MUST(SYS(openat, j->state, "start", O_RDWR | O_CLOEXEC, 0));
	}
	uint64_t spaces = CLONE_NEWNS | CLONE_NEWPID;
	if (j->docker)
		spaces |= CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
	long pid = clone_into(j, spaces);
	if (pid == 0)
		container(j);
	limit_devices(j->cgroup);
	write_pid(j, pid);
	MUST(SYS(write, j->ready[1], &byte, 1));
	if (only_create) {
		SYS(close, j->created[1]);
		return SYS(read, j->created[0], &byte, 1) == 1 ? 0 : 1;
	}
	int status = wait_for(pid);
	forget(j);
	return status;
}

static int start(struct job *j)
{
	char byte = 1;
	open_container(j);
	int fd = (int)MUST(SYS(openat, j->state, "start", O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0));
	MUST(SYS(write, fd, &byte, 1));
	MUST(SYS(unlinkat, j->state, "start", 0));
	return 0;
}

static int exec(struct job *j)
{
	open_container(j);
	int init = (int)MUST(SYS(pidfd_open, read_pid(j), 0));
	MUST(SYS(setns, init, CLONE_NEWPID));
	long pid = clone_into(j, 0);
	if (pid != 0)
		return wait_for(pid);
	uint64_t spaces = CLONE_NEWNS;
	if (j->docker)
		spaces |= CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	MUST(SYS(setns, init, spaces));
	MUST(SYS(setsid));
	MUST(SYS(chdir, "/"));
	become(j);
	execute(j);
	return 1;
}

static int state(struct job *j)
{
	open_container(j);
	struct pollfd end = { (int)MUST(SYS(pidfd_open, read_pid(j), 0)), POLLIN, 0 };
	MUST(SYS(poll, &end, 1, 0));
	MUST(SYS(write, 1, end.revents ? "stopped\n" : "running\n", 8));
	return 0;
}
static int remove_it(struct job *j)
{
	open_container(j);
	struct pollfd end = { (int)MUST(SYS(pidfd_open, read_pid(j), 0)), POLLIN, 0 };
	MUST(SYS(pidfd_send_signal, end.fd, SIGKILL, 0, 0));
	MUST(SYS(poll, &end, 1, -1));
	SYS(unlinkat, j->state, "start", 0);
	forget(j);
	return 0;
}

void floor_main(long *stack) __attribute__((used, noreturn));
void floor_main(long *stack)
{
	char **argv = (char **)(stack + 1);
	long n = *stack;
	if (n > 5 && same(argv[4], "-f")) { /* delete is always forced */
		argv[4] = argv[5];
		n--;
	}
	if (n < 5)
		MUST(-22);
	static struct job j = { .program = { "/bin/true", NULL, NULL }, .start = -1 };
	j.id = argv[4];
	j.docker = !same(argv[1], "minimal");
	if (same(argv[1], "docker-sleep")) {
		j.program[0] = "/bin/sleep";
		j.program[1] = "100000";
	}
	open_state(&j, argv[2]);
	const char *verb = argv[3];
	int status = 1;
	if (same(verb, "run") || same(verb, "create")) {
		status = make(&j, same(verb, "create"));
	} else if (same(verb, "start")) {
		status = start(&j);
	} else if (same(verb, "exec") && n > 5) {
		j.program[0] = argv[5];
		j.program[1] = NULL;
		status = exec(&j);
	} else if (same(verb, "state")) {
		status = state(&j);
	} else if (same(verb, "delete")) {
		status = remove_it(&j);
	}
	SYS(exit_group, status);
	__builtin_unreachable();
}
__asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tmovq %rsp, %rdi\n\tcall floor_main\n");
