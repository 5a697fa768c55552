/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a step table and reports. Before the start signal errors go to the runtime over the
 * handshake; after it, to whoever sent the signal. */
#include "init/init.h"

#include <sys/socket.h>

#include "base/log.h"

static void report(struct init *in)
{
	recorder_fail(in->recorder);
	if (in->start_conn >= 0) {
		const struct err *e = err_get();
		/* The peer may be gone; there is nobody else to tell. */
		if (send(in->start_conn, e, sizeof(*e), MSG_NOSIGNAL) < 0)
			err_clear();
	} else {
		handshake_fail(&in->sock);
	}
}

void init_main(struct init *in, const struct step *steps)
{
	for (size_t i = 0; steps[i].name; i++) {
		recorder_enter(in->recorder, i);
		if (steps[i].run(in) < 0)
			break;
	}
	report(in);
	_exit(1);
}
