/* SPDX-License-Identifier: Apache-2.0 */
/* Two containers in one cgroup: each one's delete would kill the other's processes and its limits
 * would replace the other's. A cgroup with processes in it is refused by the cgroup room; here it
 * is one that is empty but belongs to a container that has ended, or is just being made.
 * Surprise: only a cgroup that was there before us is looked at, so mostly this costs nothing. */
#include "runtime/launch.h"

static int check_one(struct launch *l, const char *id)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec = NULL;
	if (store_open(l->container.root, id, &c) < 0) {
		err_clear(); /* deleted meanwhile */
		return 0;
	}
	int r = store_load(l->rt->arena, &c, &rec);
	store_close(&c);
	if (r != 0 || !rec->cgroup_path || !streq(rec->cgroup_path, l->cgroup.path)) {
		if (r < 0)
			err_dropped(r); /* a damaged record is not ours to judge */
		return 0;
	}
	return cgroup_not_ours(err_msg(ERR_STATE,
				       "container's cgroup \"%s\" belongs to container \"%s\"",
				       l->cgroup.path, id));
}

int launch_check_sharing(struct launch *l)
{
	struct oci_strs ids = { 0 };
	if (l->cgroup.dir_fd < 0 || l->cgroup.created || l->plan.cgroup.shared)
		return 0;
	if (TRY(store_list(l->rt->arena, l->container.root, &ids)) == STORE_NO_ROOT)
		return 0;
	for (size_t i = 0; i < ids.n; i++)
		if (!streq(ids.v[i], l->container.id))
			TRY(check_one(l, ids.v[i]));
	return 0;
}
