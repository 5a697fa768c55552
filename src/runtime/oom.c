/* SPDX-License-Identifier: Apache-2.0 */
/* Kills for want of memory, known for longer than the cgroup that counts them. Nobody wakes us when
 * one happens; so whoever looks at a container that has ended, while its cgroup is there, notes it.
 * Surprise: the counter is that of the cgroup and all below (memory.events, not
 * memory.events.local), because a container may make cgroups of its own, and the kill of a process
 * in one of them is a kill in the container. */
#include "runtime/launch.h"

bool oom_seen(const struct oci_record *rec)
{
	uint64_t n = 0;
	if (rec->oom_killed)
		return true;
	/* A shared cgroup, or one made anew at the path, counts others' kills. */
	int r = container_owns_cgroup(rec);
	if (r > 0)
		r = cgroup_oom_kills(rec->cgroup_path, &n);
	err_dropped(r);
	return n > 0;
}

static int note_locked(struct runtime *rt, struct container *c, const struct oci_record *seen)
{
	struct oci_record *rec;
	if (TRY(store_load(rt->arena, c, &rec)) == STORE_NO_RECORD)
		return 0;
	if (rec->oom_killed || rec->pid != seen->pid || rec->start_time != seen->start_time)
		return 0;
	rec->oom_killed = true;
	return store_save(rt->arena, c, rec);
}

void oom_note(struct runtime *rt, const char *id, const struct oci_record *seen)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	if (seen->oom_killed)
		return;
	int r = container_open(rt, id, &c, &rec);
	if (r >= 0)
		r = store_try_lock(&c);
	if (r > 0)
		r = note_locked(rt, &c, seen);
	store_close(&c);
	err_dropped(r);
}
