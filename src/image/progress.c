/* SPDX-License-Identifier: Apache-2.0 */
/* Ten times a second at most; signals only leave a note, which the next step reads. */
#include "image/progress.h"

#include <signal.h>

#include "base/clock.h"
#include "base/names.h"

enum { WIDTH = 30, EVERY_NS = 100000000 };

static volatile sig_atomic_t came;

static void on_signal(int signo)
{
	came = signo;
}

void progress_begin(struct progress *p, const char *what, uint64_t total, bool quiet)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	*p = (struct progress){ .what = what,
				.total = total,
				.bar = !quiet && total > 0 && isatty(STDERR_FILENO) };
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

static void draw(const struct progress *p, uint64_t done)
{
	char bar[WIDTH + 1];
	unsigned full = (unsigned)(done * WIDTH / p->total);
	for (unsigned i = 0; i < WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r%s [%s] %3u%% of %llu MB", p->what, bar,
		(unsigned)(done * 100 / p->total), (unsigned long long)(p->total / 1000000));
}

int progress_step(void *progress, uint64_t done)
{
	struct progress *p = progress;
	uint64_t now;
	if (came)
		return err_msg(ERR_SYS, "stopped by %s", signal_name(came));
	if (!p->bar || (now = clock_mono_ns()) - p->shown_ns < EVERY_NS)
		return 0;
	p->shown_ns = now;
	draw(p, done < p->total ? done : p->total);
	return 0;
}

void progress_end(struct progress *p)
{
	if (p->bar && p->shown_ns)
		fprintf(stderr, "\r\033[K");
}
