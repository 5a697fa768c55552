/* SPDX-License-Identifier: Apache-2.0 */
/* One lock for everything: it is taken once per block. Signals are given without it, or who wakes
 * would only wait for the lock. */
#include "layer/ring.h"

#include "base/cleanup.h"

int ring_open(struct ring *r)
{
	*r = (struct ring){ .mutex = PTHREAD_MUTEX_INITIALIZER,
			    .room = PTHREAD_COND_INITIALIZER,
			    .filled = { PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER } };
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

static uint64_t free_blocks(const struct ring *r)
{
	return RING_BLOCKS - (r->written - slowest(r));
}

struct ring_block *ring_write_begin(struct ring *r)
{
	struct ring_block *b = NULL;
	pthread_mutex_lock(&r->mutex);
	if (free_blocks(r) == 0)
		while (!r->stopped && free_blocks(r) < RING_WORTH_WRITING)
			pthread_cond_wait(&r->room, &r->mutex);
	if (!r->stopped)
		b = &r->blocks[r->written % RING_BLOCKS];
	pthread_mutex_unlock(&r->mutex);
	return b;
}

/* Exactly there: who sleeps longer was woken by an earlier block. */
static bool is_worth_reading(const struct ring *r, enum ring_reader who)
{
	return r->written - r->read[who] == RING_WORTH_READING;
}

void ring_write_end(struct ring *r)
{
	bool wake[RING_READERS];
	pthread_mutex_lock(&r->mutex);
	r->written++;
	for (int i = 0; i < RING_READERS; i++)
		wake[i] = is_worth_reading(r, (enum ring_reader)i);
	pthread_mutex_unlock(&r->mutex);
	for (int i = 0; i < RING_READERS; i++)
		if (wake[i])
			pthread_cond_signal(&r->filled[i]);
}

static void wake_all(struct ring *r)
{
	pthread_cond_signal(&r->room);
	for (int i = 0; i < RING_READERS; i++)
		pthread_cond_signal(&r->filled[i]);
}

void ring_write_finish(struct ring *r)
{
	pthread_mutex_lock(&r->mutex);
	r->finished = true;
	pthread_mutex_unlock(&r->mutex);
	wake_all(r);
}

const struct ring_block *ring_read_begin(struct ring *r, enum ring_reader who)
{
	const struct ring_block *b = NULL;
	pthread_mutex_lock(&r->mutex);
	if (r->read[who] == r->written)
		while (!r->stopped && !r->finished &&
		       r->written - r->read[who] < RING_WORTH_READING)
			pthread_cond_wait(&r->filled[who], &r->mutex);
	if (!r->stopped && r->read[who] < r->written)
		b = &r->blocks[r->read[who] % RING_BLOCKS];
	pthread_mutex_unlock(&r->mutex);
	return b;
}

void ring_read_end(struct ring *r, enum ring_reader who)
{
	pthread_mutex_lock(&r->mutex);
	uint64_t before = free_blocks(r);
	r->read[who]++;
	bool wake = before < RING_WORTH_WRITING && free_blocks(r) == RING_WORTH_WRITING;
	pthread_mutex_unlock(&r->mutex);
	if (wake)
		pthread_cond_signal(&r->room);
}

void ring_fail(struct ring *r)
{
	pthread_mutex_lock(&r->mutex);
	if (!r->stopped)
		r->error = *err_get();
	r->stopped = true;
	pthread_mutex_unlock(&r->mutex);
	wake_all(r);
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
