/* SPDX-License-Identifier: Apache-2.0 */
/* Bump memory. Blocks form a chain; the newest is the one that gives, unless something large came
 * by: that gets a block of its own behind the head, so that it does not waste the rest of the head.
 * Surprise: blocks come from calloc, so zeroing costs nothing for pages the kernel just gave. */
#include <ocispec/arena.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK   ((size_t)32 * 1024)
#define LARGEST_BLOCK ((size_t)1024 * 1024)
#define ALIGN         _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *head;
	size_t next_size; /* size of the next ordinary block */
};

static void (*oom_handler)(size_t wanted);

void arena_on_oom(void (*handler)(size_t wanted))
{
	oom_handler = handler;
}

void arena_oom(size_t wanted)
{
	if (oom_handler)
		oom_handler(wanted);
}

static void *out_of_memory(size_t wanted)
{
	arena_oom(wanted);
	return NULL;
}

static struct block *block_new(size_t size)
{
	struct block *b = calloc(1, sizeof(*b) + size);

	if (!b)
		return out_of_memory(size);
	b->size = size;
	return b;
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		return out_of_memory(sizeof(*a));
	a->next_size = FIRST_BLOCK;
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->head, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

/* The slow path of arena_alloc: no room in the head. n is already rounded up. */
static void *alloc_from_new_block(struct arena *a, size_t n)
{
	bool alone = a->head && n > a->next_size / 4;
	size_t size = n > a->next_size ? n : a->next_size;
	struct block *b = block_new(alone ? n : size);

	if (!b)
		return NULL;
	b->used = n;
	if (alone) {
		b->next = a->head->next;
		a->head->next = b;
		return b->data;
	}
	b->next = a->head;
	a->head = b;
	if (a->next_size < LARGEST_BLOCK)
		a->next_size *= 2;
	return b->data;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct block *b = a->head;

	if (n > PTRDIFF_MAX - sizeof(struct block) - ALIGN)
		return out_of_memory(n);
	n = n ? (n + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
	if (!b || b->size - b->used < n)
		return alloc_from_new_block(a, n);
	b->used += n;
	return b->data + b->used - n;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		return out_of_memory(SIZE_MAX);
	return arena_alloc(a, total);
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *copy = arena_alloc(a, n);

	if (copy && n)
		memcpy(copy, p, n);
	return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s) + 1);
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	text = n < 0 ? out_of_memory(0) : arena_alloc(a, (size_t)n + 1);
	if (text && (size_t)n < sizeof(small))
		memcpy(text, small, (size_t)n);
	else if (text)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}
