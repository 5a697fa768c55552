/* SPDX-License-Identifier: Apache-2.0 */
/* sd-bus with one deadline for everything a question takes.
 * Surprise: sd_bus_call begins with waiting, without our limit, until the bus has accepted us; so
 * connecting waits by itself for sd_bus_is_ready. A full backlog of the bus socket answers EAGAIN:
 * then connecting is tried again. */
#include "ocirun-systemd/bus.h"

#include <poll.h>

#include "base/clock.h"

#define RETRY_MS 20

/* Microseconds that are left; 0 when the time is over. */
static uint64_t left_usec(const struct bus *b)
{
	uint64_t now = clock_mono_ns();
	return now >= b->deadline_ns ? 0 : (b->deadline_ns - now + 999) / 1000;
}

void bus_new_deadline(struct bus *b)
{
	b->deadline_ns = clock_mono_ns() + b->timeout_ns;
}

int bus_error(int r, const char *what)
{
	return err_sysno(-r, "systemd: %s", what);
}

static int timed_out(const struct bus *b, const char *what)
{
	int r = err_sysno(ETIMEDOUT, "systemd: no answer within %u seconds: %s",
			  (unsigned)(b->timeout_ns / 1000000000), what);
	return r;
}

int bus_wait(struct bus *b, const char *what)
{
	int r = sd_bus_process(b->bus, NULL);
	if (r < 0)
		return bus_error(r, what);
	if (r > 0)
		return 0;
	uint64_t left = left_usec(b);
	if (!left)
		return timed_out(b, what);
	r = sd_bus_wait(b->bus, left);
	return r < 0 && r != -EINTR ? bus_error(r, what) : 0;
}

static int try_connect(struct bus *b)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, b->address);
	if (r >= 0)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	b->bus = bus;
	return 0;
}

int bus_open(struct bus *b)
{
	char what[300];
	int r;

	snprintf(what, sizeof(what), "connect to the bus at \"%s\"", b->address);
	bus_new_deadline(b);
	while ((r = try_connect(b)) == -EAGAIN && left_usec(b))
		poll(NULL, 0, RETRY_MS);
	if (r < 0)
		return bus_error(r, what);
	while ((r = sd_bus_is_ready(b->bus)) == 0)
		TRY(bus_wait(b, what));
	return r < 0 ? bus_error(r, what) : 0;
}

int bus_message(struct bus *b, const char *method, sd_bus_message **out)
{
	int r = sd_bus_message_new_method_call(b->bus, out, SYSTEMD_NAME, SYSTEMD_PATH,
					       SYSTEMD_MANAGER, method);
	return r < 0 ? bus_error(r, method) : 0;
}

static int no_answer(struct bus *b, int r, const char *method)
{
	char what[100];
	snprintf(what, sizeof(what), "call %s", method);
	return r == -ETIMEDOUT ? timed_out(b, what) : bus_error(r, what);
}

int bus_call(struct bus *b, sd_bus_message *m, sd_bus_message **reply, struct bus_refusal *no)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	char method[64];
	uint64_t left = left_usec(b);

	snprintf(method, sizeof(method), "%s", sd_bus_message_get_member(m));
	int r = left ? sd_bus_call(b->bus, m, left, &e, reply) : -ETIMEDOUT;
	sd_bus_message_unref(m);
	if (r >= 0) {
		sd_bus_error_free(&e);
		return 0;
	}
	/* What the bus itself says, sd-bus turns into an errno of its own; -ETIMEDOUT is ours. */
	bool refused = e.name && r != -ETIMEDOUT && r != -ECONNRESET && r != -ENOTCONN;
	if (refused) {
		snprintf(no->name, sizeof(no->name), "%s", e.name);
		snprintf(no->text, sizeof(no->text), "%s", e.message ? e.message : e.name);
	}
	sd_bus_error_free(&e);
	return refused ? BUS_REFUSED : no_answer(b, r, method);
}

int bus_send(struct bus *b, sd_bus_message *m)
{
	int r = sd_bus_message_set_expect_reply(m, 0);
	if (r >= 0)
		r = sd_bus_send(b->bus, m, NULL);
	sd_bus_message_unref(m);
	return r < 0 ? bus_error(r, "send to the bus") : 0;
}

int bus_unit_string(struct bus *b, struct arena *a, const char *unit, const char *const what[2],
		    const char **out)
{
	struct bus_refusal no;
	sd_bus_message *m = NULL, *reply = NULL;
	char *path = NULL;
	const char *text = NULL;

	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &path);
	if (r >= 0)
		r = sd_bus_message_new_method_call(b->bus, &m, SYSTEMD_NAME, path,
						   "org.freedesktop.DBus.Properties", "Get");
	free(path);
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", what[0], what[1]);
	if (r < 0) {
		sd_bus_message_unref(m);
		return bus_error(r, "ask for a property");
	}
	r = TRY(bus_call(b, m, &reply, &no));
	if (r == BUS_REFUSED)
		return err_msg(ERR_SYS, "systemd: read %s of unit \"%s\": %s", what[1], unit,
			       no.text);
	r = sd_bus_message_read(reply, "v", "s", &text);
	if (r >= 0)
		*out = arena_strdup(a, text);
	sd_bus_message_unref(reply);
	return r < 0 ? bus_error(r, "read a property") : 0;
}
