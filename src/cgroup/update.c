/* SPDX-License-Identifier: Apache-2.0 */
/* Change the limits of a cgroup that is in use: all of them, or none. What each file says is kept
 * before it is written, and written back in the opposite order when something after it fails.
 * Surprise: in files with one line per device, what is put back is the device's own line, or the
 * line that says "no limit" when it had none. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "cgroup/driver.h"

#define FILE_MAX (256 << 10)

/* What a device without a line in such a file has. */
static const struct {
	const char *file, *rest;
} no_line[] = {
	{ "io.max", "rbps=max wbps=max riops=max wiops=max" },
	{ "io.weight", "default" },
	{ "io.bfq.weight", "default" },
	{ "io.latency", "target=0" },
	{ "rdma.max", "hca_handle=max hca_object=max" },
	{ "misc.max", "max" },
	{ "dmem.max", "max" },
	{ "dmem.min", "0" },
	{ "dmem.low", "0" },
};

static const char *rest_without_line(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(no_line); i++)
		if (streq(no_line[i].file, file))
			return no_line[i].rest;
	return NULL;
}

/* The line of `text` that begins with the n bytes of `key` and a blank. */
static const char *line_of(struct arena *a, const char *text, const char *key, size_t n)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strncmp(text, key, n) == 0 && text[n] == ' ')
			return arena_strndup(a, text, strcspn(text, "\n"));
	return NULL;
}

const char *cgroup_value_before(struct arena *a, const char *file, const char *value,
				const char *text)
{
	const char *rest = rest_without_line(file);
	size_t n = strcspn(value, " ");

	if (!rest || !value[n]) {
		const char *first = arena_strndup(a, text, strcspn(text, "\n"));
		/* An empty value has to be written as something. */
		return *first ? first : "\n";
	}
	const char *line = line_of(a, text, value, n);
	return line ? line : arena_printf(a, "%.*s %s", (int)n, value, rest);
}

static void keep_one(struct arena *a, const struct cgroup *cg, const struct cgroup_write *w,
		     struct cgroup_before *out)
{
	const char *file = w->file, *value = w->value;
	char *text;
	size_t len;

	if (w->alt_file && faccessat(cg->dir_fd, file, F_OK, 0) < 0) {
		file = w->alt_file;
		value = w->alt_value;
	}
	/* A file that is not there, or cannot be read: writing it will tell. */
	if (io_read_virtual(a, cg->dir_fd, file, FILE_MAX, &text, &len) < 0) {
		err_clear();
		return;
	}
	struct cgroup_write back = { .file = file, .key = w->key };
	back.value = cgroup_value_before(a, file, value, text);
	vec_push(a, &out->writes, back);
}

static void warn_stuck(int r)
{
	if (r >= 0)
		return;
	log_warn("Setting back cgroup configs failed: %s", err_get()->text);
	err_clear();
}

int cgroup_put_back(const struct cgroup_change *ch, const struct cgroup *cg,
		    const struct cgroup_before *before)
{
	struct err why = *err_get();

	err_clear();
	if (before->manager)
		warn_stuck(cgroup_tell_manager(&ch->old, cg));
	for (size_t i = before->writes.n; i-- > 0;)
		warn_stuck(cgroup_write_limit(&ch->old, cg, &before->writes.v[i]));
	if (before->rules)
		warn_stuck(cgroup_devices(&ch->old, cg));
	return err_set(&why);
}

static int change(const struct cgroup_change *ch, const struct cgroup_plan *now,
		  const struct cgroup *cg, struct cgroup_before *before)
{
	before->manager = true;
	TRY(cgroup_tell_manager(&ch->plan, cg));
	TRY(cgroup_write_limits(now, cg));
	if (!ch->new_rules)
		return 0;
	before->rules = true;
	return cgroup_devices(&ch->plan, cg);
}

int cgroup_update(struct arena *a, const struct cgroup_change *ch, const struct cgroup *cg,
		  struct cgroup_before *before)
{
	struct cgroup_plan now = ch->plan;
	struct cgroup_before b = { 0 };

	now.res = ch->writes;
	for (size_t i = 0; i < now.res.notes.n; i++)
		log_warn("%s", now.res.notes.v[i]);
	TRY(cgroup_check_usage(&now, cg));
	TRY(cgroup_enable_controllers(&now, cg));
	for (size_t i = 0; i < now.res.writes.n; i++)
		keep_one(a, cg, &now.res.writes.v[i], &b);
	if (change(ch, &now, cg, &b) < 0)
		return cgroup_put_back(ch, cg, &b);
	*before = b;
	return 0;
}
