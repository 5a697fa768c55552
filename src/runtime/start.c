/* SPDX-License-Identifier: Apache-2.0 */
/* start: give the waiting init its signal and hear what came of it.
 * The answer is exact: the connection closes at execve (nothing was read: it runs) or carries the
 * error that stopped it. */
#include <fcntl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "hooks/hooks.h"
#include "runtime/ending.h"
#include "runtime/launch.h"
#include "runtime/notify.h"
#include "sys/pidfd.h"

static int check_created(struct container *c, const struct oci_record *rec)
{
	enum oci_status st;
	TRY(store_status(c, rec, &st));
	if (st == OCI_CREATED)
		return 0;
	if (st == OCI_STOPPED)
		return err_msg(ERR_STATE, "cannot start a container that has stopped");
	if (st == OCI_RUNNING)
		return err_msg(ERR_STATE, "cannot start an already running container");
	return err_msg(ERR_STATE, "cannot start a container in the %s state",
		       oci_word(&oci_status_words, (int)st));
}

static int hear(int sock)
{
	struct err e;
	ssize_t n;
	do
		n = recv(sock, &e, sizeof(e), 0);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(e))
		return err_set(&e);
	if (n < 0 && errno != ECONNRESET)
		return err_sys("wait for the container to start");
	if (n > 0)
		return err_msg(ERR_BUG, "the container's init sent %zd bytes that are no error", n);
	return 0;
}

static int poststart(struct runtime *rt, const struct container *c, const struct oci_record *rec)
{
	struct oci_config *config;
	if (rec->no_late_hooks)
		return 0;
	TRY(container_config(rt, c, &config));
	const struct oci_hooks *h = config->hooks;
	if (!h || !h->poststart.n)
		return 0;
	struct plan p = { .config = config, .id = rec->id, .bundle = rec->bundle };
	struct hooks run = { .kind = "poststart", .v = h->poststart.v, .n = h->poststart.n };
	return run_hooks(rt->arena, &p, &run, OCI_RUNNING, rec->pid);
}

int runtime_start(struct runtime *rt, const char *id)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	_cleanup_close_ int sock = -1, pidfd = -1;
	struct store_notify notify = STORE_NOTIFY_NONE;
	TRY(container_open(rt, id, &c, &rec));
	int r = store_lock(&c);
	if (r >= 0 && !rec)
		r = err_msg(ERR_STATE, "cannot start a container in the creating state");
	if (r >= 0)
		r = check_created(&c, rec);
	/* Opened while init lives: it remembers how a program ended that is gone when we look. */
	if (r >= 0)
		pidfd = sys_pidfd_open(rec->pid);
	if (r >= 0 && rec->notify_socket)
		r = store_notify_bind(&c, &notify);
	if (r >= 0)
		r = store_start_connect(&c, &sock);
	if (r >= 0)
		r = store_start_release(&c);
	if (r >= 0)
		r = hear(sock);
	if (r >= 0)
		r = ending_check_exec(rt->arena, rec, pidfd);
	if (r >= 0) {
		r = poststart(rt, &c, rec);
		if (r < 0) {
			struct err why = *err_get();
			err_dropped(kill_init(rec->pid, rec->start_time));
			r = err_set(&why);
		}
	}
	store_close(&c); /* it may take its time to get ready: state and kill must get at it */
	struct notify_to to = { rec ? rec->notify_socket : NULL, rec ? rec->pid : 0,
				NOTIFY_LIMIT_MS };
	if (r >= 0 && notify.sock >= 0)
		r = notify_wait(&notify, &to, pidfd);
	store_notify_close(&notify);
	return r < 0 ? r : 0;
}
