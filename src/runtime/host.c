/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of the host as the verbs see them, with --rootless applied. Verbs that only look a
 * container up ask for the identity alone: it costs three system calls instead of twenty. */
#include "runtime/runtime.h"

static void apply_rootless(struct runtime *rt)
{
	if (rt->rootless >= 0)
		rt->host.rootless = rt->rootless;
}

int runtime_identity(struct runtime *rt)
{
	if (rt->probed)
		return 0;
	TRY(host_identity(&rt->host));
	apply_rootless(rt);
	return 0;
}

int runtime_host(struct runtime *rt)
{
	if (rt->probed)
		return 0;
	TRY(host_probe(rt->arena, &rt->host));
	apply_rootless(rt);
	rt->probed = true;
	return 0;
}
