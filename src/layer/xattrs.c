/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of files, and one digest for all of a file, to compare them with a layer. */
#include "layer/xattrs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/vec.h"

enum { LIST_SIZE = 65536, VALUE_SIZE = 65536 };

unsigned xattr_class(const char *name)
{
	if (strcmp(name, ROOTLESS_OWNER) == 0)
		return 0;
	if (strncmp(name, "user.", 5) == 0)
		return strncmp(name, "user.overlay.", 13) == 0 ? 0 : XATTR_USER;
	if (strcmp(name, "security.capability") == 0)
		return XATTR_CAPABILITY;
	if (strcmp(name, "system.posix_acl_access") == 0 ||
	    strcmp(name, "system.posix_acl_default") == 0)
		return XATTR_ACL;
	return 0;
}

static bool knows(int fd, const char *name)
{
	char byte;
	return fgetxattr(fd, name, &byte, 1) >= 0 || (errno != ENOTSUP && errno != EINVAL);
}

unsigned xattr_classes(int root_fd, bool rootless, bool mapped)
{
	unsigned mask = 0;
	if (knows(root_fd, "user.oci-image-tool"))
		mask |= XATTR_USER;
	if (!rootless)
		mask |= XATTR_CAPABILITY;
	if (!rootless && !mapped && knows(root_fd, "system.posix_acl_access"))
		mask |= XATTR_ACL;
	return mask;
}

static int compare(const void *a, const void *b)
{
	const struct tar_xattr *x = a, *y = b;
	return strcmp(x->name, y->name);
}

int xattrs_read(struct arena *a, int fd, unsigned mask, struct tar_xattr **out, size_t *n)
{
	VEC(struct tar_xattr) found = { 0 };
	char names[LIST_SIZE], value[VALUE_SIZE];
	ssize_t len = flistxattr(fd, names, sizeof(names));
	*out = NULL;
	*n = 0;
	if (len < 0)
		return errno == ENOTSUP ? 0 : err_sys("list its extended attributes");
	for (const char *p = names; p < names + len; p += strlen(p) + 1) {
		if (!(xattr_class(p) & mask))
			continue;
		ssize_t size = fgetxattr(fd, p, value, sizeof(value));
		if (size < 0 && errno == ENODATA)
			continue;
		if (size < 0)
			return err_sys("read its extended attribute %s", p);
		struct tar_xattr *x = vec_add(a, &found);
		x->name = arena_strdup(a, p);
		x->value = arena_memdup(a, value, (size_t)size);
		x->len = (size_t)size;
	}
	if (found.n > 1)
		qsort(found.v, found.n, sizeof(*found.v), compare);
	*out = found.v;
	*n = found.n;
	return 0;
}

void xattrs_digest(const struct tar_xattr *v, size_t n, unsigned mask, struct digest *out)
{
	struct tar_xattr sorted[100];
	struct hasher *h;
	size_t used = 0;
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n && used < ARRAY_SIZE(sorted); i++)
		if (xattr_class(v[i].name) & mask)
			sorted[used++] = v[i];
	if (used == 0)
		return; /* nothing is the digest of nothing: most files */
	qsort(sorted, used, sizeof(*sorted), compare);
	h = hasher_new(DIGEST_SHA256);
	for (size_t i = 0; i < used; i++) {
		uint64_t len = sorted[i].len;
		hasher_add(h, sorted[i].name, strlen(sorted[i].name) + 1);
		hasher_add(h, &len, sizeof(len));
		hasher_add(h, sorted[i].value, sorted[i].len);
	}
	hasher_end(h, out);
	hasher_free(h);
}
