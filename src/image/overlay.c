/* SPDX-License-Identifier: Apache-2.0 */
/* overlayfs by the mount API of Linux 5.2, a layer at a time ("lowerdir+", 6.5); before that by one
 * string, which the kernel limits to a page: so many layers and no more. */
#include "image/overlay.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "sys/mountfd.h"

static int open_path(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool overlay_is_mounted(int bundle_fd)
{
	struct stat above, below;
	return fstat(bundle_fd, &above) == 0 && fstatat(bundle_fd, "rootfs", &below, 0) == 0 &&
	       above.st_dev != below.st_dev;
}

/* 1 = this kernel wants the string. The path itself, so that /proc/mounts tells it, unless it is
 * longer than the call takes. */
static int add_lower(int fs, int layers_fd, const struct oci_bundle_overlay *o)
{
	for (size_t i = o->layers.n; i > 0; i--) {
		char path[256];
		const char *name = o->layers.v[i - 1];
		_cleanup_close_ int fd = open_path(layers_fd, name);
		if (fd < 0)
			return err_sys("open layer \"%s\" of the store", name);
		int n = snprintf(path, sizeof(path), "%s/layers/%s", o->store, name);
		if (n < 0 || (size_t)n >= sizeof(path))
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (mountfd_set_string(fs, "lowerdir+", path) == 0)
			continue;
		if (errno == EINVAL && i == o->layers.n)
			return 1;
		return err_sys("add layer \"%s\" to the overlay", name);
	}
	return 0;
}

static int failed(int fs)
{
	char why[300];
	int no = errno;
	mountfd_message(fs, why, sizeof(why));
	int r = err_sysno(no, "mount the overlay of the layers%s%s", *why ? ": " : "", why);
	if (no == EPERM || no == EACCES)
		err_hint("mounting takes CAP_SYS_ADMIN; without --overlay none is needed");
	return r;
}

static int new_way(int bundle_fd, int layers_fd, const struct oci_bundle_overlay *o)
{
	char upper[64], work[64];
	_cleanup_close_ int fs = mountfd_fsopen("overlay");
	_cleanup_close_ int upper_fd = open_path(bundle_fd, "upper");
	_cleanup_close_ int work_fd = open_path(bundle_fd, "work");
	_cleanup_close_ int root_fd = open_path(bundle_fd, "rootfs");
	if (fs < 0)
		return errno == ENOSYS ? 1 : failed(-1);
	if (upper_fd < 0 || work_fd < 0 || root_fd < 0)
		return err_sys("open the folders of the bundle");
	int r = add_lower(fs, layers_fd, o);
	if (r != 0)
		return r;
	snprintf(upper, sizeof(upper), "/proc/self/fd/%d", upper_fd);
	snprintf(work, sizeof(work), "/proc/self/fd/%d", work_fd);
	if (mountfd_set_string(fs, "upperdir", upper) < 0 ||
	    mountfd_set_string(fs, "workdir", work) < 0 ||
	    mountfd_set_string(fs, "redirect_dir", "off") < 0 || /* repack reads upper itself */
	    mountfd_set_string(fs, "metacopy", "off") < 0 || mountfd_create(fs) < 0)
		return failed(fs);
	_cleanup_close_ int mount_fd = mountfd_fsmount(fs, 0);
	return mount_fd < 0 || mountfd_attach(mount_fd, root_fd) < 0 ? failed(fs) : 0;
}

static int old_way(struct arena *a, int bundle_fd, const struct oci_bundle_overlay *o)
{
	char bundle[64];
	struct str s;
	str_init(&s, a, 64 << 10);
	for (size_t i = o->layers.n; i > 0; i--)
		str_addf(&s, "%s%s/layers/%s", s.n ? ":" : "lowerdir=", o->store,
			 o->layers.v[i - 1]);
	snprintf(bundle, sizeof(bundle), "/proc/self/fd/%d", bundle_fd);
	str_addf(&s, ",upperdir=%s/upper,workdir=%s/work,redirect_dir=off,metacopy=off", bundle,
		 bundle);
	if (s.n >= 4096)
		return err_msg(ERR_UNSUPPORTED, "%zu layers in one overlay need Linux 6.5",
			       o->layers.n);
	const char *target = arena_printf(a, "%s/rootfs", bundle);
	return mount("overlay", target, "overlay", 0, s.v) < 0 ? failed(-1) : 0;
}

int overlay_mount(struct arena *a, int bundle_fd, const struct oci_bundle_overlay *o)
{
	_cleanup_close_ int layers_fd =
		open(arena_printf(a, "%s/layers", o->store), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (layers_fd < 0)
		return err_sys("open the store \"%s\"", o->store);
	int r = new_way(bundle_fd, layers_fd, o);
	return r > 0 ? old_way(a, bundle_fd, o) : r;
}

int overlay_umount(int bundle_fd, const char *bundle)
{
	char path[64];
	if (!overlay_is_mounted(bundle_fd))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/rootfs", bundle_fd);
	if (umount2(path, UMOUNT_NOFOLLOW) == 0)
		return 0;
	int r = err_sys("unmount \"%s/rootfs\"", bundle);
	err_hint("something still uses it: a container, or a shell in it");
	return r;
}

/* The root of an overlay is the upper folder: it gets what the layers say of their root. */
static int copy_root(struct layerstore *s, const struct oci_strs *layers, int upper_fd)
{
	struct stat st = { .st_mode = 0755 };
	for (size_t i = layers->n; i > 0; i--) {
		if (fstatat(s->layers_fd, layers->v[i - 1], &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys("look at layer \"%s\"", layers->v[i - 1]);
		if ((st.st_mode & 07777) != 0755 || st.st_uid || st.st_gid || st.st_mtime)
			break;
	}
	struct timespec times[2] = { st.st_mtim, st.st_mtim };
	if (fchown(upper_fd, st.st_uid, st.st_gid) < 0 ||
	    fchmod(upper_fd, st.st_mode & 07777) < 0 || futimens(upper_fd, times) < 0)
		return err_sys("set the attributes of the root folder");
	return 0;
}

int overlay_folders(struct layerstore *s, const struct oci_strs *layers, int bundle_fd)
{
	static const char *const names[] = { "rootfs", "upper", "work" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (mkdirat(bundle_fd, names[i], 0700) < 0)
			return err_sys("make \"%s\" in the bundle", names[i]);
	_cleanup_close_ int upper_fd =
		openat(bundle_fd, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return upper_fd < 0 ? err_sys("open \"upper\" of the bundle")
			    : copy_root(s, layers, upper_fd);
}
