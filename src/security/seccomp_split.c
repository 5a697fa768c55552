/* SPDX-License-Identifier: Apache-2.0 */
/* Which names of a profile are plain: no arguments are looked at, on no architecture is the call
 * reached in another way or named twice. Their numbers and actions are the whole rule, so the
 * library, whose work grows with the square of the rules, need not see them. */
#include <seccomp.h>

#include "security/parts.h"

/* Where architectures have, or had, one call for all of them (socketcall, ipc), the library adds
 * tests of that call's arguments. Sorted. */
static const char *const multiplexed[] = {
	// clang-format off
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt",
	"ipc", "listen", "msgctl", "msgget", "msgrcv", "msgsnd", "recv", "recvfrom", "recvmmsg",
	"recvmsg", "semctl", "semget", "semop", "semtimedop", "send", "sendmmsg", "sendmsg",
	"sendto", "setsockopt", "shmat", "shmctl", "shmdt", "shmget", "shutdown", "socket",
	"socketcall", "socketpair",
	// clang-format on
};

/* One name on one architecture. */
struct place {
	struct plain_call call;
	size_t of; /* in calls */
};

static int by_word(const void *key, const void *word)
{
	return strcmp(key, *(const char *const *)word);
}

static bool is_multiplexed(const char *name)
{
	return bsearch(name, multiplexed, ARRAY_SIZE(multiplexed), sizeof(*multiplexed), by_word);
}

static int by_number(const void *a, const void *b)
{
	const struct plain_call *x = &((const struct place *)a)->call;
	const struct plain_call *y = &((const struct place *)b)->call;
	if (x->arch != y->arch)
		return x->arch < y->arch ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

void filter_split(struct arena *a, const uint32_t *tokens, named_calls *calls, plain_calls *out)
{
	VEC(struct place) places = { 0 };
	for (size_t i = 0; i < calls->n; i++) {
		struct named_call *c = &calls->v[i];
		c->plain = !c->rule->args.n && !is_multiplexed(c->name);
		for (const uint32_t *t = tokens; *t; t++) {
			int nr = seccomp_syscall_resolve_name_arch(*t, c->name);
			uint32_t audit = *t == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : *t;
			if (nr >= 0)
				vec_push(a, &places,
					 ((struct place){ { audit, (uint32_t)nr, c->action }, i }));
		}
	}
	if (places.n)
		qsort(places.v, places.n, sizeof(*places.v), by_number);
	for (size_t i = 1; i < places.n; i++)
		if (by_number(&places.v[i - 1], &places.v[i]) == 0)
			calls->v[places.v[i - 1].of].plain = calls->v[places.v[i].of].plain = false;
	for (size_t i = 0; i < places.n; i++)
		if (calls->v[places.v[i].of].plain)
			vec_push(a, out, places.v[i].call);
}
