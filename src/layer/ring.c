/* SPDX-License-Identifier: Apache-2.0 */
/* One lock for everything: it is taken once per 256 KiB. */
#include "layer/ring.h"

#include "base/cleanup.h"

int ring_open(struct ring *r)
{
	*r = (struct ring){ .mutex = PTHREAD_MUTEX_INITIALIZER,
			    .changed = PTHREAD_COND_INITIALIZER };
	for (size_t i = 0; i < RING_BLOCKS; i++) {
		r->blocks[i].data = malloc(RING_BLOCK_SIZE);
		if (r->blocks[i].data)
			continue;
		ring_close(r);
		return err_sysno(ENOMEM, "make the buffers for unpacking");
	}
	return 0;
}

void ring_close(struct ring *r)
{
	for (size_t i = 0; i < RING_BLOCKS; i++)
		free_ptr(&r->blocks[i].data);
}

static uint64_t slowest(const struct ring *r)
{
	return r->read[RING_HASH] < r->read[RING_PARSE] ? r->read[RING_HASH] : r->read[RING_PARSE];
}

struct ring_block *ring_write_begin(struct ring *r)
{
	struct ring_block *b = NULL;
	pthread_mutex_lock(&r->mutex);
	while (!r->stopped && r->written - slowest(r) == RING_BLOCKS)
		pthread_cond_wait(&r->changed, &r->mutex);
	if (!r->stopped)
		b = &r->blocks[r->written % RING_BLOCKS];
	pthread_mutex_unlock(&r->mutex);
	return b;
}

void ring_write_end(struct ring *r)
{
	pthread_mutex_lock(&r->mutex);
	r->written++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

void ring_write_finish(struct ring *r)
{
	pthread_mutex_lock(&r->mutex);
	r->finished = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

const struct ring_block *ring_read_begin(struct ring *r, enum ring_reader who)
{
	const struct ring_block *b = NULL;
	pthread_mutex_lock(&r->mutex);
	while (!r->stopped && !r->finished && r->read[who] == r->written)
		pthread_cond_wait(&r->changed, &r->mutex);
	if (!r->stopped && r->read[who] < r->written)
		b = &r->blocks[r->read[who] % RING_BLOCKS];
	pthread_mutex_unlock(&r->mutex);
	return b;
}

void ring_read_end(struct ring *r, enum ring_reader who)
{
	pthread_mutex_lock(&r->mutex);
	r->read[who]++;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

void ring_fail(struct ring *r)
{
	pthread_mutex_lock(&r->mutex);
	if (!r->stopped)
		r->error = *err_get();
	r->stopped = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->mutex);
}

bool ring_is_stopped(struct ring *r)
{
	pthread_mutex_lock(&r->mutex);
	bool stopped = r->stopped;
	pthread_mutex_unlock(&r->mutex);
	return stopped;
}

int ring_result(struct ring *r)
{
	return r->error.kind == ERR_NONE ? 0 : err_set(&r->error);
}
