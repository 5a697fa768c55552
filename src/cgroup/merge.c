/* SPDX-License-Identifier: Apache-2.0 */
/* What `update` asks for over what is stored (pure): the resources to keep, and those to write now.
 * A key that is absent keeps its value; lists are joined by what they speak about (device, page
 * size, file), but device rules are replaced as a whole, because their order is their meaning.
 * Surprise: some values cannot be written without their stored neighbour: the period without the
 * quota, the swap limit (stored with the memory, as in v1) without the memory limit. */
#include "cgroup/driver.h"

#define KEY CGROUP_KEY

static bool given_i64(const struct oci_i64 *v)
{
	return v->set && v->v != 0;
}

static bool given_u64(const struct oci_u64 *v)
{
	return v->set && v->v != 0;
}

static bool given_text(const char *s)
{
	return s && *s;
}

/* A struct of ours to change: a copy of the stored one, or an empty one. */
#define EDIT(a_, ptr_)                                                          \
	do {                                                                    \
		__typeof__(*(ptr_)) *copy_ = arena_alloc((a_), sizeof(*copy_)); \
		if (ptr_)                                                       \
			*copy_ = *(ptr_);                                       \
		(ptr_) = copy_;                                                 \
	} while (0)

/* ---- cpu ---- */

static void take_cpu(const struct oci_cpu *asked, struct oci_cpu *kept)
{
	if (given_u64(&asked->shares))
		kept->shares = asked->shares;
	if (given_i64(&asked->quota))
		kept->quota = asked->quota;
	if (given_u64(&asked->period))
		kept->period = asked->period;
	if (asked->burst.set)
		kept->burst = asked->burst;
	if (asked->idle.set)
		kept->idle = asked->idle;
	if (given_text(asked->cpus))
		kept->cpus = asked->cpus;
	if (given_text(asked->mems))
		kept->mems = asked->mems;
}

static int merge_cpu(struct arena *a, struct cgroup_change *ch)
{
	struct oci_cpu *now, *kept;
	EDIT(a, ch->now.cpu);
	EDIT(a, ch->kept.cpu);
	now = ch->now.cpu;
	kept = ch->kept.cpu;
	bool was_idle = kept->idle.set && kept->idle.v == 1;

	take_cpu(now, kept);
	if (given_u64(&now->shares) && was_idle && !now->idle.set)
		return err_msg(ERR_CONFIG, KEY("cpu/shares") ": an idle cgroup has no weight: set "
							     "cpu idle to 0 in the same update");
	/* Waking up gives the default weight. */
	if (was_idle && now->idle.set && now->idle.v == 0)
		now->shares = kept->shares;
	if (now->idle.set && now->idle.v == 1)
		kept->shares = now->shares;
	if (given_i64(&now->quota) != given_u64(&now->period)) {
		now->quota = kept->quota;
		now->period = kept->period;
	}
	return 0;
}

/* ---- memory ---- */

static void merge_memory(struct arena *a, struct cgroup_change *ch)
{
	struct oci_memory *now, *kept;
	EDIT(a, ch->now.memory);
	EDIT(a, ch->kept.memory);
	now = ch->now.memory;
	kept = ch->kept.memory;
	bool limit = given_i64(&now->limit), swap = given_i64(&now->swap);
	int64_t old_limit = kept->limit.set ? kept->limit.v : 0;

	if (swap && !limit)
		now->limit = kept->limit;
	if (limit && !swap && now->limit.v == -1)
		kept->swap = (struct oci_i64){ .v = -1, .set = true };
	else if (limit && !swap && given_i64(&kept->swap) && kept->swap.v > 0)
		/* Swap alone stays as it is in the kernel. */
		kept->swap.v += now->limit.v - (old_limit > 0 ? old_limit : 0);
	if (swap)
		kept->swap = now->swap;
	if (limit)
		kept->limit = now->limit;
	if (given_i64(&now->reservation))
		kept->reservation = now->reservation;
	if (now->check_before_update != OCI_BOOL_ABSENT)
		kept->check_before_update = now->check_before_update;
}

/* ---- lists ---- */

/* Put `new_[i_]` into the list `kept_` in the place of the element that same_(x, y) says is about
 * the same thing, or at the end. */
#define UPSERT(a_, kept_, new_, same_)                                           \
	do {                                                                     \
		__typeof__((kept_)->v) v_ =                                      \
			arena_calloc((a_), (kept_)->n + (new_)->n, sizeof(*v_)); \
		size_t n_ = (kept_)->n;                                          \
		if (n_)                                                          \
			memcpy(v_, (kept_)->v, n_ * sizeof(*v_));                \
		for (size_t i_ = 0; i_ < (new_)->n; i_++) {                      \
			size_t at_ = 0;                                          \
			while (at_ < n_ && !same_(&v_[at_], &(new_)->v[i_]))     \
				at_++;                                           \
			v_[at_] = (new_)->v[i_];                                 \
			n_ += at_ == n_;                                         \
		}                                                                \
		(kept_)->v = v_;                                                 \
		(kept_)->n = n_;                                                 \
		(kept_)->present |= (new_)->present;                             \
	} while (0)

/* Leave out the elements for which gone_(x). */
#define PRUNE(list_, gone_)                                        \
	do {                                                       \
		size_t n_ = 0;                                     \
		for (size_t i_ = 0; i_ < (list_)->n; i_++)         \
			if (!gone_(&(list_)->v[i_]))               \
				(list_)->v[n_++] = (list_)->v[i_]; \
		(list_)->n = n_;                                   \
	} while (0)

#define SAME_DEVICE(x_, y_) ((x_)->major == (y_)->major && (x_)->minor == (y_)->minor)
#define SAME_KEY(x_, y_)    streq((x_)->key, (y_)->key)
#define SAME_SIZE(x_, y_)   streq((x_)->page_size, (y_)->page_size)
#define NO_RATE(x_)         ((x_)->rate == 0)
#define NO_WEIGHT(x_)       ((x_)->weight.set && (x_)->weight.v == 0)

static void merge_block_io(struct arena *a, struct cgroup_change *ch)
{
	struct oci_block_io *now = ch->now.block_io, *kept;
	EDIT(a, ch->kept.block_io);
	kept = ch->kept.block_io;

	if (now->weight.set && now->weight.v)
		kept->weight = now->weight;
	UPSERT(a, &kept->weight_device, &now->weight_device, SAME_DEVICE);
	UPSERT(a, &kept->throttle_read_bps, &now->throttle_read_bps, SAME_DEVICE);
	UPSERT(a, &kept->throttle_write_bps, &now->throttle_write_bps, SAME_DEVICE);
	UPSERT(a, &kept->throttle_read_iops, &now->throttle_read_iops, SAME_DEVICE);
	UPSERT(a, &kept->throttle_write_iops, &now->throttle_write_iops, SAME_DEVICE);
	PRUNE(&kept->weight_device, NO_WEIGHT);
	PRUNE(&kept->throttle_read_bps, NO_RATE);
	PRUNE(&kept->throttle_write_bps, NO_RATE);
	PRUNE(&kept->throttle_read_iops, NO_RATE);
	PRUNE(&kept->throttle_write_iops, NO_RATE);
}

static bool map_has(const struct oci_map *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->v[i].key, key))
			return true;
	return false;
}

/* A stored unified key would win over the limit that was just asked for by its proper name. Files
 * with a line per device are left: the other devices are in the same key. */
static void drop_overruled(struct arena *a, const struct cgroup_resources *writes,
			   struct cgroup_change *ch)
{
	struct oci_map kept = { .present = ch->kept.unified.present };
	VEC(struct oci_pair) left = { 0 };
	for (size_t i = 0; i < ch->kept.unified.n; i++) {
		const struct oci_pair *p = &ch->kept.unified.v[i];
		bool overruled = false;
		for (size_t k = 0; k < writes->writes.n; k++)
			overruled |= streq(writes->writes.v[k].file, p->key);
		if (!overruled || map_has(&ch->now.unified, p->key) || after_prefix(p->key, "io."))
			vec_push(a, &left, *p);
	}
	kept.v = left.v;
	kept.n = left.n;
	ch->kept.unified = kept;
}

/* ---- all of it ---- */

static int merge(struct arena *a, struct cgroup_change *ch)
{
	if (ch->now.cpu)
		TRY(merge_cpu(a, ch));
	if (ch->now.memory)
		merge_memory(a, ch);
	if (ch->now.pids && ch->now.pids->limit.set)
		ch->kept.pids = ch->now.pids;
	if (ch->now.block_io)
		merge_block_io(a, ch);
	UPSERT(a, &ch->kept.hugepage_limits, &ch->now.hugepage_limits, SAME_SIZE);
	UPSERT(a, &ch->kept.rdma, &ch->now.rdma, SAME_KEY);
	UPSERT(a, &ch->kept.unified, &ch->now.unified, SAME_KEY);
	/* An empty list is what engines send who have nothing to say about devices. */
	if (ch->now.devices.n)
		ch->kept.devices = ch->now.devices;
	return 0;
}

static bool same_program(const struct cgroup_plan *x, const struct cgroup_plan *y)
{
	return x->all_devices == y->all_devices && x->device_prog_len == y->device_prog_len &&
	       (!x->device_prog_len || memcmp(x->device_prog, y->device_prog,
					      x->device_prog_len * sizeof(*x->device_prog)) == 0);
}

int cgroup_change_make(struct arena *a, const struct cgroup_plan *base,
		       const struct oci_resources *stored, const struct oci_resources *asked,
		       struct cgroup_change *out)
{
	struct cgroup_change ch = { .now = *asked, .old = *base, .plan = *base };

	if (stored)
		ch.kept = *stored;
	TRY(merge(a, &ch));
	TRY(cgroup_resources_make(a, &ch.now, &ch.writes));
	drop_overruled(a, &ch.writes, &ch);
	TRY(cgroup_resources_make(a, &ch.kept, &ch.plan.res));
	TRY(cgroup_resources_make(a, stored, &ch.old.res));
	TRY(cgroup_plan_devices(a, &ch.plan));
	TRY(cgroup_plan_devices(a, &ch.old));
	ch.new_rules = !same_program(&ch.plan, &ch.old);
	*out = ch;
	return 0;
}
