/* SPDX-License-Identifier: Apache-2.0 */
/* Owners and extended attributes. What an image may not decide on the host is left out: labels of
 * the host's security modules, and the attributes by which overlayfs stores its own state, with
 * which a layer could forge what lies below it. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "layer/apply.h"
#include "layer/xattrs.h"

static int map_id(const char *what, const struct unpack_map *maps, size_t n, uint32_t *id)
{
	for (size_t i = 0; i < n; i++)
		if (*id - maps[i].inside < maps[i].count) {
			*id = maps[i].outside + (*id - maps[i].inside);
			return 0;
		}
	return n == 0 ? 0 : err_msg(ERR_CONFIG, "its %s %u is not in the id map", what, *id);
}

int apply_owner(const struct apply *a, const struct tar_entry *e, uid_t *uid, gid_t *gid)
{
	uint32_t u = e->uid, g = e->gid;
	if (a->o->rootless) {
		a->report->owners_dropped += u != 0 || g != 0;
		*uid = a->uid;
		*gid = a->gid;
		return 0;
	}
	TRY(map_id("uid", a->o->uids, a->o->n_uids, &u));
	TRY(map_id("gid", a->o->gids, a->o->n_gids, &g));
	*uid = u;
	*gid = g;
	return 0;
}

int apply_chown_failed(uid_t uid, gid_t gid)
{
	bool denied = errno == EPERM;
	int r = err_sys("set the owner to %u:%u", uid, gid);
	if (denied)
		err_hint("only root may give files away; --rootless keeps them");
	return r;
}

int apply_chown_at(struct apply *a, const struct tar_entry *e)
{
	uid_t uid;
	gid_t gid;
	TRY(apply_owner(a, e, &uid, &gid));
	if ((uid == a->uid && gid == a->gid) ||
	    fchownat(a->dir->fd, a->name.base, uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return apply_chown_failed(uid, gid);
}

enum fate { KEEP, KEEP_IF_POSSIBLE, DROP };

/* The value of security.capability: struct vfs_cap_data of version 2, or 3 with its root id. */
static bool capability_ok(const struct tar_xattr *x)
{
	const uint8_t *p = x->value;
	return (x->len == 20 && p[3] == 2) || (x->len == 24 && p[3] == 3);
}

/* struct posix_acl_xattr_header and entries of 8 bytes, version 2. */
static bool acl_ok(const struct tar_xattr *x)
{
	static const uint8_t version[4] = { 2, 0, 0, 0 };
	return x->len >= 4 && x->len % 8 == 4 && memcmp(x->value, version, 4) == 0;
}

static int fate_of(const struct apply *a, const struct tar_xattr *x, enum fate *out)
{
	const struct unpack_opts *o = a->o;
	*out = DROP;
	if (after_prefix(x->name, "user.")) {
		*out = xattr_class(x->name) ? KEEP_IF_POSSIBLE : DROP;
	} else if (streq(x->name, "security.capability")) {
		if (!capability_ok(x))
			return err_msg(ERR_CONFIG, "its security.capability is not valid");
		*out = o->rootless ? DROP : KEEP;
	} else if (after_prefix(x->name, "system.posix_acl_")) {
		if (!acl_ok(x))
			return err_msg(ERR_CONFIG, "its %s is not valid", x->name);
		/* the ids in it are not mapped */
		*out = o->rootless || o->n_uids || o->n_gids ? DROP : KEEP_IF_POSSIBLE;
	}
	return 0;
}

/* Setting a user attribute needs the right to write to the file, which a mode of 0444 takes from
 * its owner, too. */
static int set(int fd, const char *name, const void *value, size_t len)
{
	struct stat st;
	if (fsetxattr(fd, name, value, len, 0) == 0)
		return 0;
	if (errno != EACCES || fstat(fd, &st) < 0 || fchmod(fd, (st.st_mode & 07777) | 0200) < 0)
		return -1;
	int r = fsetxattr(fd, name, value, len, 0), no = errno;
	if (fchmod(fd, st.st_mode & 07777) < 0)
		return -1;
	errno = no;
	return r;
}

static size_t put_varint(uint8_t *p, uint8_t tag, uint32_t v)
{
	size_t n = 0;
	if (v == 0)
		return 0;
	for (p[n++] = tag; v > 0x7f; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

bool apply_notes_owner(const struct apply *a, const struct tar_entry *e)
{
	return a->o->rootless && (e->uid != 0 || e->gid != 0);
}

/* The owner that could not be given, for tools that show it inside: the message Resource of
 * rootlesscontaine.rs, { uint32 uid = 1; uint32 gid = 2; }. */
static int note_owner(int fd, const struct tar_entry *e)
{
	uint8_t bytes[12];
	size_t n = put_varint(bytes, 1 << 3, e->uid);
	n += put_varint(bytes + n, 2 << 3, e->gid);
	if (set(fd, ROOTLESS_OWNER, bytes, n) == 0 || errno == EPERM || errno == ENOTSUP)
		return 0;
	return err_sys("set its extended attribute %s", ROOTLESS_OWNER);
}

int apply_xattrs(struct apply *a, int fd, const struct tar_entry *e)
{
	if (apply_notes_owner(a, e))
		TRY(note_owner(fd, e));
	for (size_t i = 0; i < e->n_xattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];
		enum fate fate;
		TRY(fate_of(a, x, &fate));
		if (fate == DROP) {
			a->report->xattrs_dropped++;
			continue;
		}
		if (set(fd, x->name, x->value, x->len) == 0)
			continue;
		if (fate == KEEP || (errno != EPERM && errno != ENOTSUP))
			return err_sys("set its extended attribute %s", x->name);
		a->report->xattrs_dropped++;
	}
	return 0;
}

/* A folder of a lower layer is given new attributes, not more of them. */
int apply_drop_xattrs(int fd)
{
	char names[65536];
	ssize_t n = flistxattr(fd, names, sizeof(names));
	if (n < 0)
		return errno == ENOTSUP ? 0 : err_sys("list its extended attributes");
	for (const char *p = names; p < names + n; p += strlen(p) + 1)
		if ((after_prefix(p, "user.") || after_prefix(p, "system.posix_acl_") ||
		     streq(p, "security.capability")) &&
		    fremovexattr(fd, p) < 0 && errno != ENODATA)
			return err_sys("remove its extended attribute %s", p);
	return 0;
}
