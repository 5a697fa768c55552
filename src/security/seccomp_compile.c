/* SPDX-License-Identifier: Apache-2.0 */
/* From plan to filter: the cache is asked first, because building the usual profile takes
 * longer than reading it back.
 * Surprise: flags and listener are no part of the filter, so they are no part of the key either;
 * two containers that differ only there share an entry. */
#include <linux/seccomp.h>
#include <sys/utsname.h>

#include "security/parts.h"

/* Raise it when other code is made of the same profile. */
#define FILTER_VERSION 2

static int make_key(struct arena *a, const struct oci_seccomp *sc, char **out, size_t *len)
{
	struct oci_seccomp bare = *sc;
	struct utsname u;
	char version[32];
	if (uname(&u) < 0)
		return err_sys("read the kernel release");
	bare.listener_path = bare.listener_metadata = NULL;
	bare.flags = (struct oci_strs){ 0 };
	bare.extra = (struct oci_extra){ 0 };
	char *profile = oci_encode(a, oci_seccomp_type(), &bare, NULL, len);
	*out = arena_printf(a, "filter %d libseccomp %s api %u kernel %s %s\n%s", FILTER_VERSION,
			    security_libseccomp_version(version), filter_api_level(), u.release,
			    u.machine, profile);
	*len = strlen(*out);
	return 0;
}

static int pick_flags(const struct security_plan *p, unsigned *out)
{
	unsigned flags = p->seccomp_flags;
	if (p->seccomp_default_flags && seccomp_flag_supported(SECCOMP_FILTER_FLAG_SPEC_ALLOW))
		flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (const struct name *n = seccomp_flag_words; n->word; n++)
		if (p->seccomp_flags & n->value && !seccomp_flag_supported((unsigned)n->value))
			return err_msg(ERR_UNSUPPORTED,
				       "/linux/seccomp/flags: this kernel does not support %s",
				       n->word);
	*out = flags;
	return 0;
}

int security_seccomp_compile(struct arena *a, const struct security_plan *p, int cache_dirfd,
			     struct seccomp_filter *out)
{
	struct seccomp_filter f = { 0 };
	char *key;
	size_t len;
	if (!p->has_seccomp) {
		*out = f;
		return 0;
	}
	TRY(pick_flags(p, &f.flags));
	if (p->seccomp_strict)
		TRY(filter_check_names(p->seccomp));
	if (cache_dirfd < 0) {
		TRY(filter_build(a, p->seccomp, &f));
		*out = f;
		return 0;
	}
	TRY(make_key(a, p->seccomp, &key, &len));
	int r = filter_cache_get(a, cache_dirfd, key, len, &f);
	if (r < 0)
		err_dropped(r); /* a cache that cannot be read only costs time */
	if (r != CACHE_HIT) {
		TRY(filter_build(a, p->seccomp, &f));
		err_dropped(filter_cache_put(a, cache_dirfd, key, len, &f));
	}
	*out = f;
	return 0;
}
