/* SPDX-License-Identifier: Apache-2.0 */
/* explain: the plan of a bundle as text. Nothing is created and no container is needed. */
#include "base/io.h"
#include "base/str.h"
#include "runtime/launch.h"

int runtime_explain(struct runtime *rt, const struct create_opts *o)
{
	struct bundle b = { .dir_fd = -1 };
	struct plan plan;
	struct str s;
	TRY(runtime_host(rt));
	/* Nothing is done, so a user may ask what root would do: --rootless=false. */
	if (rt->rootless == 0) {
		rt->host.euid = 0;
		rt->host.egid = 0;
		rt->host.in_userns = false;
	}
	TRY(bundle_load(rt->arena, o->bundle, o->config, &b));
	int r = runtime_default_ids(rt, &b);
	if (r >= 0)
		r = plan_for(rt, o, &b, "ID", &plan);
	bundle_close(&b);
	if (r < 0)
		return r;
	str_init(&s, rt->arena, 0);
	plan_print(&plan, &s);
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}
