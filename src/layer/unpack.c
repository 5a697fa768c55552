/* SPDX-License-Identifier: Apache-2.0 */
/* Four threads: one checks the digests of the blobs, ahead of the others; one reads and inflates
 * what was checked into the ring; one hashes what comes out; the caller's own parses it and makes
 * the files. The reader runs into the next layer while files of the last one are being made. */
#include "layer/unpack.h"

#include <linux/fs.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/quote.h"
#include "layer/apply.h"
#include "layer/ring.h"

enum { IN_SIZE = 128 * 1024, CASEFOLD = 0x40000000 };

struct unpack {
	struct unpack_opts o;
	const struct unpack_layer *layers;
	size_t n;
	struct ring ring;
	pthread_mutex_t mutex;
	pthread_cond_t checked;
	size_t n_checked;          /* layers whose blob is what it should be */
	_Atomic uint64_t done;     /* compressed bytes read */
	uint64_t plain;            /* bytes of all tars so far */
	struct unpack_report report;
};

struct ring_feed {
	struct feed feed;
	struct unpack *u;
	bool holds, ended;
};

/* ---- the checker */

static void set_checked(struct unpack *u, size_t n)
{
	pthread_mutex_lock(&u->mutex);
	u->n_checked = n;
	pthread_cond_broadcast(&u->checked);
	pthread_mutex_unlock(&u->mutex);
}

static void *checker(void *arg)
{
	struct unpack *u = arg;
	for (size_t i = 0; i < u->n && !ring_is_stopped(&u->ring); i++) {
		const struct unpack_layer *l = &u->layers[i];
		if (l->has_digest && region_verify(&l->blob, l->name, &l->digest) < 0) {
			ring_fail(&u->ring);
			break;
		}
		set_checked(u, i + 1);
	}
	set_checked(u, SIZE_MAX); /* nobody shall wait for one who has gone */
	return NULL;
}

static void wait_checked(struct unpack *u, size_t layer)
{
	pthread_mutex_lock(&u->mutex);
	while (u->n_checked <= layer)
		pthread_cond_wait(&u->checked, &u->mutex);
	pthread_mutex_unlock(&u->mutex);
}

/* ---- the reader */

struct reading {
	struct unpack *u;
	const struct unpack_layer *layer;
	struct decoder *decoder;
	struct buffer buffer;
	uint64_t at, plain; /* bytes of the blob, and of the tar */
	uint8_t in[IN_SIZE];
};

static int check_limits(struct reading *r, size_t added)
{
	struct unpack *u = r->u;
	r->plain += added;
	u->plain += added;
	if (u->plain > u->o.max_bytes)
		return err_msg(ERR_CONFIG, "%s: the layers unpack to more than %llu bytes",
			       r->layer->name, (unsigned long long)u->o.max_bytes);
	if (r->plain > UINT64_C(1) << 30 && r->plain / (r->at + 1) >= u->o.max_ratio)
		return err_msg(ERR_CONFIG, "%s: it unpacks to more than %u times its size",
			       r->layer->name, u->o.max_ratio);
	return 0;
}

static int refill(struct reading *r)
{
	uint64_t left = r->layer->blob.size - r->at;
	size_t n = left < IN_SIZE ? (size_t)left : IN_SIZE;
	if (r->buffer.in_len > 0 || n == 0)
		return 0;
	TRY(region_read(&r->layer->blob, r->layer->name, r->at, r->in, n));
	r->at += n;
	r->buffer.in = r->in;
	r->buffer.in_len = n;
	atomic_fetch_add(&r->u->done, n);
	return 0;
}

/* Fill one block. 1 = the layer ends with it. */
static int fill(struct reading *r, struct ring_block *b)
{
	int ended = 0;
	r->buffer.out = b->data;
	r->buffer.out_len = RING_BLOCK_SIZE;
	while (!ended && r->buffer.out_len > 0) {
		TRY(refill(r));
		ended = decoder_run(r->decoder, &r->buffer, r->at == r->layer->blob.size);
		if (ended < 0)
			return err_wrap("%s", r->layer->name);
	}
	b->len = RING_BLOCK_SIZE - r->buffer.out_len;
	b->layer_ends = ended == DECODER_END;
	TRY(check_limits(r, b->len));
	return ended;
}

static int read_layer(struct reading *r)
{
	int ended = 0;
	r->at = r->plain = 0;
	r->buffer = (struct buffer){ 0 };
	while (!ended) {
		struct ring_block *b = ring_write_begin(&r->u->ring);
		if (!b)
			return 0;
		ended = fill(r, b);
		if (ended < 0)
			return ended;
		ring_write_end(&r->u->ring);
	}
	return 0;
}

static int read_layers(struct unpack *u, struct reading *r)
{
	r->u = u;
	for (size_t i = 0; i < u->n; i++) {
		wait_checked(u, i);
		if (ring_is_stopped(&u->ring))
			return 0;
		r->layer = &u->layers[i];
		r->decoder = decoder_new(r->layer->codec);
		int result = read_layer(r);
		decoder_free(r->decoder);
		if (result < 0)
			return result;
	}
	return 0;
}

static void *reader(void *arg)
{
	struct unpack *u = arg;
	struct reading *r = malloc(sizeof(*r));
	int result = r ? read_layers(u, r) : err_sysno(ENOMEM, "read layers");
	free(r);
	if (result < 0)
		ring_fail(&u->ring);
	ring_write_finish(&u->ring);
	return NULL;
}

/* ---- the hasher */

static int compare(const struct unpack_layer *l, const struct digest *got)
{
	char a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX];
	if (digest_equal(got, &l->diff_id))
		return 0;
	return err_msg(ERR_CONFIG, "%s: it unpacks to %s, but the config's diff_id is %s", l->name,
		       digest_format(got, a), digest_format(&l->diff_id, b));
}

static void *hash_all(void *arg)
{
	struct unpack *u = arg;
	const struct ring_block *b;
	struct hasher *h = NULL;
	size_t i = 0;
	while ((b = ring_read_begin(&u->ring, RING_HASH))) {
		struct digest got;
		h = h ? h : hasher_new(u->layers[i].diff_id.algo);
		hasher_add(h, b->data, b->len);
		bool ends = b->layer_ends;
		ring_read_end(&u->ring, RING_HASH);
		if (!ends)
			continue;
		hasher_end(h, &got);
		hasher_free(h);
		h = NULL;
		if (compare(&u->layers[i++], &got) < 0) {
			ring_fail(&u->ring);
			break;
		}
	}
	hasher_free(h);
	return NULL;
}

/* ---- the caller: files */

static int ring_next(struct feed *feed, const uint8_t **data, size_t *len)
{
	struct ring_feed *f = (struct ring_feed *)feed;
	struct unpack *u = f->u;
	while (true) {
		if (f->holds)
			ring_read_end(&u->ring, RING_PARSE);
		f->holds = false;
		if (f->ended)
			return 0;
		if (u->o.progress)
			TRY(u->o.progress(u->o.ctx, atomic_load(&u->done)));
		const struct ring_block *b = ring_read_begin(&u->ring, RING_PARSE);
		if (!b)
			return err_msg(ERR_BUG, "another thread stopped"); /* its error wins */
		f->holds = true;
		f->ended = b->layer_ends;
		*data = b->data;
		*len = b->len;
		if (b->len > 0)
			return 1;
	}
}

static const char *shown(const char *path, char *out, size_t size)
{
	size_t n = 0;
	while (*path && n + QUOTE_MAX < size)
		n += quote_next(QUOTE_SHOWN, &path, out + n);
	out[n] = '\0';
	return out;
}

static int parse_layer(struct apply *a, const struct unpack_layer *l, struct tar *t)
{
	struct tar_entry e;
	char path[300];
	int r;
	while ((r = tar_next(t, &e)) > 0)
		TRY_AS(apply_entry(a, t, &e), "%s: entry %llu \"%s\"", l->name,
		       (unsigned long long)e.number, shown(e.path, path, sizeof(path)));
	return r;
}

static int parse_layers(struct unpack *u, struct apply *a)
{
	for (size_t i = 0; i < u->n; i++) {
		struct ring_feed f = { .feed.next = ring_next, .u = u };
		struct tar *t = tar_new(&f.feed, u->layers[i].name, NULL);
		int r = parse_layer(a, &u->layers[i], t);
		tar_free(t);
		if (r < 0)
			return r;
		apply_next_layer(a);
	}
	return 0;
}

/* ---- all of them */

static int start(struct unpack *u, pthread_t threads[3], size_t *n)
{
	static void *(*const run[])(void *) = { checker, reader, hash_all };
	sigset_t all, old;
	int no = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the caller's thread */
	for (*n = 0; *n < ARRAY_SIZE(run) && no == 0; *n += no == 0)
		no = pthread_create(&threads[*n], NULL, run[*n], u);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return no == 0 ? 0 : err_sysno(no, "start a thread for unpacking");
}

static int run(struct unpack *u, struct apply *a)
{
	pthread_t threads[3];
	size_t n;
	int r = start(u, threads, &n);
	if (r == 0)
		r = parse_layers(u, a);
	if (r < 0) {
		ring_fail(&u->ring);
		set_checked(u, SIZE_MAX);
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	TRY(ring_result(&u->ring));
	return apply_finish(a);
}

static void defaults(struct unpack_opts *o)
{
	o->max_bytes = o->max_bytes ? o->max_bytes : UINT64_C(64) << 30;
	o->max_entries = o->max_entries ? o->max_entries : 2000000;
	o->max_ratio = o->max_ratio ? o->max_ratio : 1000;
	o->max_depth = o->max_depth ? o->max_depth : 512;
}

/* Where "A" and "a" are one file, an image with both would lose one, or worse. */
static int refuse_casefold(int root_fd)
{
	int flags = 0;
	if (ioctl(root_fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & CASEFOLD)
		return err_msg(ERR_UNSUPPORTED,
			       "the destination ignores case in names, and layers do not");
	return 0;
}

int layers_unpack(const struct unpack_opts *o, const struct unpack_layer *layers, size_t n,
		  int root_fd, struct unpack_report *report)
{
	struct unpack u = { .o = *o, .layers = layers, .n = n,
			    .mutex = PTHREAD_MUTEX_INITIALIZER,
			    .checked = PTHREAD_COND_INITIALIZER };
	struct apply a;
	TRY(refuse_casefold(root_fd));
	TRY(ring_open(&u.ring));
	defaults(&u.o);
	mode_t mask = umask(0); /* modes are the layers' */
	int r = apply_open(&a, &u.o, root_fd, &u.report);
	if (r == 0)
		r = run(&u, &a);
	umask(mask);
	apply_close(&a);
	ring_close(&u.ring);
	u.report.bytes = u.plain;
	if (report)
		*report = u.report;
	return r;
}
