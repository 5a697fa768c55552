/* SPDX-License-Identifier: Apache-2.0 */
/* ocirun-systemd: the part of ocirun that speaks D-Bus, as a program of its own, because libsystemd
 * comes without an archive and ocirun is one static file. ocirun starts it with a socket as
 * descriptor 0, before it enters any namespace and only for the systemd cgroup manager; it answers
 * the questions of bustalk.h one after the other and ends when the socket is closed.
 * Surprise: it connects as soon as it hears `open`, while ocirun still plans; a failure waits until
 * somebody asks. */
#include "ocirun-systemd/bus.h"

#include "base/parse.h"
#include "bustalk/bustalk.h"

#define TIMEOUT_MAX_MS 3600000

static const struct {
	const char *word;
	question_fn *answer;
} questions[] = {
	{ "start", unit_start },
	{ "stop", unit_stop },
	{ "set", unit_set },
	{ "attach", unit_attach },
};

struct session {
	struct bus bus;
	bool opened;
	struct err failed; /* of opening; kind ERR_NONE = fine */
};

static int open_bus(struct session *s, const struct oci_strs *words)
{
	uint64_t ms;
	if (words->n != 3 || s->opened)
		return err_msg(ERR_BUG, "open comes once, with an address and a time");
	TRY(parse_u64("the time to wait", words->v[2], TIMEOUT_MAX_MS, &ms));
	s->opened = true;
	s->bus.address = words->v[1];
	s->bus.timeout_ns = ms * 1000000;
	if (bus_open(&s->bus) < 0)
		s->failed = *err_get();
	return 0;
}

static int ask(struct session *s, struct arena *a, const struct oci_strs *words,
	       struct oci_strs *answer)
{
	if (!s->opened || words->n < 2)
		return err_msg(ERR_BUG, "a question before open, or without a unit");
	if (s->failed.kind != ERR_NONE)
		return err_set(&s->failed);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		if (!streq(words->v[0], questions[i].word))
			continue;
		bus_new_deadline(&s->bus);
		return questions[i].answer(&s->bus, a, words, answer);
	}
	return err_msg(ERR_BUG, "unknown question \"%s\"", words->v[0]);
}

static int tell_failure(struct arena *a)
{
	const char *v[] = { "error", arena_printf(a, "%d", err_get()->no), err_get()->text };
	return bustalk_send(STDIN_FILENO, &(struct oci_strs){ .v = v, .n = ARRAY_SIZE(v) });
}

/* Until the other side closes. */
static int serve(struct session *s, struct arena *a)
{
	struct oci_strs words, answer;
	while (TRY(bustalk_recv(a, STDIN_FILENO, 0, &words)) != BUSTALK_CLOSED) {
		err_clear();
		if (words.n && streq(words.v[0], "open")) {
			TRY(open_bus(s, &words));
			continue;
		}
		if (ask(s, a, &words, &answer) < 0)
			TRY(tell_failure(a));
		else
			TRY(bustalk_send(STDIN_FILENO, &answer));
	}
	return 0;
}

static NORETURN void out_of_memory(size_t wanted)
{
	fprintf(stderr, "ocirun-systemd: out of memory (%zu bytes)\n", wanted);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct session s = { 0 };
	(void)argv;
	if (argc > 1 || isatty(STDIN_FILENO)) {
		fprintf(stderr, "ocirun-systemd is a part of ocirun and not for use by hand\n");
		return 1;
	}
	arena_on_oom(out_of_memory);
	if (serve(&s, arena_new()) < 0) {
		fprintf(stderr, "ocirun-systemd: %s\n", err_get()->text);
		return 1;
	}
	/* What was sent without waiting must leave; closing it properly would wait. */
	if (s.bus.bus)
		sd_bus_flush(s.bus.bus);
	return 0;
}
