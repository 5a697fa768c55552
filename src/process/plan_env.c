/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of the program: config's entries, one per name (the last one wins, at the place
 * of the first), then what the runtime itself promises (LISTEN_*, NOTIFY_SOCKET). Surprise: names
 * are found by hashing; 100,000 entries must not cost 100,000 squared comparisons. Values never
 * appear in messages: they may be secrets. */
#include "process/parts.h"

struct env {
	struct arena *arena;
	const char **v;
	size_t n, mask;  /* mask: slots - 1, a power of two */
	uint32_t *slots; /* index in v + 1; 0 = free */
};

static void env_init(struct env *e, struct arena *a, size_t max)
{
	size_t slots = 16;
	while (slots < 2 * max)
		slots *= 2;
	*e = (struct env){
		.arena = a,
		.v = arena_calloc(a, max + 1, sizeof(*e->v)),
		.slots = arena_calloc(a, slots, sizeof(*e->slots)),
		.mask = slots - 1,
	};
}

static uint32_t name_hash(const char *s, size_t n)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return h;
}

/* entry is "NAME=value", len the length of NAME. */
static void env_set(struct env *e, const char *entry, size_t len)
{
	size_t i = name_hash(entry, len) & e->mask;
	for (; e->slots[i]; i = (i + 1) & e->mask) {
		const char **old = &e->v[e->slots[i] - 1];
		if (strncmp(*old, entry, len + 1) == 0) { /* with the '=' */
			*old = entry;
			return;
		}
	}
	e->v[e->n++] = entry;
	e->slots[i] = (uint32_t)e->n;
}

static void env_set_text(struct env *e, const char *name, const char *value)
{
	env_set(e, arena_printf(e->arena, "%s=%s", name, value), strlen(name));
}

static void add_promises(struct env *e, const struct process_opts *o)
{
	if (o->listen_fds) {
		env_set(e, arena_printf(e->arena, "LISTEN_FDS=%u", o->listen_fds),
			strlen("LISTEN_FDS"));
		env_set_text(e, "LISTEN_PID", "1");
		if (o->listen_fdnames)
			env_set_text(e, "LISTEN_FDNAMES", o->listen_fdnames);
	}
	if (o->notify_socket_inside)
		env_set_text(e, "NOTIFY_SOCKET", o->notify_socket_inside);
}

/* An empty HOME counts as none. */
static bool take_home(struct env *e)
{
	for (size_t i = 0; i < e->n; i++) {
		const char *home = after_prefix(e->v[i], "HOME=");
		if (!home)
			continue;
		if (*home)
			return true;
		memmove(&e->v[i], &e->v[i + 1], (e->n - i) * sizeof(*e->v));
		e->n--;
		return false;
	}
	return false;
}

int process_plan_env(struct arena *a, const struct oci_process *proc, const struct process_opts *o,
		     struct process_plan *out)
{
	struct env e;
	env_init(&e, a, proc->env.n + 4);
	for (size_t i = 0; i < proc->env.n; i++) {
		const char *eq = strchr(proc->env.v[i], '=');
		if (!eq)
			return err_msg(
				ERR_CONFIG,
				"/process/env/%zu: invalid environment variable: missing \"=\"", i);
		if (eq == proc->env.v[i])
			return err_msg(ERR_CONFIG,
				       "/process/env/%zu: invalid environment variable: empty name",
				       i);
		env_set(&e, proc->env.v[i], (size_t)(eq - proc->env.v[i]));
	}
	add_promises(&e, o);
	out->home_missing = !take_home(&e);
	out->env = e.v;
	out->nenv = e.n;
	return 0;
}
