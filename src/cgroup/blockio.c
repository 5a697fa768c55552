/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources.blockIO -> writes of cgroup v2 (pure). Weights go to BFQ's own file where the
 * kernel has it, with the number as it is, else to io.weight with another scale; throttles become
 * one line of io.max per device and kind.
 * Surprise: a device with weight or rate 0 gives up its limit, so that update can lift one. */
#include <inttypes.h>

#include "cgroup/driver.h"

#define KEY CGROUP_KEY

static int check_weight(const char *key, const struct oci_u32 *w)
{
	if (w->set && w->v && (w->v < 10 || w->v > 1000))
		return err_msg(ERR_CONFIG, "%s: must be between 10 and 1000, not %u", key, w->v);
	return 0;
}

static unsigned io_weight(unsigned blkio)
{
	return 1 + (blkio - 10) * 9999 / 990;
}

static int check_device(const char *key, int64_t major, int64_t minor)
{
	if (major < 0 || minor < 0 || major > UINT32_MAX || minor > UINT32_MAX)
		return err_msg(ERR_CONFIG, "%s: %" PRId64 ":%" PRId64 " is not a device number",
			       key, major, minor);
	return 0;
}

static void add_default_weight(struct arena *a, const char *key, const char *dev,
			       struct cgroup_resources *out)
{
	const char *value = arena_printf(a, "%s default", dev);
	struct cgroup_write *w = cgroup_add_write(a, out, key, "io.bfq.weight", value);
	w->alt_file = "io.weight";
	w->alt_value = value;
	w->missing_ok = true;
}

static int add_io_weights(struct arena *a, const struct oci_block_io *io,
			  struct cgroup_resources *out)
{
	TRY(check_weight(KEY("blockIO/weight"), &io->weight));
	if (io->weight.set && io->weight.v) {
		struct cgroup_write *w =
			cgroup_add_write(a, out, KEY("blockIO/weight"), "io.bfq.weight",
					 arena_printf(a, "%u", io->weight.v));
		w->alt_file = "io.weight";
		w->alt_value = arena_printf(a, "default %u", io_weight(io->weight.v));
	}
	for (size_t i = 0; i < io->weight_device.n; i++) {
		const struct oci_block_weight *d = &io->weight_device.v[i];
		const char *key = arena_printf(a, KEY("blockIO/weightDevice/%zu"), i);
		TRY(check_device(key, d->major, d->minor));
		TRY(check_weight(key, &d->weight));
		if (!d->weight.set)
			continue;
		const char *dev = arena_printf(a, "%" PRId64 ":%" PRId64, d->major, d->minor);
		if (!d->weight.v) {
			add_default_weight(a, key, dev, out);
			continue;
		}
		struct cgroup_write *w = cgroup_add_write(
			a, out, key, "io.bfq.weight", arena_printf(a, "%s %u", dev, d->weight.v));
		w->alt_file = "io.weight";
		w->alt_value = arena_printf(a, "%s %u", dev, io_weight(d->weight.v));
	}
	return 0;
}

/* One of the four lists of limits per device. */
struct throttle {
	const char *list, *word;
	const struct oci_block_throttle *v;
	size_t n;
};

static int add_throttle(struct arena *a, const struct throttle *t, struct cgroup_resources *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct oci_block_throttle *d = &t->v[i];
		const char *key = arena_printf(a, KEY("blockIO/%s/%zu"), t->list, i);
		TRY(check_device(key, d->major, d->minor));
		/* Rate 0 lifts a limit. */
		const char *rate = d->rate ? arena_printf(a, "%" PRIu64, d->rate) : "max";
		cgroup_add_write(a, out, key, "io.max",
				 arena_printf(a, "%" PRId64 ":%" PRId64 " %s=%s", d->major,
					      d->minor, t->word, rate));
	}
	return 0;
}

int cgroup_add_block_io(struct arena *a, const struct oci_block_io *io,
			struct cgroup_resources *out)
{
	const struct throttle lists[] = {
		{ "throttleReadBpsDevice", "rbps", io->throttle_read_bps.v,
		  io->throttle_read_bps.n },
		{ "throttleWriteBpsDevice", "wbps", io->throttle_write_bps.v,
		  io->throttle_write_bps.n },
		{ "throttleReadIOPSDevice", "riops", io->throttle_read_iops.v,
		  io->throttle_read_iops.n },
		{ "throttleWriteIOPSDevice", "wiops", io->throttle_write_iops.v,
		  io->throttle_write_iops.n },
	};

	TRY(add_io_weights(a, io, out));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		TRY(add_throttle(a, &lists[i], out));
	return 0;
}
