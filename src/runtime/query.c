/* SPDX-License-Identifier: Apache-2.0 */
/* state and list: read, never lock, never write, nothing on stderr when all is well (engines parse
 * stdout and stderr together). */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/str.h"
#include "runtime/launch.h"

int container_open(struct runtime *rt, const char *id, struct container *c, struct oci_record **rec)
{
	const char *root;
	TRY(store_check_id(id));
	TRY(runtime_identity(rt));
	TRY(store_root(rt->arena, rt->root, rt->host.rootless, false, &root));
	TRY(store_open(root, id, c));
	*rec = NULL;
	int r = store_load(rt->arena, c, rec);
	if (r < 0)
		store_close(c);
	return r < 0 ? r : 0;
}

int container_open_locked(struct runtime *rt, const char *id, struct container *c,
			  struct oci_record **rec)
{
	TRY(container_open(rt, id, c, rec));
	*rec = NULL;
	int r = store_lock(c);
	if (r >= 0)
		r = store_load(rt->arena, c, rec);
	if (r < 0)
		store_close(c);
	return r < 0 ? r : 0;
}

int container_config(struct runtime *rt, const struct container *c, struct oci_config **out)
{
	char *text;
	size_t len;
	TRY(store_load_config(rt->arena, c, &text, &len));
	return config_parse(rt->arena, "saved config.json", text, len, out);
}

int container_not_running(void)
{
	return err_msg(ERR_STATE, "container not running");
}

int container_borrow(struct container *c, const struct oci_record *rec, struct ns_target *t)
{
	_cleanup_close_ int sock = -1;
	if (!rec->lends || TRY(store_lend_connect(c, &sock)) == STORE_NOT_LENT)
		return 0;
	int r = ns_lend_take(sock, t); /* NS_LEND_GONE: soon its program lets us in */
	return r < 0 ? r : 0;
}

int container_state(const struct runtime *rt, const struct container *c,
		    const struct oci_record *rec, struct oci_state *out)
{
	enum oci_status st = OCI_CREATING; /* right after mkdir there is not even a creator */
	(void)rt;
	if (rec->creator_pid)
		TRY(store_status(c, rec, &st));
	*out = (struct oci_state){
		.oci_version = rec->oci_version,
		.id = rec->id,
		.pid = { .v = st == OCI_STOPPED ? 0 : rec->pid, .set = true },
		.status = st,
		.bundle = rec->bundle,
		.rootfs = rec->rootfs,
		.created = rec->created,
		.annotations = rec->annotations,
		.owner = "",
		.oom_killed = st == OCI_STOPPED && oom_seen(rec),
	};
	return 0;
}

/* Between mkdir and the first record there is nothing to tell but that create is at work. */
static struct oci_record *young(struct runtime *rt, const struct container *c)
{
	struct oci_record *rec = arena_alloc(rt->arena, sizeof(*rec));
	*rec = (struct oci_record){
		.oci_version = "1.0.0",
		.id = arena_strdup(rt->arena, c->id), /* list closes `c` before it prints */
		.bundle = "",
		.status = OCI_CREATING,
	};
	return rec;
}

int runtime_state(struct runtime *rt, const char *id)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec;
	struct oci_state st;
	size_t len;
	TRY(container_open(rt, id, &c, &rec));
	int r = container_state(rt, &c, rec ? rec : young(rt, &c), &st);
	store_close(&c);
	if (r < 0)
		return r;
	if (rec && st.oom_killed)
		oom_note(rt, id, rec);
	const char *text = oci_encode(rt->arena, oci_state_type(), &st, "  ", &len);
	TRY(io_write_all(STDOUT_FILENO, text, len));
	return io_write_all(STDOUT_FILENO, "\n", 1);
}

/* From /etc/passwd alone: a static program cannot load the name service's libraries. */
static const char *user_name(struct arena *a, uid_t uid)
{
	char *text, *save = NULL;
	size_t len;
	if (io_read_file(a, AT_FDCWD, "/etc/passwd", 16 << 20, &text, &len) < 0) {
		err_clear();
		text = arena_strdup(a, "");
	}
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *name = strsep(&line, ":");
		strsep(&line, ":"); /* password */
		const char *id = strsep(&line, ":");
		if (id && streq(id, arena_printf(a, "%u", uid)))
			return name;
	}
	return arena_printf(a, "#%u", uid);
}

static const char *owner_of(struct runtime *rt, const struct container *c)
{
	struct stat sb;
	if (fstat(c->dir_fd, &sb) < 0)
		return "";
	return sb.st_uid == 0 ? "root" : user_name(rt->arena, sb.st_uid);
}

static int read_one(struct runtime *rt, const char *root, const char *id, struct oci_state *out)
{
	struct container c = CONTAINER_INIT;
	struct oci_record *rec = NULL;
	TRY(store_open(root, id, &c));
	int r = store_load(rt->arena, &c, &rec);
	if (r >= 0)
		r = container_state(rt, &c, rec ? rec : young(rt, &c), out);
	if (r >= 0)
		out->owner = owner_of(rt, &c);
	store_close(&c);
	return r;
}

static int print_table(struct runtime *rt, const struct oci_state *v, size_t n)
{
	static const char *const head[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
	size_t width[ARRAY_SIZE(head)];
	struct str s;
	str_init(&s, rt->arena, 0);
	for (size_t col = 0; col < ARRAY_SIZE(head); col++)
		width[col] = 12;
	for (size_t i = 0; i < n; i++) {
		const char *cell[] = { v[i].id, "", "", v[i].bundle,
				       v[i].created ? v[i].created : "" };
		for (size_t col = 0; col < ARRAY_SIZE(cell); col++)
			if (strlen(cell[col]) + 3 > width[col])
				width[col] = strlen(cell[col]) + 3;
	}
	for (size_t i = 0; i <= n; i++) {
		const struct oci_state *e = i ? &v[i - 1] : NULL;
		const char *cell[] = {
			e ? e->id : head[0],
			e ? arena_printf(rt->arena, "%d", e->pid.v) : head[1],
			e ? oci_word(&oci_status_words, (int)e->status) : head[2],
			e ? e->bundle : head[3],
			e ? (e->created ? e->created : "") : head[4],
		};
		for (size_t col = 0; col < ARRAY_SIZE(cell); col++)
			str_addf(&s, "%-*s", (int)width[col], cell[col]);
		str_addf(&s, "%s\n", e ? e->owner : head[5]);
	}
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}

static int print_json(struct runtime *rt, const struct oci_state *v, size_t n)
{
	struct str s;
	str_init(&s, rt->arena, 0);
	str_add(&s, n ? "[" : "null");
	for (size_t i = 0; i < n; i++) {
		size_t len;
		const char *one = oci_encode(rt->arena, oci_state_type(), &v[i], NULL, &len);
		str_add(&s, i ? "," : "");
		str_addn(&s, one, len);
	}
	str_add(&s, n ? "]\n" : "\n");
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}

static int print_ids(struct runtime *rt, const struct oci_strs *ids)
{
	struct str s;
	str_init(&s, rt->arena, 0);
	for (size_t i = 0; i < ids->n; i++)
		str_addf(&s, "%s\n", ids->v[i]);
	return io_write_all(STDOUT_FILENO, s.v, s.n);
}

int runtime_list(struct runtime *rt, const char *format, bool quiet)
{
	struct oci_strs ids = { 0 };
	const char *root;
	bool json = format && streq(format, "json");
	if (format && !json && !streq(format, "table"))
		return err_msg(ERR_USAGE, "invalid format option \"%s\", expected table or json",
			       format);
	TRY(runtime_identity(rt));
	TRY(store_root(rt->arena, rt->root, rt->host.rootless, false, &root));
	int r = TRY(store_list(rt->arena, root, &ids));
	if (r == STORE_NO_ROOT && rt->root)
		return err_sysno(ENOENT, "open \"%s\"", root);
	if (quiet)
		return print_ids(rt, &ids);
	struct oci_state *v = arena_calloc(rt->arena, ids.n, sizeof(*v));
	size_t n = 0;
	for (size_t i = 0; i < ids.n; i++) {
		if (read_one(rt, root, ids.v[i], &v[n]) >= 0) {
			n++;
			continue;
		}
		if (err_get()->no != ENOENT) /* deleted meanwhile is no news */
			fprintf(stderr, "skipping \"%s\": %s\n", ids.v[i], err_get()->text);
		err_clear();
	}
	return json ? print_json(rt, v, n) : print_table(rt, v, n);
}
