/* SPDX-License-Identifier: Apache-2.0 */
/* Private to resctrl/: l3CacheSchema and memBwSchema as one text, checked. */
#pragma once

#include "resctrl/resctrl.h"

/* schema.c. Either may be NULL or ""; *out is NULL when both are. l3_key and mb_key name them in
 * errors: a JSON path or an option. */
struct schema_source {
	const char *l3, *l3_key;
	const char *mb, *mb_key;
};
int schema_join(struct arena *a, const struct schema_source *src, const char **out) MUST_CHECK;
/* The lines of a schemata file that `lines` would replace, NULL when there is none. */
const char *schema_before(struct arena *a, const char *file_text, const char *lines);
