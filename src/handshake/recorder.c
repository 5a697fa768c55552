/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder page. The child writes where it is, the parent reads when it wants to know; nobody
 * waits. It outlives the child, so a process killed by its own seccomp filter still has a story.
 * Surprise: the mapping vanishes in the child at execve, so the program never sees it. */
#include "handshake/handshake.h"

#include <sys/mman.h>

#include "base/clock.h"

struct recorder_page {
	uint32_t entered;                /* index of the current step plus one, 0 = none */
	uint32_t failed;                 /* err is complete */
	uint64_t stamps[RECORDER_STEPS]; /* 0 = not entered */
	struct err err;
};

int recorder_open(struct recorder *r, const char *(*step_name)(size_t step))
{
	void *page = mmap(NULL, sizeof(struct recorder_page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return err_sys("map the recorder");
	*r = (struct recorder){ .page = page, .step_name = step_name };
	return 0;
}

void recorder_close(struct recorder *r)
{
	if (r->page)
		munmap(r->page, sizeof(*r->page));
	r->page = NULL;
}

void recorder_enter(struct recorder *r, size_t step)
{
	if (step >= RECORDER_STEPS)
		step = RECORDER_STEPS - 1;
	r->page->stamps[step] = clock_mono_ns();
	__atomic_store_n(&r->page->entered, (uint32_t)step + 1, __ATOMIC_RELEASE);
}

void recorder_fail(struct recorder *r)
{
	r->page->err = *err_get();
	__atomic_store_n(&r->page->failed, 1, __ATOMIC_RELEASE);
}

int recorder_step(const struct recorder *r)
{
	uint32_t entered = __atomic_load_n(&r->page->entered, __ATOMIC_ACQUIRE);

	return entered <= RECORDER_STEPS ? (int)entered - 1 : -1;
}

const char *recorder_step_name(const struct recorder *r)
{
	int step = recorder_step(r);
	const char *name = step >= 0 ? r->step_name((size_t)step) : "before the first step";

	return name ? name : "an unknown step";
}

uint64_t recorder_stamp(const struct recorder *r, size_t step)
{
	return step < RECORDER_STEPS ? r->page->stamps[step] : 0;
}

int recorder_error(const struct recorder *r)
{
	struct err copy;

	if (!__atomic_load_n(&r->page->failed, __ATOMIC_ACQUIRE))
		return 0;
	/* copied first: the page may change while it is looked at */
	memcpy(&copy, &r->page->err, sizeof(copy));
	return err_set(&copy);
}
