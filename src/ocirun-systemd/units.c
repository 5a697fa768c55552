/* SPDX-License-Identifier: Apache-2.0 */
/* The four questions, as calls of systemd's manager.
 * Surprise: a unit of our name may be left over (failed, or empty and about to go) or be somebody's
 * running container. The first is taken away and the start tried again; the second is an error,
 * because stopping it would kill what is in it. */
#include "ocirun-systemd/bus.h"

#include "base/parse.h"
#include "base/vec.h"

#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"
#define UNIT_EXISTS  "org.freedesktop.systemd1.UnitExists"
#define MAX_DROPPED  32

/* ---- jobs ---- */

/* The ends of jobs of one unit that we were told about. */
struct jobs {
	sd_bus_slot *slot;
	const char *unit;
	char path[8][64], result[8][24];
	unsigned n;
};

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
	struct jobs *j = userdata;
	const char *path, *unit, *result;
	uint32_t id;
	(void)e;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0 || !streq(unit, j->unit))
		return 0;
	snprintf(j->path[j->n % 8], sizeof(j->path[0]), "%s", path);
	snprintf(j->result[j->n % 8], sizeof(j->result[0]), "%s", result);
	j->n++;
	return 0;
}

/* Before the job is asked for, so that its end is never missed. Neither call waits: the bus keeps
 * the order. */
static int jobs_watch(struct bus *b, const char *unit, struct jobs *j)
{
	/* No arg2 for the unit: sd-bus gives up on arguments behind the number in arg0. */
	static const char rule[] =
		"type='signal',sender='" SYSTEMD_NAME "',path='" SYSTEMD_PATH "',"
		"interface='" SYSTEMD_MANAGER "',member='JobRemoved'";
	sd_bus_message *m;
	*j = (struct jobs){ .unit = unit };
	int r = sd_bus_add_match_async(b->bus, &j->slot, rule, on_job_removed, NULL, j);
	if (r < 0)
		return bus_error(r, "watch jobs");
	TRY(bus_message(b, "Subscribe", &m));
	return bus_send(b, m);
}

static void jobs_forget(struct jobs *j)
{
	j->slot = sd_bus_slot_unref(j->slot);
}

static int jobs_wait(struct bus *b, struct jobs *j, const char *path, const char **result)
{
	char what[120];
	snprintf(what, sizeof(what), "the end of job %s", path);
	for (;;) {
		for (unsigned i = 0; i < j->n && i < 8; i++)
			if (streq(j->path[i], path)) {
				*result = j->result[i];
				return 0;
			}
		TRY(bus_wait(b, what));
	}
}

/* A method that takes a unit's name (and words after it) and answers with a job: wait for it. */
static int finish_job(struct bus *b, struct jobs *j, sd_bus_message *reply, const char **result)
{
	const char *path = "";
	int r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return bus_error(r, "read the job");
	return jobs_wait(b, j, path, result);
}

/* ---- small calls ---- */

static int add_words(sd_bus_message *m, const char *one, const char *two)
{
	int r = sd_bus_message_append_basic(m, 's', one);
	if (r >= 0 && two)
		r = sd_bus_message_append_basic(m, 's', two);
	if (r < 0)
		sd_bus_message_unref(m);
	return r < 0 ? bus_error(r, "pack a call") : 0;
}

/* A failed unit stays loaded, and its name in use, until this. One that is not there is fine. */
static int reset_failed(struct bus *b, const char *unit)
{
	struct bus_refusal no;
	sd_bus_message *m;
	TRY(bus_message(b, "ResetFailedUnit", &m));
	TRY(add_words(m, unit, NULL));
	TRY(bus_call(b, m, NULL, &no));
	return 0;
}

static int stop_and_forget(struct bus *b, const char *unit)
{
	struct bus_refusal no = { 0 };
	sd_bus_message *m, *reply = NULL;
	const char *result = "done";
	struct jobs j;
	TRY(jobs_watch(b, unit, &j));
	int r = bus_message(b, "StopUnit", &m);
	if (r >= 0)
		r = add_words(m, unit, "replace");
	if (r >= 0)
		r = bus_call(b, m, &reply, &no);
	if (r == 0)
		r = finish_job(b, &j, reply, &result);
	sd_bus_message_unref(reply);
	jobs_forget(&j);
	if (r == BUS_REFUSED && !streq(no.name, NO_SUCH_UNIT))
		return err_msg(ERR_SYS, "systemd: stop unit \"%s\": %s", unit, no.text);
	if (r < 0)
		return r;
	TRY(reset_failed(b, unit));
	/* "canceled": another job took its place, as a stop by an administrator does. */
	if (!streq(result, "done") && !streq(result, "canceled"))
		return err_msg(ERR_SYS, "systemd: stop unit \"%s\": %s", unit, result);
	return 0;
}

static bool is_slice(const char *unit)
{
	size_t n = strlen(unit);
	return n > 6 && streq(unit + n - 6, ".slice");
}

static int control_group(struct bus *b, struct arena *a, const char *unit, const char **out)
{
	const char *what[2] = { is_slice(unit) ? "org.freedesktop.systemd1.Slice"
					       : "org.freedesktop.systemd1.Scope",
				"ControlGroup" };
	return bus_unit_string(b, a, unit, what, out);
}

static int answer_ok(struct arena *a, struct oci_strs *answer, const char *one, const char *two)
{
	const char **v = arena_calloc(a, 3, sizeof(*v));
	v[0] = "ok";
	v[1] = one;
	v[2] = two;
	*answer = (struct oci_strs){ .v = v, .n = one ? 3 : 1 };
	return 0;
}

/* ---- start ---- */

struct start {
	struct bus *b;
	struct arena *a;
	const struct oci_strs *words;
	const char *unit;
	const char *dropped[MAX_DROPPED];
	struct oci_strs without;
	struct bus_refusal no;
};

static int pack_start(struct start *s, sd_bus_message *m)
{
	int r = sd_bus_message_append(m, "ss", s->unit, "replace");
	if (r < 0)
		return bus_error(r, "pack a call");
	TRY(properties_append(m, s->words, 2, &s->without));
	r = sd_bus_message_append(m, "a(sa(sv))", 0);
	return r < 0 ? bus_error(r, "pack a call") : 0;
}

/* Properties that this systemd does not know are left out one by one; it names only the first. */
static bool drop_blamed(struct start *s, size_t at)
{
	const char *name = properties_blamed(s->words, at, &s->no);
	if (!name || s->without.n == MAX_DROPPED)
		return false;
	s->dropped[s->without.n++] = name;
	return true;
}

static int call_start(struct start *s, sd_bus_message **reply)
{
	sd_bus_message *m;
	int r;
	do {
		TRY(bus_message(s->b, "StartTransientUnit", &m));
		r = pack_start(s, m);
		if (r < 0) {
			sd_bus_message_unref(m);
			return r;
		}
		r = TRY(bus_call(s->b, m, reply, &s->no));
	} while (r == BUS_REFUSED && drop_blamed(s, 2));
	return r;
}

/* Is anything alive in a unit? */
static int has_processes(struct start *s, bool *out)
{
	sd_bus_message *m, *reply = NULL;
	TRY(bus_message(s->b, "GetUnitProcesses", &m));
	TRY(add_words(m, s->unit, NULL));
	*out = false;
	if (TRY(bus_call(s->b, m, &reply, &s->no)) == BUS_REFUSED)
		return 0;
	int r = sd_bus_message_enter_container(reply, 'a', "(sus)");
	if (r > 0)
		*out = sd_bus_message_at_end(reply, 0) == 0;
	sd_bus_message_unref(reply);
	return r < 0 ? bus_error(r, "list the processes of a unit") : 0;
}

/* 0 when the name is free now. */
static int clear_leftover(struct start *s)
{
	bool busy;
	TRY(reset_failed(s->b, s->unit));
	TRY(has_processes(s, &busy));
	if (busy)
		return err_msg(ERR_STATE,
			       "systemd: unit \"%s\" exists already and has processes in it",
			       s->unit);
	return stop_and_forget(s->b, s->unit);
}

static int start_failed(struct start *s, const char *result)
{
	err_dropped(reset_failed(s->b, s->unit));
	return err_msg(ERR_SYS,
		       "error creating systemd unit \"%s\": got \"%s\" (see journalctl -u %s)",
		       s->unit, result, s->unit);
}

/* We shall not be here when it comes to life after all. */
static void abandon(struct start *s)
{
	struct err why = *err_get();
	sd_bus_message *m;
	int r = bus_message(s->b, "StopUnit", &m);
	if (r >= 0)
		r = add_words(m, s->unit, "replace");
	if (r >= 0)
		r = bus_send(s->b, m);
	err_dropped(r);
	if (err_set(&why) < 0)
		return; /* the reason is what the caller tells */
}

static int run_start(struct start *s, struct jobs *j, bool *old)
{
	sd_bus_message *reply = NULL;
	const char *result;
	int r = call_start(s, &reply);
	if (r == BUS_REFUSED && streq(s->no.name, UNIT_EXISTS)) {
		if (is_slice(s->unit)) {
			*old = true;
			return 0;
		}
		TRY(clear_leftover(s));
		r = call_start(s, &reply);
	}
	if (r == BUS_REFUSED)
		return err_msg(ERR_SYS, "error creating systemd unit \"%s\": %s", s->unit,
			       s->no.text);
	if (r >= 0)
		r = finish_job(s->b, j, reply, &result);
	sd_bus_message_unref(reply);
	if (r < 0) {
		abandon(s);
		return r;
	}
	return streq(result, "done") ? 0 : start_failed(s, result);
}

int unit_start(struct bus *b, struct arena *a, const struct oci_strs *words,
	       struct oci_strs *answer)
{
	struct start s = { .b = b, .a = a, .words = words, .unit = words->v[1] };
	const char *path;
	bool old = false;
	struct jobs j;

	s.without.v = s.dropped;
	TRY(jobs_watch(b, s.unit, &j));
	int r = run_start(&s, &j, &old);
	jobs_forget(&j);
	if (r < 0)
		return r;
	TRY(control_group(b, a, s.unit, &path));
	return answer_ok(a, answer, path, old ? "old" : "new");
}

/* ---- the others ---- */

int unit_stop(struct bus *b, struct arena *a, const struct oci_strs *words, struct oci_strs *answer)
{
	struct start s = { .b = b, .unit = words->v[1] };
	bool busy = false;
	if (words->n > 2 && streq(words->v[2], "empty"))
		TRY(has_processes(&s, &busy));
	if (!busy)
		TRY(stop_and_forget(b, s.unit));
	return answer_ok(a, answer, NULL, NULL);
}

int unit_set(struct bus *b, struct arena *a, const struct oci_strs *words, struct oci_strs *answer)
{
	struct start s = { .b = b, .a = a, .words = words, .unit = words->v[1] };
	sd_bus_message *m;
	int r;
	s.without.v = s.dropped;
	do {
		TRY(bus_message(b, "SetUnitProperties", &m));
		r = sd_bus_message_append(m, "sb", s.unit, 1);
		r = r < 0 ? bus_error(r, "pack a call")
			  : properties_append(m, words, 2, &s.without);
		if (r < 0) {
			sd_bus_message_unref(m);
			return r;
		}
		r = TRY(bus_call(b, m, NULL, &s.no));
	} while (r == BUS_REFUSED && drop_blamed(&s, 2));
	if (r == BUS_REFUSED)
		return err_msg(ERR_SYS, "error setting properties of systemd unit \"%s\": %s",
			       s.unit, s.no.text);
	return answer_ok(a, answer, NULL, NULL);
}

int unit_attach(struct bus *b, struct arena *a, const struct oci_strs *words,
		struct oci_strs *answer)
{
	struct bus_refusal no;
	sd_bus_message *m;
	uint64_t pid;
	if (words->n != 4)
		return err_msg(ERR_BUG, "attach takes a unit, a cgroup and a pid");
	TRY(parse_u64("a pid", words->v[3], INT32_MAX, &pid));
	TRY(bus_message(b, "AttachProcessesToUnit", &m));
	int r = sd_bus_message_append(m, "ssau", words->v[1], words->v[2], 1, (uint32_t)pid);
	if (r < 0) {
		sd_bus_message_unref(m);
		return bus_error(r, "pack a call");
	}
	if (TRY(bus_call(b, m, NULL, &no)) == BUS_REFUSED)
		return err_msg(ERR_SYS, "systemd: attach process %u to unit \"%s\": %s",
			       (unsigned)pid, words->v[1], no.text);
	return answer_ok(a, answer, NULL, NULL);
}
