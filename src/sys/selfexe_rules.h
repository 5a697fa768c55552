/* SPDX-License-Identifier: Apache-2.0 */
/* What selfexe.c and selfexe_entry.c agree on: which binaries nobody can write to, and how one
 * tells that it runs from such a place. Inline and free of library calls, because the entry runs
 * before the C library. */
#pragma once

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#ifndef EROFS_SUPER_MAGIC_V1
#define EROFS_SUPER_MAGIC_V1 0xE0F5E1E2
#endif
#ifndef SQUASHFS_MAGIC
#define SQUASHFS_MAGIC 0x73717368
#endif

#define SELFEXE_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Set by the entry: we run from our read-only mount, or from a memfd with these seals. False
 * where the entry is not built in. */
extern bool selfexe_entry_is_protected __attribute__((visibility("hidden")));

/* Whether a program runs from a read-only mount of its own file that is attached nowhere: link is
 * what readlink of /proc/self/exe gave, flags the f_flags of statfs. The path of a file that is
 * the root of a mount nobody can reach is "/"; the path of any other program is longer, for "/"
 * is a directory. */
static inline bool selfexe_on_detached_mount(const char *link, long len, unsigned long flags)
{
	return len == 1 && link[0] == '/' && (flags & ST_RDONLY);
}

/* No capability at all. One is enough to map root's id into a container, or to start it as root. */
static inline bool selfexe_no_caps(const struct __user_cap_data_struct cap[2])
{
	return !(cap[0].permitted | cap[1].permitted);
}

/* Whether a program is out of reach for a user without capabilities and for all who get their
 * rights from that user: it is root's, whose ids nobody may map into a user namespace of theirs,
 * and no group nor an access list (which shows in the group's bits) may write. An owner or group
 * among the subordinate ids would be the container's. */
static inline bool selfexe_beyond_rights(unsigned euid, bool no_caps, const struct statx *st)
{
	const unsigned need = STATX_UID | STATX_MODE;
	return euid != 0 && no_caps && (st->stx_mask & need) == need && st->stx_uid == 0 &&
	       !(st->stx_mode & 022);
}

/* File systems that have no write path. A mount that merely is read-only does not count: it can be
 * flipped. */
static inline bool selfexe_unwritable_fs(unsigned long type)
{
	return type == SQUASHFS_MAGIC || type == EROFS_SUPER_MAGIC_V1 || type == ISOFS_SUPER_MAGIC;
}

/* Files that the kernel lets nobody change. */
static inline bool selfexe_unwritable_file(const struct statx *st)
{
	return st->stx_attributes & st->stx_attributes_mask &
	       (STATX_ATTR_IMMUTABLE | STATX_ATTR_VERITY);
}
