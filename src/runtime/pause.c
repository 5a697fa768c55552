/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the freezer of the container's cgroup. A created container can be paused too,
 * and is created again after resume; nothing is written to the record, because the switch in the
 * cgroup is the only truth that start, exec and kill see as well.
 * Surprise: pausing a paused container is refused, like in other runtimes. */
#include "runtime/launch.h"

static int no_cgroup(const struct container *c, const char *verb)
{
	int r = err_msg(ERR_UNSUPPORTED,
			"cannot %s container \"%s\": it has no cgroup of its own to freeze", verb,
			c->id);
	err_hint("it was made with --cgroup-manager disabled, or by a rootless user without a "
		 "delegated cgroup");
	return r;
}

static int pause_it(const struct container *c, const struct oci_record *rec, enum oci_status st)
{
	if (st != OCI_RUNNING && st != OCI_CREATED)
		return container_not_running();
	if (!rec->cgroup_path)
		return no_cgroup(c, "pause");
	int r = TRY_AS(cgroup_freeze(rec->cgroup_path, true), "pausing container \"%s\"", c->id);
	return r == CGROUP_GONE ? container_not_running() : 0;
}

static int resume_it(const struct container *c, const struct oci_record *rec, enum oci_status st)
{
	if (st != OCI_PAUSED)
		return err_msg(ERR_STATE, "container not paused");
	int r = TRY_AS(cgroup_freeze(rec->cgroup_path, false), "resuming container \"%s\"", c->id);
	return r == CGROUP_GONE ? container_not_running() : 0;
}

typedef int change_fn(const struct container *c, const struct oci_record *rec, enum oci_status st);

static int change(struct runtime *rt, const char *id, change_fn *fn)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	enum oci_status st;
	TRY(container_open_locked(rt, id, &c, &rec));
	int r = rec ? store_status(&c, rec, &st) : container_not_running();
	if (r >= 0)
		r = fn(&c, rec, st);
	store_close(&c);
	return r;
}

int runtime_pause(struct runtime *rt, const char *id)
{
	return change(rt, id, pause_it);
}

int runtime_resume(struct runtime *rt, const char *id)
{
	return change(rt, id, resume_it);
}
