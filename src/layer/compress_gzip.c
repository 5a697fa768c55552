/* SPDX-License-Identifier: Apache-2.0 */
/* gzip by libdeflate, a member per MiB. The members are compressed by as many threads as there are
 * processors and written in their order, by the caller. What is smaller than a member, or has one
 * processor, is done without threads. */
#include <libdeflate.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "layer/compress_ways.h"

enum { MEMBER = 1 << 20, GZIP_LEVEL = 6, MAX_THREADS = 8, MAX_JOBS = 2 * MAX_THREADS };

struct job {
	uint8_t *in, *out;
	size_t len, out_len;
	bool done;
};

struct gzip_sink {
	struct sink sink;
	struct sink *to;
	struct libdeflate_compressor *c[MAX_THREADS]; /* one per thread */
	size_t out_cap;
	struct job jobs[MAX_JOBS];
	size_t n_jobs, n_threads;
	uint64_t filled, taken, written; /* jobs, ever */
	pthread_mutex_t mutex;
	pthread_cond_t work, done;
	pthread_t threads[MAX_THREADS];
	size_t started;
	bool stop;
};

static void run_job(struct gzip_sink *s, struct libdeflate_compressor *c, struct job *j)
{
	j->out_len = libdeflate_gzip_compress(c, j->in, j->len, j->out, s->out_cap);
}

struct worker { struct gzip_sink *s; struct libdeflate_compressor *c; };

static void *worker(void *arg)
{
	struct worker w = *(struct worker *)arg;
	struct gzip_sink *s = w.s;
	free(arg);
	pthread_mutex_lock(&s->mutex);
	for (;;) {
		while (!s->stop && s->taken == s->filled)
			pthread_cond_wait(&s->work, &s->mutex);
		if (s->stop)
			break;
		struct job *j = &s->jobs[s->taken++ % s->n_jobs];
		pthread_mutex_unlock(&s->mutex);
		run_job(s, w.c, j);
		pthread_mutex_lock(&s->mutex);
		j->done = true;
		pthread_cond_signal(&s->done);
	}
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

static int start_one(struct gzip_sink *s, size_t i)
{
	struct worker *w = malloc(sizeof(*w));
	if (!w)
		return err_sysno(ENOMEM, "compress with gzip");
	*w = (struct worker){ s, s->c[i] };
	int no = pthread_create(&s->threads[i], NULL, worker, w);
	if (no == 0)
		return 0;
	free(w);
	return err_sysno(no, "start a thread for compressing");
}

static int start_threads(struct gzip_sink *s)
{
	sigset_t all, old;
	int r = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the caller's thread */
	while (s->started < s->n_threads && r == 0) {
		r = start_one(s, s->started);
		s->started += r == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* The oldest job that is not written yet. */
static int write_one(struct gzip_sink *s)
{
	struct job *j = &s->jobs[s->written++ % s->n_jobs];
	pthread_mutex_lock(&s->mutex);
	while (!j->done)
		pthread_cond_wait(&s->done, &s->mutex);
	pthread_mutex_unlock(&s->mutex);
	j->len = 0;
	j->done = false;
	return j->out_len > 0 ? sink_write(s->to, j->out, j->out_len)
			      : err_msg(ERR_BUG, "a gzip member did not fit");
}

static int make_job(struct gzip_sink *s, struct job *j)
{
	j->in = malloc(MEMBER);
	j->out = malloc(s->out_cap);
	return j->in && j->out ? 0 : err_sysno(ENOMEM, "compress with gzip");
}

/* The job being filled goes to the threads; with none it is done here. */
static int submit(struct gzip_sink *s)
{
	struct job *j = &s->jobs[s->filled % s->n_jobs];
	if (s->started == 0) {
		run_job(s, s->c[0], j);
		j->done = true;
	}
	pthread_mutex_lock(&s->mutex);
	s->filled++;
	pthread_mutex_unlock(&s->mutex);
	pthread_cond_signal(&s->work);
	if (s->filled - s->written == s->n_jobs || s->started == 0)
		TRY(write_one(s));
	return 0;
}

static int gzip_write(struct sink *sink, const void *data, size_t len)
{
	struct gzip_sink *s = (struct gzip_sink *)sink;
	const uint8_t *p = data;
	while (len > 0) {
		struct job *j = &s->jobs[s->filled % s->n_jobs];
		if (!j->in)
			TRY(make_job(s, j));
		size_t n = len < MEMBER - j->len ? len : MEMBER - j->len;
		memcpy(j->in + j->len, p, n);
		j->len += n;
		p += n;
		len -= n;
		if (j->len < MEMBER)
			continue;
		if (s->started == 0 && s->n_threads > 1)
			TRY(start_threads(s));
		TRY(submit(s));
	}
	return 0;
}

static int gzip_finish(struct sink *sink)
{
	struct gzip_sink *s = (struct gzip_sink *)sink;
	struct job *j = &s->jobs[s->filled % s->n_jobs];
	if (!j->in)
		TRY(make_job(s, j));
	if (j->len > 0 || s->filled == 0)
		TRY(submit(s));
	while (s->written < s->filled)
		TRY(write_one(s));
	return s->to->finish(s->to);
}

static void gzip_close(struct sink *sink)
{
	struct gzip_sink *s = (struct gzip_sink *)sink;
	pthread_mutex_lock(&s->mutex);
	s->stop = true;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->mutex);
	for (; s->started > 0; s->started--)
		pthread_join(s->threads[s->started - 1], NULL);
	for (size_t i = 0; i < s->n_threads; i++) {
		libdeflate_free_compressor(s->c[i]);
		s->c[i] = NULL;
	}
	for (size_t i = 0; i < s->n_jobs; i++) {
		free_ptr(&s->jobs[i].in);
		free_ptr(&s->jobs[i].out);
		s->jobs[i] = (struct job){ 0 };
	}
	if (s->to->close)
		s->to->close(s->to);
}

int compress_open_gzip(struct arena *a, int level, struct sink *to, struct sink **out)
{
	struct gzip_sink *s = arena_alloc(a, sizeof(*s));
	cpu_set_t cpus;
	/* more processors than the set has room for are enough, too */
	int n = sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ? MAX_THREADS : CPU_COUNT(&cpus);
	*s = (struct gzip_sink){ .sink = { gzip_write, gzip_finish, gzip_close }, .to = to,
				 .mutex = PTHREAD_MUTEX_INITIALIZER,
				 .work = PTHREAD_COND_INITIALIZER,
				 .done = PTHREAD_COND_INITIALIZER };
	s->n_threads = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (size_t)n;
	s->n_jobs = 2 * s->n_threads;
	for (size_t i = 0; i < s->n_threads; i++) {
		s->c[i] = libdeflate_alloc_compressor(level ? level : GZIP_LEVEL);
		if (!s->c[i])
			return err_sysno(ENOMEM, "compress with gzip");
	}
	s->out_cap = libdeflate_gzip_compress_bound(s->c[0], MEMBER);
	*out = &s->sink;
	return 0;
}
