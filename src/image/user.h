/* SPDX-License-Identifier: Apache-2.0 */
/* "User" of an image config against the passwd and group files of its own root file system, which
 * are not trusted: opened as if the root were "/", limited in size, read by us and not by NSS. */
#pragma once

#include <ocispec/runtime.h>

#include "base/err.h"

struct image_user {
	struct oci_user ids;
	const char *home; /* NULL = unknown */
};

/* Forms: "", user, uid, user:group, uid:gid, uid:group, user:gid (image-spec config.md, User).
 * Additional groups are looked up only for a user by name without a group. A name that is not there
 * is an error. */
int image_user_find(struct arena *a, int root_fd, const char *text,
		    struct image_user *out) MUST_CHECK;
