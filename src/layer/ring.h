/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers handed from one thread that fills them to two that read them (one hashes, one makes
 * files). 16 of 512 KiB stay in the processor's cache and let the threads run apart a little. Who
 * has to wait sleeps until there is work for a while: waking somebody costs more than a block. Any
 * of them can fail; the first failure is kept, and everybody stops at their next call. */
#pragma once

#include <pthread.h>

#include "layer/feed.h"

enum {
	RING_BLOCKS = 16,
	RING_BLOCK_SIZE = 512 * 1024,
	RING_WORTH_READING = 4,              /* blocks that wake a reader */
	RING_WORTH_WRITING = RING_BLOCKS / 2 /* free ones that wake the writer */
};
enum ring_reader { RING_HASH, RING_PARSE, RING_READERS };

struct ring_block {
	uint8_t *data;
	size_t len;
	bool layer_ends; /* with this block */
};

struct ring {
	pthread_mutex_t mutex;
	pthread_cond_t room, filled[RING_READERS];
	struct ring_block blocks[RING_BLOCKS];
	uint64_t written, read[RING_READERS]; /* blocks, ever */
	bool finished;                        /* no more will be written */
	bool stopped;
	struct err error;                     /* why, when stopped by a failure */
};

int ring_open(struct ring *r) MUST_CHECK;
void ring_close(struct ring *r);

/* The writer: a block to fill (NULL: stopped), then handed over. */
struct ring_block *ring_write_begin(struct ring *r);
void ring_write_end(struct ring *r);
void ring_write_finish(struct ring *r);

/* A reader: the next block, NULL at the end or when stopped. It is given back by ring_read_end. */
const struct ring_block *ring_read_begin(struct ring *r, enum ring_reader who);
void ring_read_end(struct ring *r, enum ring_reader who);

/* The calling thread failed: keep its error if it is the first. */
void ring_fail(struct ring *r);
bool ring_is_stopped(struct ring *r);
/* 0, or the first failure, adopted into the slot of the calling thread. */
int ring_result(struct ring *r) MUST_CHECK;
