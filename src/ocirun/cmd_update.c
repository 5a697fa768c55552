/* SPDX-License-Identifier: Apache-2.0 */
/* `ocirun update`: other limits for a container. The options become the same struct that a document
 * of -r is decoded into; -r makes every other option void. */
#include "base/parse.h"
#include "ocirun/command.h"

struct words {
	const char *resources, *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpu_idle, *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *pids_limit, *l3_cache_schema, *mem_bw_schema;
};

static const struct opt rows[] = {
	OPT_STRING('r', "resources", struct words, resources, "FILE",
		   "take linux.resources from FILE (- is stdin) and ignore the other options"),
	OPT_STRING(0, "blkio-weight", struct words, blkio_weight, "N",
		   "weight of block io, 10 to 1000"),
	OPT_STRING(0, "cpu-period", struct words, cpu_period, "US",
		   "length of a CPU quota's period"),
	OPT_STRING(0, "cpu-quota", struct words, cpu_quota, "US",
		   "CPU time per period, -1 is no limit"),
	OPT_STRING(0, "cpu-burst", struct words, cpu_burst, "US", "CPU time that may be saved up"),
	OPT_STRING(0, "cpu-share", struct words, cpu_share, "N", "CPU shares, 2 to 262144"),
	OPT_STRING(0, "cpu-rt-period", struct words, cpu_rt_period, "US", NULL),
	OPT_STRING(0, "cpu-rt-runtime", struct words, cpu_rt_runtime, "US", NULL),
	OPT_STRING(0, "cpu-idle", struct words, cpu_idle, "N",
		   "1: only CPU time nobody else wants"),
	OPT_STRING(0, "cpuset-cpus", struct words, cpuset_cpus, "LIST",
		   "CPUs to use, such as 0-3,5"),
	OPT_STRING(0, "cpuset-mems", struct words, cpuset_mems, "LIST", "memory nodes to use"),
	OPT_STRING(0, "memory", struct words, memory, "SIZE",
		   "memory limit; a size may end in b, k, m or g, -1 is no limit"),
	OPT_STRING(0, "memory-reservation", struct words, memory_reservation, "SIZE",
		   "memory that is not taken away"),
	OPT_STRING(0, "memory-swap", struct words, memory_swap, "SIZE", "limit of memory and swap"),
	OPT_STRING(0, "kernel-memory", struct words, kernel_memory, "SIZE", NULL),
	OPT_STRING(0, "kernel-memory-tcp", struct words, kernel_memory_tcp, "SIZE", NULL),
	OPT_STRING(0, "pids-limit", struct words, pids_limit, "N",
		   "number of processes, -1 is no limit"),
	OPT_STRING(0, "l3-cache-schema", struct words, l3_cache_schema, "TEXT",
		   "Intel RDT cache schema"),
	OPT_STRING(0, "mem-bw-schema", struct words, mem_bw_schema, "TEXT",
		   "Intel RDT memory bandwidth schema"),
	OPT_END
};

static int take_u64(const char *what, const char *text, uint64_t max, struct oci_u64 *out)
{
	if (!text)
		return 0;
	TRY(parse_u64(what, text, max, &out->v));
	out->set = true;
	return 0;
}

static int take_i64(const char *what, const char *text, struct oci_i64 *out)
{
	if (!text)
		return 0;
	TRY(parse_i64(what, text, INT64_MIN, INT64_MAX, &out->v));
	out->set = true;
	return 0;
}

static int take_size(const char *what, const char *text, struct oci_i64 *out)
{
	if (!text)
		return 0;
	TRY(parse_size(what, text, &out->v));
	out->set = true;
	return 0;
}

static int take_cpu(const struct words *w, struct oci_cpu *cpu)
{
	TRY(take_u64("--cpu-period", w->cpu_period, UINT64_MAX, &cpu->period));
	TRY(take_i64("--cpu-quota", w->cpu_quota, &cpu->quota));
	TRY(take_u64("--cpu-burst", w->cpu_burst, UINT64_MAX, &cpu->burst));
	TRY(take_u64("--cpu-share", w->cpu_share, UINT64_MAX, &cpu->shares));
	TRY(take_u64("--cpu-rt-period", w->cpu_rt_period, UINT64_MAX, &cpu->realtime_period));
	TRY(take_i64("--cpu-rt-runtime", w->cpu_rt_runtime, &cpu->realtime_runtime));
	TRY(take_i64("--cpu-idle", w->cpu_idle, &cpu->idle));
	cpu->cpus = w->cpuset_cpus;
	cpu->mems = w->cpuset_mems;
	return 0;
}

static int take_memory(const struct words *w, struct oci_memory *m)
{
	TRY(take_size("--memory", w->memory, &m->limit));
	TRY(take_size("--memory-reservation", w->memory_reservation, &m->reservation));
	TRY(take_size("--memory-swap", w->memory_swap, &m->swap));
	TRY(take_size("--kernel-memory", w->kernel_memory, &m->kernel));
	return take_size("--kernel-memory-tcp", w->kernel_memory_tcp, &m->kernel_tcp);
}

static int take_weight(const struct words *w, struct oci_block_io *io)
{
	struct oci_u64 weight = { 0 };
	TRY(take_u64("--blkio-weight", w->blkio_weight, UINT16_MAX, &weight));
	io->weight = (struct oci_u32){ .v = (uint32_t)weight.v, .set = weight.set };
	return 0;
}

static int run(struct runtime *rt, const void *opts, const struct oci_strs *args)
{
	const struct words *w = opts;
	struct oci_cpu cpu = { 0 };
	struct oci_memory memory = { 0 };
	struct oci_pids pids = { 0 };
	struct oci_block_io io = { 0 };
	const struct oci_resources asked = {
		.cpu = &cpu, .memory = &memory, .pids = &pids, .block_io = &io
	};
	const struct update_opts o = { .resources = w->resources,
				       .l3_cache_schema = w->l3_cache_schema,
				       .mem_bw_schema = w->mem_bw_schema,
				       .asked = &asked };
	if (!w->resources) {
		TRY(take_cpu(w, &cpu));
		TRY(take_memory(w, &memory));
		TRY(take_i64("--pids-limit", w->pids_limit, &pids.limit));
		TRY(take_weight(w, &io));
	}
	return runtime_update(rt, &o, args->v[0]);
}

const struct command cmd_update = {
	.name = "update",
	.args = "ID",
	.summary = "change the limits of a container",
	.rows = rows,
	.opts_size = sizeof(struct words),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
