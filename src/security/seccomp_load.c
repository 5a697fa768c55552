/* SPDX-License-Identifier: Apache-2.0 */
/* Put a compiled filter on the calling process, with the raw system call: no library, no memory.
 * Surprise: whether the kernel has a flag is asked with a NULL filter; "bad address" means it got
 * past the flags, "invalid argument" that it does not know them. */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "security/parts.h"

bool seccomp_flag_supported(unsigned flag)
{
	if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
		flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER; /* refused alone */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, NULL) < 0 && errno == EFAULT;
}

int security_seccomp_load(const struct seccomp_filter *f, int *listener_fd)
{
	bool listens = f->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (listener_fd)
		*listener_fd = -1;
	if (!f->n)
		return 0;
	if (listens && !listener_fd)
		return err_msg(
			ERR_BUG,
			"a seccomp filter with a listener was loaded without a place for it");
	struct sock_fprog prog = { .len = (unsigned short)f->n, .filter = f->insns };
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, f->flags, &prog);
	if (r < 0) {
		int no = errno;
		int e = err_sysno(no, "load the seccomp filter");
		if (no == EACCES)
			err_hint("without CAP_SYS_ADMIN, process.noNewPrivileges must be true");
		else if (no == EBUSY)
			err_hint("the caller's own seccomp filter already has a listener");
		return e;
	}
	if (listens)
		*listener_fd = (int)r; /* the kernel made it close-on-exec */
	return 0;
}
