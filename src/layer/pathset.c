/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing over SipHash-1-3 (Aumasson and Bernstein): short inputs, a secret key. */
#include "layer/pathset.h"

#include <sys/random.h>

#include "base/cleanup.h"

int pathset_open(struct pathset *s)
{
	*s = (struct pathset){ 0 };
	if (getrandom(s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key))
		return err_sys("getrandom");
	return 0;
}

void pathset_close(struct pathset *s)
{
	free_ptr(&s->slots);
	s->slots = NULL;
	s->n = s->cap = 0;
}

void pathset_empty(struct pathset *s)
{
	if (s->n > 0)
		memset(s->slots, 0, s->cap * sizeof(*s->slots));
	s->n = 0;
}

static uint64_t rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void round_of(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t hash(const struct pathset *s, const char *p, size_t len)
{
	uint64_t v[4] = { s->key[0] ^ 0x736f6d6570736575u, s->key[1] ^ 0x646f72616e646f6du,
			  s->key[0] ^ 0x6c7967656e657261u, s->key[1] ^ 0x7465646279746573u };
	uint64_t word, last = (uint64_t)len << 56;
	size_t i = 0;
	for (; i + 8 <= len; i += 8) {
		memcpy(&word, p + i, 8);
		v[3] ^= word;
		round_of(v);
		v[0] ^= word;
	}
	for (int shift = 0; i < len; i++, shift += 8)
		last |= (uint64_t)(uint8_t)p[i] << shift;
	v[3] ^= last;
	round_of(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int n = 0; n < 3; n++)
		round_of(v);
	word = v[0] ^ v[1] ^ v[2] ^ v[3];
	return word ? word : 1;
}

/* The slot that has h, or the free one where it would go. */
static size_t slot_of(const uint64_t *slots, size_t cap, uint64_t h)
{
	size_t i = h & (cap - 1);
	while (slots[i] && slots[i] != h)
		i = (i + 1) & (cap - 1);
	return i;
}

static int grow(struct pathset *s)
{
	size_t cap = s->cap ? s->cap * 2 : 1024;
	uint64_t *slots = calloc(cap, sizeof(*slots));
	if (!slots)
		return err_sysno(ENOMEM, "remember what the layer has made");
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i])
			slots[slot_of(slots, cap, s->slots[i])] = s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->cap = cap;
	return 0;
}

/* 1 = it was there already. */
static int add(struct pathset *s, const char *path, size_t len)
{
	if (s->n * 4 >= s->cap * 3)
		TRY(grow(s));
	uint64_t h = hash(s, path, len);
	size_t i = slot_of(s->slots, s->cap, h);
	if (s->slots[i])
		return 1;
	s->slots[i] = h;
	s->n++;
	return 0;
}

int pathset_add_one(struct pathset *s, const char *path, size_t len)
{
	int r = add(s, path, len);
	return r < 0 ? r : 0;
}

int pathset_add(struct pathset *s, const char *path, size_t len)
{
	while (len > 0) {
		int r = add(s, path, len);
		if (r != 0)
			return r < 0 ? r : 0;
		do
			len--;
		while (len > 0 && path[len] != '/');
	}
	return 0;
}

bool pathset_has(const struct pathset *s, const char *path, size_t len)
{
	if (len == 0)
		return true;
	return s->n > 0 && s->slots[slot_of(s->slots, s->cap, hash(s, path, len))];
}
