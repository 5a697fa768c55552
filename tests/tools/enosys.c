/* SPDX-License-Identifier: Apache-2.0 */
/* Pretends to be an older kernel: enosys NAME[,NAME...] COMMAND [ARG...] runs the command with a
 * seccomp filter that answers ENOSYS to the system calls named. The group "mountapi" stands for the
 * new mount interface; "new" for everything ocirun has a fallback for; "pidfd_info" for one
 * request of ioctl, answered with ENOTTY; "tmpfile" for files without a name, with EOPNOTSUPP.
 * Surprise: no_new_privs is set only when the filter cannot be loaded without it, because a
 * container inherits it and tests look at it. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct { const char *name; int no; } calls[] = {
	{ "pidfd_send_signal", 424 }, { "open_tree", 428 },   { "move_mount", 429 },
	{ "fsopen", 430 },            { "fsconfig", 431 },    { "fsmount", 432 },
	{ "fspick", 433 },            { "pidfd_open", 434 },  { "clone3", 435 },
	{ "close_range", 436 },       { "openat2", 437 },     { "pidfd_getfd", 438 },
	{ "faccessat2", 439 },        { "mount_setattr", 442 }, { "fchmodat2", 452 },
};
static const struct { const char *name, *stands_for; } groups[] = {
	{ "mountapi", "open_tree,move_mount,fsopen,fsconfig,fsmount,fspick,mount_setattr" },
	{ "new", "mountapi,openat2,clone3,close_range,faccessat2,fchmodat2,pidfd_info" },
};

static struct sock_filter program[64];
static unsigned short length;

static void add(struct sock_filter f)
{
	if (length == sizeof(program) / sizeof(*program)) {
		fprintf(stderr, "enosys: too many names\n");
		exit(125);
	}
	program[length++] = f;
}

/* PIDFD_GET_INFO: the type 0xff and the number 11 are in the low half of the request. */
static void refuse_pidfd_info(void)
{
	const unsigned request = offsetof(struct seccomp_data, args[1]);

	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 5));
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, request));
	add((struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xff0b, 0, 1));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

/* A file system that cannot make files without a name: openat with __O_TMPFILE. */
static void refuse_tmpfile(void)
{
	const unsigned flags = offsetof(struct seccomp_data, args[2]);

	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4));
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 020000000, 0, 1));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

static void refuse(char *names)
{
	char *rest = NULL;

	for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		int no = -1;

		if (strcmp(name, "pidfd_info") == 0) {
			refuse_pidfd_info();
			continue;
		}
		if (strcmp(name, "tmpfile") == 0) {
			refuse_tmpfile();
			continue;
		}
		for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
			if (strcmp(groups[i].name, name) == 0) {
				refuse(strdup(groups[i].stands_for));
				no = -2;
			}
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
			if (strcmp(calls[i].name, name) == 0)
				no = calls[i].no;
		if (no == -1) {
			fprintf(stderr, "enosys: unknown system call \"%s\"\n", name);
			exit(125);
		}
		if (no < 0)
			continue;
		add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)no, 0, 1));
		add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
	}
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: enosys NAME[,NAME...] COMMAND [ARG...]\n");
		return 125;
	}
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)));
	refuse(argv[1]);
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));

	struct sock_fprog prog = { length, program };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)) {
		fprintf(stderr, "enosys: cannot load the filter: %s\n", strerror(errno));
		return 125;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "enosys: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
