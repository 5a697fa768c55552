/* SPDX-License-Identifier: Apache-2.0 */
/* ps: the processes of a container's cgroup, as numbers (json) or as the rows that ps(1) has for
 * them. Surprise: a container that has stopped has no processes when its cgroup is gone, and asking
 * for them is no error. One that lives was moved out of its cgroup then, and we do not guess. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"
#include "base/str.h"
#include "runtime/launch.h"
#include "runtime/ps_table.h"

#define PS_OUTPUT_MAX ((size_t)64 << 20)
#define PS_TIMEOUT_MS 60000
#define DEFAULT_PATH  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
	return x < y ? -1 : x > y;
}

static int print_json(struct runtime *rt, const pid_t *pids, size_t n)
{
	struct str s;
	str_init(&s, rt->arena, 0);
	str_add(&s, n ? "[" : "null");
	for (size_t i = 0; i < n; i++)
		str_addf(&s, "%s%d", i ? "," : "", (int)pids[i]);
	str_add(&s, n ? "]\n" : "\n");
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}

/* Engines start us with hardly any environment, often without PATH. */
static const char *find_ps(struct arena *a)
{
	const char *path = getenv("PATH");
	for (path = path && *path ? path : DEFAULT_PATH; *path; path += *path == ':') {
		size_t n = strcspn(path, ":");
		const char *file = arena_printf(a, "%.*s/ps", (int)n, path);
		if (*file == '/' && access(file, X_OK) == 0)
			return file;
		path += n;
	}
	return NULL;
}

static int run_ps(struct arena *a, const char *const *args, size_t n, struct child_result *res)
{
	const char *file = find_ps(a), **argv = arena_calloc(a, n + 3, sizeof(*argv));
	if (!file) {
		int r = err_msg(ERR_UNSUPPORTED,
				"exec: \"ps\": executable file not found in $PATH");
		err_hint("--format json needs no ps program");
		return r;
	}
	argv[0] = "ps";
	argv[1] = "-ef";
	for (size_t i = 0; i < n; i++)
		argv[1 + i] = args[i];
	struct child_opts o = {
		.path = file,
		.argv = argv,
		.env = (const char *const *)environ,
		.timeout_ms = PS_TIMEOUT_MS,
		.capture_max = PS_OUTPUT_MAX,
	};
	TRY_AS(child_run(a, &o, res), "run \"%s\"", file);
	if (res->timed_out)
		return err_msg(ERR_SYS, "\"%s\" did not end within %d seconds", file,
			       PS_TIMEOUT_MS / 1000);
	if (!WIFEXITED(res->status) || WEXITSTATUS(res->status)) {
		struct str said;
		str_init(&said, a, 600);
		str_add_quoted(&said, *res->err ? res->err : res->out);
		return err_msg(ERR_SYS, "\"%s\" failed: %s: %s", file,
			       child_status_text(a, res->status), said.v);
	}
	return 0;
}

static int print_table(struct runtime *rt, const struct ps_question *q, const char *const *args,
		       size_t nargs)
{
	struct child_result res;
	struct str s;
	TRY(run_ps(rt->arena, args, nargs, &res));
	str_init(&s, rt->arena, PS_OUTPUT_MAX);
	TRY(ps_table_filter(q, res.out, &s));
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}

static int read_pids(struct runtime *rt, const struct oci_record *rec, pid_t **pids, size_t *n)
{
	/* One made anew at the path is somebody else's. */
	int there = TRY(cgroup_is(rec->cgroup_path, rec->shared_cgroup ? 0 : rec->cgroup_id));
	if (there)
		TRY(cgroup_procs(rt->arena, rec->cgroup_path, pids, n));
	if (*n || !store_process_alive(rec->pid, rec->start_time))
		return 0;
	return err_msg(ERR_STATE,
		       "cannot tell the processes of container \"%s\": %s \"%s\", though process "
		       "%d lives",
		       rec->id, there ? "nobody is in its cgroup" : "there is no longer its cgroup",
		       rec->cgroup_path, (int)rec->pid);
}

int runtime_ps(struct runtime *rt, const char *id, const char *format, const char *const *args,
	       size_t nargs)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	pid_t *pids = NULL;
	size_t n = 0;
	bool json = format && streq(format, "json");
	if (format && !json && !streq(format, "table"))
		return err_msg(ERR_USAGE, "invalid format option \"%s\", expected table or json",
			       format);
	TRY(container_open(rt, id, &c, &rec));
	bool alive = rec && store_process_alive(rec->pid, rec->start_time);
	store_close(&c);
	if (alive && !rec->cgroup_path)
		return err_msg(ERR_UNSUPPORTED,
			       "cannot tell the processes of container \"%s\": it has no cgroup of "
			       "its own",
			       id);
	if (rec && rec->cgroup_path)
		TRY(read_pids(rt, rec, &pids, &n));
	if (n)
		qsort(pids, n, sizeof(*pids), compare_pids);
	struct ps_question q = { .pids = pids, .n = n };
	return json ? print_json(rt, pids, n) : print_table(rt, &q, args, nargs);
}
