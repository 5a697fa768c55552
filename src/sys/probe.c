/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the facts of struct host. System calls are probed by calling them with arguments that
 * cannot do anything: a kernel that knows the call says EINVAL or EBADF.
 * Surprise: seccomp filters of outer containers may answer EPERM for calls they do not know; that
 * counts as "not there", as ENOSYS does. */
#include "sys/probe.h"

#include <linux/magic.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/io.h"
#include "sys/sys.h"

#ifndef SELINUX_MAGIC
#define SELINUX_MAGIC 0xf97cff8c
#endif
#define INIT_USERNS_INO 0xEFFFFFFDu /* PROC_USER_INIT_INO, kernel ABI since 3.8 */
#define MAX_PROC_TEXT   (1u << 20)

static bool refused(long r)
{
	return r < 0 && (errno == ENOSYS || errno == EPERM);
}

static bool is_fs(const char *path, unsigned long magic)
{
	struct statfs fs;
	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

const char *host_own_cgroup(struct arena *a, const char *proc_self_cgroup)
{
	const char *line = proc_self_cgroup;
	while (line && *line) {
		const char *path = after_prefix(line, "0::");
		if (path)
			return arena_strndup(a, path, strcspn(path, "\n"));
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return "/";
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static char *unescape(struct arena *a, const char *v, size_t n)
{
	char *out = arena_alloc(a, n + 1), *w = out;
	for (size_t i = 0; i < n; i++) {
		if (v[i] == '\\' && i + 3 < n && v[i + 1] >= '0' && v[i + 1] <= '3') {
			*w++ = (char)((v[i + 1] - '0') * 64 + (v[i + 2] - '0') * 8 +
				      (v[i + 3] - '0'));
			i += 3;
		} else {
			*w++ = v[i];
		}
	}
	return out;
}

const char *host_mount_of(struct arena *a, const char *mountinfo, const char *fstype)
{
	const char *mark = arena_printf(a, " - %s ", fstype);
	for (const char *line = mountinfo; line && *line;) {
		size_t n = strcspn(line, "\n");
		const char *dash = memmem(line, n, mark, strlen(mark));
		const char *field = line;
		for (int i = 0; dash && field && i < 4; i++) {
			field = memchr(field, ' ', (size_t)(dash - field));
			if (field)
				field++;
		}
		if (dash && field)
			return unescape(a, field, strcspn(field, " "));
		line += n;
		if (*line)
			line++;
	}
	return "";
}

uid_t host_outer_uid(const char *uid_map, uid_t uid)
{
	unsigned inside, outside, size;
	for (const char *line = uid_map; line && *line;) {
		if (sscanf(line, "%u %u %u", &inside, &outside, &size) == 3 && uid >= inside &&
		    uid - inside < size)
			return outside + (uid - inside);
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return (uid_t)-1;
}

static int probe_owner(struct arena *a, struct host *h)
{
	char *text;
	size_t len;
	h->owner_uid = h->euid;
	if (!h->in_userns)
		return 0;
	TRY(io_read_virtual(a, AT_FDCWD, "/proc/self/uid_map", MAX_PROC_TEXT, &text, &len));
	h->owner_uid = host_outer_uid(text, h->euid);
	return 0;
}

static int probe_cgroups(struct arena *a, struct host *h)
{
	char *text;
	size_t len;
	TRY(io_read_virtual(a, AT_FDCWD, "/proc/self/cgroup", MAX_PROC_TEXT, &text, &len));
	h->own_cgroup = host_own_cgroup(a, text);
	if (is_fs("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC)) {
		h->cgroup_root = "/sys/fs/cgroup";
	} else if (is_fs("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC)) {
		h->cgroup_root = "/sys/fs/cgroup/unified";
	} else {
		TRY(io_read_virtual(a, AT_FDCWD, "/proc/self/mountinfo", 16 * MAX_PROC_TEXT, &text,
				    &len));
		h->cgroup_root = host_mount_of(a, text, "cgroup2");
	}
	return 0;
}

/* PR_CAPBSET_READ answers EINVAL above the last one; 40 is it since 5.9, so two calls as a rule. */
static int probe_last_cap(void)
{
	int cap = 40;
	while (cap >= 0 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) < 0)
		cap--;
	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	return cap;
}

/* The module answers "Y" when it is built in and not switched off. */
static bool apparmor_enabled(void)
{
	char c = 'N';
	int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool yes = read(fd, &c, 1) == 1 && c == 'Y';
	close(fd);
	return yes;
}

static void probe_calls(struct host *h)
{
	/* move_mount says EPERM to the unprivileged before it looks; open_tree does not. */
	h->mount_api = !refused(syscall(SYS_open_tree, -1, "", 0)) &&
		       !(syscall(SYS_move_mount, -1, "", -1, "", 0) < 0 && errno == ENOSYS);
	h->mount_setattr = !refused(syscall(SYS_mount_setattr, -1, "", 0, NULL, 0));
	h->openat2 = !refused(syscall(SYS_openat2, -1, "", NULL, 0));
	h->clone3 = !refused(syscall(SYS_clone3, NULL, 0));
}

int host_identity(struct host *out)
{
	struct host h = {
		.euid = geteuid(), .egid = getegid(), .cgroup_root = "", .own_cgroup = "/"
	};
	struct stat st;
	if (stat("/proc/self/ns/user", &st) == 0)
		h.in_userns = st.st_ino != INIT_USERNS_INO;
	else if (errno != ENOENT || access("/proc/self/stat", F_OK) < 0)
		return err_sys("read /proc/self/ns/user (is /proc mounted?)");
	h.rootless = h.euid != 0 || h.in_userns;
	*out = h;
	return 0;
}

int host_probe(struct arena *a, struct host *out)
{
	struct host h;
	TRY(host_identity(&h));
	h.systemd_running = access("/run/systemd/system", F_OK) == 0;
	TRY(probe_owner(a, &h));
	TRY_AS(probe_cgroups(a, &h), "looking for the cgroup file system");
	h.apparmor = apparmor_enabled();
	h.selinux = is_fs("/sys/fs/selinux", SELINUX_MAGIC);
	probe_calls(&h);
	h.last_cap = probe_last_cap();
	*out = h;
	return 0;
}
