/* SPDX-License-Identifier: Apache-2.0 */
/* The extended attributes that belong to an image: user.*, security.capability, POSIX ACLs. The
 * rest is the host's: labels of security modules, trusted.*, overlayfs's own. */
#pragma once

#include "layer/digest.h"
#include "layer/tar.h"

enum xattr_class {
	XATTR_USER = 1, XATTR_CAPABILITY = 2, XATTR_ACL = 4,
	XATTR_ALL = 7,
};

/* Ours: the owner a file has in the image and could not be given by an ordinary user. */
#define ROOTLESS_OWNER "user.rootlesscontainers"

unsigned xattr_class(const char *name); /* 0: not the image's */
/* Which classes a tree at root_fd can have: what its file system knows, less what an unpack without
 * privileges, or with id maps, leaves out. */
unsigned xattr_classes(int root_fd, bool rootless, bool mapped);
/* Of an open file or folder, sorted by name, in `a`. */
int xattrs_read(struct arena *a, int fd, unsigned mask, struct tar_xattr **out,
		size_t *n) MUST_CHECK;
/* Of those whose class is in mask, whatever their order. */
void xattrs_digest(const struct tar_xattr *v, size_t n, unsigned mask, struct digest *out);
