/* SPDX-License-Identifier: Apache-2.0 */
/* kill --regex and delete --regex: one verb for every container whose id matches.
 * Surprise: one that fails does not stop the others; the first failure is the error, the further
 * ones are warnings. No match at all is fine: there was nothing to do. */
#include <regex.h>

#include "base/log.h"
#include "runtime/launch.h"

static int matching(struct runtime *rt, const char *pattern, struct oci_strs *ids)
{
	const char *root;
	regex_t re;
	int r = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);
	if (r) {
		char why[120];
		regerror(r, &re, why, sizeof(why));
		return err_msg(ERR_USAGE, "--regex: \"%s\": %s", pattern, why);
	}
	r = runtime_identity(rt);
	if (r >= 0)
		r = store_root(rt->arena, rt->root, rt->host.rootless, false, &root);
	if (r >= 0)
		r = store_list(rt->arena, root, ids);
	size_t n = 0;
	for (size_t i = 0; r >= 0 && i < ids->n; i++)
		if (regexec(&re, ids->v[i], 0, NULL, 0) == 0)
			ids->v[n++] = ids->v[i];
	ids->n = n;
	regfree(&re);
	return r < 0 ? r : 0;
}

int runtime_each(struct runtime *rt, const char *pattern, runtime_each_fn *fn, const void *ctx)
{
	struct oci_strs ids = { 0 };
	struct err first = { 0 };
	TRY(matching(rt, pattern, &ids));
	for (size_t i = 0; i < ids.n; i++) {
		int r = fn(rt, ids.v[i], ctx);
		if (r >= 0)
			continue;
		r = err_wrap("container \"%s\"", ids.v[i]);
		if (first.kind)
			log_warn("%s", err_get()->text);
		else
			first = *err_get();
		err_clear();
	}
	return first.kind ? err_set(&first) : 0;
}
