/* SPDX-License-Identifier: Apache-2.0 */
/* Labels become annotations and win over what we derive; nothing of an image changes what the
 * runtime does but the fields of the conversion rules. */
#include "image/runtime_config.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "base/vec.h"
#include "defaults/defaults.h"
#include "image/user.h"

#define ANNOTATION "org.opencontainers.image."

static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",     "CAP_FSETID",
	"CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
	"CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT",
};

static struct oci_strs copy_strs(struct arena *a, const char *const *v, size_t n)
{
	struct oci_strs s = { .n = n, .present = n > 0 };
	s.v = arena_memdup(a, v, n * sizeof(*v));
	return s;
}

static size_t name_len(const char *pair)
{
	return strcspn(pair, "=");
}

static bool same_name(const char *a, const char *b)
{
	return name_len(a) == name_len(b) && strncmp(a, b, name_len(a)) == 0;
}

static void set_env(struct arena *a, struct oci_strs *env, const char *pair)
{
	for (size_t i = 0; i < env->n; i++)
		if (same_name(env->v[i], pair)) {
			env->v[i] = pair;
			return;
		}
	const char **v = arena_calloc(a, env->n + 1, sizeof(*v));
	if (env->n)
		memcpy(v, env->v, env->n * sizeof(*v));
	v[env->n++] = pair;
	env->v = v;
	env->present = true;
}

static bool has_env(const struct oci_strs *env, const char *name)
{
	for (size_t i = 0; i < env->n; i++)
		if (same_name(env->v[i], name))
			return true;
	return false;
}

/* The image's own, ours only where it has none, then what was asked for. */
static int make_env(struct arena *a, const struct oci_image_exec *x, const struct runtime_wishes *w,
		    const char *home, struct oci_process *p)
{
	struct oci_strs env = { 0 };
	for (size_t i = 0; i < x->env.n; i++) {
		if (name_len(x->env.v[i]) == 0)
			return err_msg(ERR_CONFIG, "/config/Env/%zu: \"%s\" has no name", i,
				       x->env.v[i]);
		set_env(a, &env, x->env.v[i]);
	}
	for (size_t i = 0; i < w->env.n; i++) {
		if (name_len(w->env.v[i]) == 0 || !strchr(w->env.v[i], '='))
			return err_msg(ERR_USAGE, "--env: expected NAME=VALUE, found \"%s\"",
				       w->env.v[i]);
		set_env(a, &env, w->env.v[i]);
	}
	if (!has_env(&env, "PATH"))
		set_env(a, &env,
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (home && !has_env(&env, "HOME"))
		set_env(a, &env, arena_printf(a, "HOME=%s", home));
	if (w->terminal && !has_env(&env, "TERM"))
		set_env(a, &env, "TERM=xterm");
	p->env = env;
	return 0;
}

static void make_args(struct arena *a, const struct oci_image_exec *x,
		      const struct runtime_wishes *w, struct oci_process *p)
{
	const struct oci_strs *cmd = w->command.n ? &w->command : &x->cmd;
	VEC(const char *) args = { 0 };
	for (size_t i = 0; i < w->args.n; i++)
		vec_push(a, &args, w->args.v[i]);
	for (size_t i = 0; !w->args.n && i < x->entrypoint.n; i++)
		vec_push(a, &args, x->entrypoint.v[i]);
	for (size_t i = 0; !w->args.n && i < cmd->n; i++)
		vec_push(a, &args, cmd->v[i]);
	if (args.n == 0) {
		log_warn("the image has neither Entrypoint nor Cmd; the bundle will run /bin/sh");
		vec_push(a, &args, "/bin/sh");
	}
	p->args = (struct oci_strs){ .v = args.v, .n = args.n, .present = true };
}

static int make_cwd(struct arena *a, const struct oci_image_exec *x, const struct runtime_wishes *w,
		    struct oci_process *p)
{
	const char *cwd = w->cwd ? w->cwd : x->working_dir;
	if (w->cwd && *w->cwd != '/')
		return err_msg(ERR_USAGE, "--cwd: expected an absolute path, found \"%s\"", w->cwd);
	p->cwd = !cwd || !*cwd ? "/" : *cwd == '/' ? cwd : arena_printf(a, "/%s", cwd);
	return 0;
}

/* As engines do it: what the user may come to, and for root all of it at once. */
static void make_capabilities(struct arena *a, struct oci_process *p)
{
	struct oci_capabilities *c = arena_alloc(a, sizeof(*c));
	c->bounding = copy_strs(a, capabilities, ARRAY_SIZE(capabilities));
	if (p->user->uid == 0)
		c->permitted = c->effective = c->bounding;
	p->capabilities = c;
}

static int make_process(struct arena *a, const struct oci_image_exec *x,
			const struct runtime_wishes *w, int root_fd, struct oci_process *p)
{
	struct image_user user;
	const char *name = w->user ? w->user : x->user;
	TRY_AS(image_user_find(a, root_fd, name, &user), w->user ? "--user" : "/config/User");
	p->user = arena_memdup(a, &user.ids, sizeof(user.ids));
	p->terminal = w->terminal;
	make_args(a, x, w, p);
	TRY(make_env(a, x, w, user.home, p));
	TRY(make_cwd(a, x, w, p));
	make_capabilities(a, p);
	return 0;
}

static void annotate(struct arena *a, struct oci_map *m, const char *key, const char *value)
{
	struct oci_pair *v;
	if (!value || !*value)
		return;
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->v[i].key, key)) {
			m->v[i].value = value;
			return;
		}
	v = arena_calloc(a, m->n + 1, sizeof(*v));
	if (m->n)
		memcpy(v, m->v, m->n * sizeof(*v));
	v[m->n++] = (struct oci_pair){ key, value };
	m->v = v;
	m->present = true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ports, sorted: maps have no order, and the result should have one. */
static const char *ports_of(struct arena *a, const struct oci_image_exec *x)
{
	size_t n = x->exposed_ports.n;
	const char **names = arena_calloc(a, n, sizeof(*names));
	struct str s;
	for (size_t i = 0; i < n; i++)
		names[i] = x->exposed_ports.v[i].key;
	qsort(names, n, sizeof(*names), by_text);
	str_init(&s, a, 0);
	for (size_t i = 0; i < n; i++)
		str_addf(&s, "%s%s", i ? "," : "", names[i]);
	return s.v;
}

static const char *joined(struct arena *a, const struct oci_strs *list)
{
	struct str s;
	str_init(&s, a, 0);
	for (size_t i = 0; i < list->n; i++)
		str_addf(&s, "%s%s", i ? "," : "", list->v[i]);
	return s.v;
}

static void make_annotations(struct arena *a, const struct oci_image_config *image,
			     const struct oci_image_exec *x, struct oci_config *c)
{
	struct oci_map *m = &c->annotations;
	annotate(a, m, ANNOTATION "os", image->os);
	annotate(a, m, ANNOTATION "architecture", image->architecture);
	annotate(a, m, ANNOTATION "variant", image->variant);
	annotate(a, m, ANNOTATION "os.version", image->os_version);
	annotate(a, m, ANNOTATION "os.features", joined(a, &image->os_features));
	annotate(a, m, ANNOTATION "author", image->author);
	annotate(a, m, ANNOTATION "created", image->created);
	annotate(a, m, ANNOTATION "stopSignal", x->stop_signal);
	annotate(a, m, ANNOTATION "exposedPorts", ports_of(a, x));
	for (size_t i = 0; i < x->labels.n; i++)
		annotate(a, m, x->labels.v[i].key, x->labels.v[i].value);
}

/* A place to write to that lives as long as the container, filled with what the image has there. */
static int make_volumes(struct arena *a, const struct oci_image_exec *x,
			const struct runtime_wishes *w, struct oci_config *c)
{
	static const char *const options[] = { "rw", "nosuid", "nodev", "mode=0755", "tmpcopyup" };
	size_t n = c->mounts.n;
	if (w->volumes && streq(w->volumes, "ignore"))
		return 0;
	if (w->volumes && !streq(w->volumes, "tmpfs"))
		return err_msg(ERR_USAGE, "--volumes: expected tmpfs or ignore, found \"%s\"",
			       w->volumes);
	struct oci_mount *v = arena_calloc(a, n + x->volumes.n, sizeof(*v));
	memcpy(v, c->mounts.v, n * sizeof(*v));
	for (size_t i = 0; i < x->volumes.n; i++) {
		const char *path = x->volumes.v[i].key;
		if (*path != '/')
			return err_msg(ERR_CONFIG, "/config/Volumes: \"%s\" is not absolute", path);
		v[n++] = (struct oci_mount){
			.destination = path,
			.type = "tmpfs",
			.source = "tmpfs",
			.options = copy_strs(a, options, ARRAY_SIZE(options)),
		};
	}
	c->mounts.v = v;
	c->mounts.n = n;
	return 0;
}

/* One id: ours. */
static void make_rootless(struct arena *a, struct oci_config *c)
{
	struct oci_id_mapping uid = { .host_id = geteuid(), .size = 1 };
	struct oci_id_mapping gid = { .host_id = getegid(), .size = 1 };
	struct oci_user *u = c->process->user;
	defaults_rootless(a, c);
	c->linux_->uid_mappings.v = arena_memdup(a, &uid, sizeof(uid));
	c->linux_->gid_mappings.v = arena_memdup(a, &gid, sizeof(gid));
	c->linux_->uid_mappings.n = c->linux_->gid_mappings.n = 1;
	if (u->uid != 0 || u->gid != 0 || u->additional_gids.n)
		log_warn("rootless: the bundle has one user only, %u:%u becomes 0:0", u->uid,
			 u->gid);
	*u = (struct oci_user){ 0 };
	make_capabilities(a, c->process);
}

int runtime_config_make(struct arena *a, const struct oci_image_config *image,
			const struct runtime_wishes *w, int root_fd, struct oci_config **out)
{
	static const struct oci_image_exec nothing;
	const struct oci_image_exec *x = image->config ? image->config : &nothing;
	struct oci_config *c = defaults_config(a);
	if (!streq(image->os, "linux"))
		return err_msg(ERR_UNSUPPORTED, "an image for %s does not run on Linux", image->os);
	c->oci_version = "1.0.2"; /* nothing in it is newer, so every runtime takes it */
	c->root->readonly = w->read_only;
	c->hostname = w->hostname                   ? w->hostname
		      : x->hostname && *x->hostname ? x->hostname
						    : c->hostname;
	TRY(make_process(a, x, w, root_fd, c->process));
	TRY(make_volumes(a, x, w, c));
	make_annotations(a, image, x, c);
	if (w->rootless)
		make_rootless(a, c);
	*out = c;
	return 0;
}
