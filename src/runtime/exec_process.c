/* SPDX-License-Identifier: Apache-2.0 */
/* The process that exec runs: that of a file, or the container's own with other arguments and what
 * the options change. What a file leaves out that limits the container's process (capabilities,
 * labels, rlimits) is taken over, so that a process more never has more than the first one. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/parse.h"
#include "base/vec.h"
#include "runtime/launch.h"

static int from_file(struct arena *a, const char *file, struct oci_process **out)
{
	struct oci_diag diag;
	char *text;
	size_t len;
	_cleanup_close_ int fd = -1;
	bool is_stdin = streq(file, "-");
	/* A pipe will do: <(...) of shells. */
	if (!is_stdin && (fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return err_sys("--process: open \"%s\"", file);
	TRY_AS(io_read_fd(a, is_stdin ? STDIN_FILENO : fd, file, OCI_MAX_DOCUMENT, &text, &len),
	       "--process");
	*out = oci_decode(a, oci_process_type(), text, len, 0, &diag);
	return *out ? 0 : err_msg(ERR_CONFIG, "--process \"%s\": %s", file, diag.text);
}

static void take_over(struct oci_process *p, const struct oci_process *base)
{
	if (!base)
		return;
	if (!p->capabilities)
		p->capabilities = base->capabilities;
	if (!p->apparmor_profile || !*p->apparmor_profile)
		p->apparmor_profile = base->apparmor_profile;
	if (!p->selinux_label || !*p->selinux_label)
		p->selinux_label = base->selinux_label;
	if (!p->rlimits.n)
		p->rlimits = base->rlimits;
	if (!p->oom_score_adj.set)
		p->oom_score_adj = base->oom_score_adj;
	if (!p->scheduler)
		p->scheduler = base->scheduler;
	if (!p->io_priority)
		p->io_priority = base->io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = base->exec_cpu_affinity;
}

static struct oci_strs joined(struct arena *a, const struct oci_strs *first,
			      const struct oci_strs *second)
{
	struct oci_strs out = { 0 };
	out.v = arena_calloc(a, first->n + second->n + 1, sizeof(*out.v));
	for (size_t i = 0; i < first->n; i++)
		out.v[out.n++] = first->v[i];
	for (size_t i = 0; i < second->n; i++)
		out.v[out.n++] = second->v[i];
	return out;
}

/* Never inheritable or ambient: they would outlive a change of user (CVE-2022-29162). */
static void add_caps(struct arena *a, const struct oci_strs *caps, struct oci_process *p)
{
	struct oci_capabilities *set = arena_alloc(a, sizeof(*set));
	if (!caps->n)
		return;
	*set = p->capabilities ? *p->capabilities : (struct oci_capabilities){ 0 };
	set->bounding = joined(a, &set->bounding, caps);
	set->permitted = joined(a, &set->permitted, caps);
	set->effective = joined(a, &set->effective, caps);
	p->capabilities = set;
}

static int set_user(struct arena *a, const struct exec_opts *o, struct oci_process *p)
{
	struct oci_user *u = arena_alloc(a, sizeof(*u));
	bool has_gid;
	uint32_t gid;
	*u = p->user ? *p->user : (struct oci_user){ 0 };
	if (o->user) {
		TRY_AS(parse_user(o->user, &u->uid, &gid, &has_gid), "--user");
		if (has_gid)
			u->gid = gid;
	}
	if (o->gids.n) {
		size_t n = u->additional_gids.n;
		uint32_t *v = arena_calloc(a, n + o->gids.n, sizeof(*v));
		for (size_t i = 0; i < n; i++)
			v[i] = u->additional_gids.v[i];
		for (size_t i = 0; i < o->gids.n; i++)
			TRY(parse_id("--additional-gids", o->gids.v[i], &v[n + i]));
		u->additional_gids.v = v;
		u->additional_gids.n = n + o->gids.n;
	}
	p->user = u;
	return 0;
}

static int check_env(const struct oci_strs *env)
{
	for (size_t i = 0; i < env->n; i++)
		if (env->v[i][0] == '=' || !strchr(env->v[i], '='))
			return err_msg(ERR_USAGE, "--env: expected KEY=VALUE, found \"%s\"",
				       env->v[i]);
	return 0;
}

static int from_options(struct arena *a, const struct exec_opts *o, const struct oci_strs *args,
			struct oci_process *p)
{
	if (!args->n)
		return err_msg(ERR_USAGE, "exec args cannot be empty");
	TRY(check_env(&o->env));
	p->args = *args;
	p->terminal = o->tty;
	if (!o->tty)
		p->console_size = NULL;
	if (o->cwd)
		p->cwd = arena_strdup(a, o->cwd);
	if (!p->cwd)
		p->cwd = arena_strdup(a, "/");
	if (o->apparmor)
		p->apparmor_profile = arena_strdup(a, o->apparmor);
	if (o->label)
		p->selinux_label = arena_strdup(a, o->label);
	if (o->no_new_privs)
		p->no_new_privileges = true;
	p->env = joined(a, &p->env, &o->env);
	add_caps(a, &o->caps, p);
	return set_user(a, o, p);
}

int exec_process(struct runtime *rt, const struct oci_config *c, const struct exec_opts *o,
		 const struct oci_strs *args, struct oci_process **out)
{
	struct oci_process *p;
	if (o->process) {
		TRY(from_file(rt->arena, o->process, &p));
		if (!p->args.n)
			return err_msg(ERR_CONFIG, "--process \"%s\": /args: must not be empty",
				       o->process);
		take_over(p, c->process);
	} else {
		p = arena_alloc(rt->arena, sizeof(*p));
		*p = c->process ? *c->process : (struct oci_process){ 0 };
		TRY(from_options(rt->arena, o, args, p));
	}
	*out = p;
	return 0;
}
