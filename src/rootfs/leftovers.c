/* SPDX-License-Identifier: Apache-2.0 */
/* Unmounting for containers that live in the host's mount namespace. Surprise: the root may be a
 * mount point of the engine as well, so only mounts above the one recorded at create are ours. */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "rootfs/rootfs.h"

static uint64_t mount_at(const char *path)
{
	struct statx st;
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) < 0)
		return 0;
	return st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
}

uint64_t rootfs_shared_mount(const struct rootfs_plan *p, bool joined_mount_ns)
{
	return p->new_mount_ns || joined_mount_ns ? 0 : mount_at(p->root);
}

int rootfs_unmount_leftovers(const char *root, uint64_t mount_id)
{
	for (uint64_t id = mount_at(root); id && id != mount_id; id = mount_at(root))
		if (umount2(root, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return err_sys("unmounting \"%s\"", root);
	return 0;
}
