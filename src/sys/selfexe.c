/* SPDX-License-Identifier: Apache-2.0 */
/* Continue from where nobody can write to us: a read-only mount of our file that is attached
 * nowhere, or, where that is not to be had (Linux before 5.12, no rights to mount), a sealed copy
 * in a memfd.
 * Surprise: the mount protects only while no descriptor of it exists, for who holds one may make
 * it writable again; ours is close-on-exec, so it is gone when the program starts from it.
 * Pages of a memfd are charged to the cgroup we are in: this runs before any container has one. */
#include "sys/selfexe.h"

#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/mountfd.h"
#include "sys/selfexe_rules.h"
#include "sys/sys.h"

static bool sealed(int exe)
{
	int seals = fcntl(exe, F_GET_SEALS);
	return seals >= 0 && (seals & SELFEXE_SEALS) == SELFEXE_SEALS;
}

static bool unchangeable(int exe)
{
	struct statfs fs;
	if (fstatfs(exe, &fs) == 0 && selfexe_unwritable_fs((unsigned long)fs.f_type))
		return true;
	struct statx st;
	if (statx(exe, "", AT_EMPTY_PATH, STATX_UID | STATX_MODE, &st) < 0)
		return false;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct cap[2];
	bool no_caps = syscall(SYS_capget, &head, cap) == 0 && selfexe_no_caps(cap);
	return selfexe_unwritable_file(&st) || selfexe_beyond_rights(geteuid(), no_caps, &st);
}

static bool on_our_readonly_mount(int exe)
{
	char link[2];
	struct statfs fs;
	ssize_t len = readlink("/proc/self/exe", link, sizeof(link));
	return len == 1 && fstatfs(exe, &fs) == 0 &&
	       selfexe_on_detached_mount(link, len, (unsigned long)fs.f_flags);
}

/* A process started by descriptor is named after it ("3"); give it its own name again. */
static void restore_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	prctl(PR_SET_NAME, slash ? slash + 1 : argv0 ? argv0 : "ocirun");
}

/* What the kernel maps of us: symbols and debug information lie behind it in the file, and are more
 * than half of it. */
static off_t loaded_size(void)
{
	const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
	size_t n = getauxval(AT_PHNUM), end = 0;
	for (size_t i = 0; ph && i < n; i++)
		if (ph[i].p_offset + ph[i].p_filesz > end)
			end = ph[i].p_offset + ph[i].p_filesz;
	return (off_t)end;
}

static int copy_program(int from, int to)
{
	struct stat st;
	if (fstat(from, &st) < 0)
		return -1;
	off_t left = loaded_size();
	if (left <= 0 || left > st.st_size)
		left = st.st_size;
	while (left > 0) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return -1;
		left -= n;
	}
	return 0;
}

static int seal_memfd(int fd)
{
	/* Mode bits can be sealed since 6.3; older kernels refuse the unknown bit. */
	if (fcntl(fd, F_ADD_SEALS, SELFEXE_SEALS | F_SEAL_EXEC) == 0)
		return 0;
	return errno == EINVAL ? fcntl(fd, F_ADD_SEALS, SELFEXE_SEALS) : -1;
}

/* -1 and errno; EACCES and EPERM: programs in memfds are forbidden here. */
static int sealed_copy(int exe)
{
	unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	_cleanup_close_ int fd = memfd_create("ocirun", flags | MFD_EXEC);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("ocirun", flags); /* before 6.3 all of them are executable */
	if (fd < 0 || copy_program(exe, fd) < 0 || fchmod(fd, 0555) < 0 || seal_memfd(fd) < 0)
		return -1;
	return take_fd(&fd);
}

static int readonly_mount(int exe)
{
	_cleanup_close_ int fd = mountfd_clone(exe, "", false, false);
	if (fd < 0 || mountfd_setattr(fd, &(struct mountfd_attr){ .set = MOUNT_ATTR_RDONLY }) < 0)
		return -1;
	return take_fd(&fd);
}

static void execute(int fd, char **argv)
{
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
}

int selfexe_seal(char **argv)
{
	if (selfexe_entry_is_protected) {
		restore_name(argv[0]);
		return 0;
	}
	_cleanup_close_ int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (exe < 0)
		return err_sys("open \"/proc/self/exe\" (is /proc mounted?)");
	if (sealed(exe) || on_our_readonly_mount(exe)) {
		restore_name(argv[0]);
		return 0;
	}
	if (unchangeable(exe))
		return 0;
	_cleanup_close_ int mount = readonly_mount(exe);
	if (mount >= 0)
		execute(mount, argv);
	_cleanup_close_ int copy = sealed_copy(exe);
	if (copy >= 0)
		execute(copy, argv);
	int why = errno;
	int r = err_sysno(why, "protect our binary from the container with a sealed copy");
	if (why == EACCES || why == EPERM)
		err_hint("programs in memory files are forbidden here: see sysctl vm.memfd_noexec");
	return r;
}
