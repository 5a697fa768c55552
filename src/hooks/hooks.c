/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks: checked once, run in order, and when one fails the user reads which one, how, and what it
 * said. Surprise: what a hook prints is kept back while all is well, and goes to the log with
 * --debug. */
#include <fcntl.h>
#include <limits.h>

#include "base/child.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "hooks/hooks.h"

/* struct err holds 1000 bytes: what the hook complains about is worth more than what it prints. */
enum { SHOW_PATH = 100, SHOW_STDOUT = 150, SHOW_STDERR = 500 };

/* The end of a text: what a program says last is why it gave up. */
static const char *clip(struct arena *a, const char *text, size_t max)
{
	size_t n = strlen(text), from;
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	if (n <= max)
		return arena_strndup(a, text, n);
	from = n - max;
	while (from < n && ((unsigned char)text[from] & 0xc0) == 0x80) /* not inside a sequence */
		from++;
	return arena_printf(a, "...%.*s", (int)(n - from), text + from);
}

static int timeout_ms(const struct oci_hook *hook)
{
	if (!hook->timeout.set)
		return 0;
	return hook->timeout.v > INT_MAX / 1000 ? INT_MAX : (int)hook->timeout.v * 1000;
}

/* A NULL-terminated copy. */
static const char *const *terminated(struct arena *a, const struct oci_strs *strs)
{
	const char **v = arena_calloc(a, strs->n + 1, sizeof(*v));
	if (strs->n)
		memcpy(v, strs->v, strs->n * sizeof(*v));
	return v;
}

static int append(const char *path, const char *text)
{
	if (!path || !*text)
		return 0;
	/* O_NONBLOCK: a FIFO without a reader is an error, not a hang. */
	_cleanup_close_ int fd = open(
		path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys("open \"%s\" for what hooks print", path);
	TRY_AS(io_write_all(fd, text, strlen(text)), "\"%s\"", path);
	return 0;
}

/* "exit status 1 of "/bin/x" (/hooks/createRuntime/0)" */
static const char *outcome(struct arena *a, const struct hooks *h, size_t i,
			   const struct child_result *res)
{
	const struct oci_hook *hook = &h->v[i];
	const char *why = res->timed_out
				  ? arena_printf(a, "hook ran past specified timeout of %lld.0s",
						 (long long)hook->timeout.v)
				  : child_status_text(a, res->status);
	return arena_printf(a, "%s of \"%s\" (/hooks/%s/%zu)", why,
			    clip(a, hook->path, SHOW_PATH), h->kind, i);
}

static int run_one(struct arena *a, const struct hooks *h, size_t i, const char *state_json)
{
	const struct oci_hook *hook = &h->v[i];
	const char *just_path[] = { hook->path, NULL };
	struct child_opts o = {
		.path = hook->path,
		.argv = hook->args.n ? terminated(a, &hook->args) : just_path,
		.env = hook->env.n ? terminated(a, &hook->env) : h->env,
		.cwd = h->cwd,
		.stdin_data = state_json,
		.stdin_len = strlen(state_json),
		.timeout_ms = timeout_ms(hook),
	};
	struct child_result res;
	TRY_AS(child_run(a, &o, &res), "/hooks/%s/%zu", h->kind, i);
	TRY(append(h->out_path, res.out));
	TRY(append(h->err_path, res.err));
	bool good = !res.timed_out && res.status == 0;
	if (good && !log_debug_on())
		return 0;
	const char *what = outcome(a, h, i, &res), *out = clip(a, res.out, SHOW_STDOUT),
		   *err = clip(a, res.err, SHOW_STDERR);
	if (!good)
		return err_msg(ERR_SYS, "%s, stdout: %s, stderr: %s", what, out, err);
	log_debug("%s hook #%zu: %s, stdout: %s, stderr: %s", h->kind, i, what, out, err);
	return 0;
}

int hooks_run(struct arena *a, const struct hooks *h, const char *state_json)
{
	struct err first = { 0 };
	for (size_t i = 0; i < h->n; i++) {
		if (h->done && h->done[i] == '1')
			continue;
		int r = run_one(a, h, i, state_json);
		if (r >= 0) {
			if (h->done)
				h->done[i] = '1';
			continue;
		}
		r = err_wrap("error running %s hook #%zu", h->kind, i);
		if (!h->warn_only && !h->done)
			return r;
		if (h->done && !first.kind)
			first = *err_get();
		else
			log_warn("%s", err_get()->text);
		err_clear();
	}
	return first.kind ? err_set(&first) : 0;
}

static int check_one(const char *kind, size_t i, const struct oci_hook *hook)
{
	if (hook->path[0] != '/')
		return err_msg(ERR_CONFIG,
			       "/hooks/%s/%zu/path: must be an absolute path, found \"%s\"", kind,
			       i, hook->path);
	if (hook->timeout.set && hook->timeout.v <= 0)
		return err_msg(ERR_CONFIG,
			       "/hooks/%s/%zu/timeout: must be greater than 0, found %lld", kind, i,
			       (long long)hook->timeout.v);
	for (size_t j = 0; j < hook->env.n; j++)
		if (!strchr(hook->env.v[j], '='))
			return err_msg(ERR_CONFIG,
				       "/hooks/%s/%zu/env/%zu: invalid environment variable: "
				       "missing \"=\"",
				       kind, i, j);
	return 0;
}

int hooks_validate(const struct oci_hooks *h)
{
	if (!h)
		return 0;
	const struct {
		const char *kind;
		const struct oci_hook *v;
		size_t n;
	} lists[] = {
		{ "prestart", h->prestart.v, h->prestart.n },
		{ "createRuntime", h->create_runtime.v, h->create_runtime.n },
		{ "createContainer", h->create_container.v, h->create_container.n },
		{ "startContainer", h->start_container.v, h->start_container.n },
		{ "poststart", h->poststart.v, h->poststart.n },
		{ "poststop", h->poststop.v, h->poststop.n },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t j = 0; j < lists[i].n; j++)
			TRY(check_one(lists[i].kind, j, &lists[i].v[j]));
	return 0;
}
