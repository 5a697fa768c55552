/* SPDX-License-Identifier: Apache-2.0 */
/* The annotations we act on, in one table. Surprise: an annotation that is not here never changes
 * anything, however much its name looks like one that another runtime knows. */
#include "config/config.h"

const struct config_annotation config_annotations[] = {
	{ "run.oci.keep_original_groups", "keep the caller's supplementary groups (no setgroups)",
	  true },
	{ "run.oci.seccomp.receiver", "socket that gets the seccomp notify descriptor", true },
	{ NULL, NULL, false },
};

const char *config_annotation(const struct oci_config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (streq(c->annotations.v[i].key, key))
			return c->annotations.v[i].value;
	return NULL;
}
