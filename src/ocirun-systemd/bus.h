/* SPDX-License-Identifier: Apache-2.0 */
/* Private to ocirun-systemd: a bus connection on which nothing waits for ever. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#include <ocispec/arena.h>
#include <ocispec/values.h>

#include "base/err.h"

#define SYSTEMD_NAME    "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT    "org.freedesktop.systemd1.Unit"

struct bus {
	sd_bus *bus;
	const char *address;
	uint64_t timeout_ns;  /* what one question may take */
	uint64_t deadline_ns; /* of the present question */
};

/* Connect, and wait until the bus knows us. */
int bus_open(struct bus *b) MUST_CHECK;
void bus_new_deadline(struct bus *b);
/* Wait for something to arrive and handle it; negative when the time is over or the bus went.
 * `what` is what the caller waits for, for the message. */
int bus_wait(struct bus *b, const char *what) MUST_CHECK;

/* What systemd said no with. */
struct bus_refusal {
	char name[128], text[400];
};
/* A message to systemd's manager object, to be filled and given to bus_call. */
int bus_message(struct bus *b, const char *method, sd_bus_message **out) MUST_CHECK;
/* Send m (and drop it) and wait for its answer. 0; BUS_REFUSED with *no filled when systemd said
 * no; negative when there was no answer. reply may be NULL. */
enum { BUS_REFUSED = 1 };
int bus_call(struct bus *b, sd_bus_message *m, sd_bus_message **reply,
	     struct bus_refusal *no) MUST_CHECK;
/* The same without waiting for any answer. */
int bus_send(struct bus *b, sd_bus_message *m) MUST_CHECK;
/* An error of sd-bus (negative errno value), while doing `what`. */
int bus_error(int r, const char *what) MUST_CHECK;
/* A string property of a unit. */
int bus_unit_string(struct bus *b, struct arena *a, const char *unit, const char *const what[2],
		    const char **out) MUST_CHECK;

/* properties.c: the words of a message from *at on -> a(sv). Names in `without` are left out. */
int properties_append(sd_bus_message *m, const struct oci_strs *words, size_t at,
		      const struct oci_strs *without) MUST_CHECK;
/* The optional property that a refusal of systemd is about, NULL when it is about none. */
const char *properties_blamed(const struct oci_strs *words, size_t at,
			      const struct bus_refusal *no);

/* units.c: the questions of bustalk.h. Each fills *answer or fails. */
typedef int question_fn(struct bus *b, struct arena *a, const struct oci_strs *words,
			struct oci_strs *answer);
question_fn unit_start, unit_stop, unit_set, unit_attach;
