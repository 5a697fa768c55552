/* SPDX-License-Identifier: Apache-2.0 */
/* wait: until the container's init has ended, and with which status. Nobody is asked to record
 * anything: the kernel tells, or a foreground `run --keep` has left its answer in the record. */
#include "runtime/ending.h"
#include "runtime/launch.h"

static int not_known(const struct oci_record *rec)
{
	int r = err_msg(ERR_STATE, "container \"%s\" has ended, with a status that is not known",
			rec->id);
	err_hint("the kernel tells others than the parent since Linux 6.15, and only those who "
		 "began to wait before the end");
	return r;
}

int runtime_wait(struct runtime *rt, const char *id)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	int status;
	TRY(container_open(rt, id, &c, &rec));
	store_close(&c);
	if (!rec || !rec->pid)
		return err_msg(ERR_STATE, "container \"%s\" is not created yet", id);
	if (rec->ended)
		return launch_exit_code((int)rec->wait_status);
	int r = TRY(ending_wait(rt->arena, rec, &status));
	if (oom_seen(rec))
		oom_note(rt, id, rec);
	if (r == ENDING_UNKNOWN)
		return not_known(rec);
	return launch_exit_code(status);
}
