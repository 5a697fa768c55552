/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of mounts[] -> one checked op. Pure: whether a path exists is the mounters' business.
 * Surprise: for binds the options decide and "type" is ignored, as every runtime does; so a type of
 * "bind" without the option is a mistake that deserves its own words. */
#include "sys/sys.h"

#include "base/parse.h"
#include "base/path.h"
#include "base/vec.h"
#include "rootfs/op.h"

/* What may be mounted inside /proc: files that lxcfs and its like replace by truthful ones. */
static const char *const proc_files[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

static int check_destination(const struct mount_op *op)
{
	const char *t = op->target;

	if (streq(t, "/"))
		return err_msg(ERR_CONFIG,
			       "/mounts/%d/destination: nothing can be mounted on \"/\"; "
			       "the root filesystem is root.path",
			       op->asked);
	if (!path_is_within(t, "/proc"))
		return 0;
	if (streq(t, "/proc")) {
		/* Whether the source of a bind is a proc file system is checked when it is open. */
		if (op->kind != MOUNT_FS || streq(op->fstype, "proc"))
			return 0;
		return err_msg(ERR_CONFIG,
			       "/mounts/%d/destination: \"/proc\" must be of type \"proc\", "
			       "not \"%s\"",
			       op->asked, op->fstype);
	}
	for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++)
		if (streq(t, proc_files[i]))
			return 0;
	return err_msg(ERR_CONFIG,
		       "/mounts/%d/destination: \"%s\" cannot be mounted because it is "
		       "inside /proc",
		       op->asked, t);
}

static int pick_kind(const struct oci_mount *m, struct mount_op *op)
{
	if (op->opt.ext & MOUNTOPT_REMOUNT) {
		op->kind = MOUNT_REMOUNT;
		return 0;
	}
	if (op->opt.ext & MOUNTOPT_BIND) {
		op->kind = MOUNT_BIND;
		return 0;
	}
	if (!m->type || !*m->type)
		return err_msg(ERR_CONFIG,
			       "/mounts/%d/type: missing; only mounts with the option "
			       "\"bind\" or \"rbind\" need no type",
			       op->asked);
	if (streq(m->type, "bind") || streq(m->type, "none"))
		return err_msg(ERR_CONFIG,
			       "/mounts/%d/options: type \"%s\" needs the option \"bind\" or "
			       "\"rbind\"",
			       op->asked, m->type);
	op->kind = streq(m->type, "cgroup") || streq(m->type, "cgroup2") ? MOUNT_CGROUP : MOUNT_FS;
	return 0;
}

static int check_bind(const struct op_context *x, const struct oci_mount *m, struct mount_op *op)
{
	if (!m->source || !*m->source)
		return err_msg(ERR_CONFIG, "/mounts/%d/source: missing; a bind mount needs one",
			       op->asked);
	if (op->opt.ndata)
		return err_msg(ERR_CONFIG,
			       "/mounts/%d/options: bind mounts cannot have any "
			       "filesystem-specific options applied: \"%s\"",
			       op->asked, op->opt.data[0]);
	op->source = path_join(x->arena, x->opts->bundle ? x->opts->bundle : "/", m->source);
	return 0;
}

/* Words that only make sense for one kind of mount. */
static int check_words(const struct op_context *x, const struct mount_op *op)
{
	const unsigned only_bind = MOUNTOPT_COPY_SYMLINK | MOUNTOPT_SRC_NOFOLLOW;
	const struct mountopt *o = &op->opt;

	if ((o->ext & only_bind) && op->kind != MOUNT_BIND)
		return err_msg(ERR_CONFIG, "/mounts/%d/options: \"%s\" is only for bind mounts",
			       op->asked,
			       o->ext & MOUNTOPT_COPY_SYMLINK ? "copy-symlink" : "src-nofollow");
	if ((o->ext & MOUNTOPT_TMPCOPYUP) && !(op->kind == MOUNT_FS && streq(op->fstype, "tmpfs")))
		return err_msg(ERR_CONFIG, "/mounts/%d/options: \"tmpcopyup\" is only for tmpfs",
			       op->asked);
	if (o->rec_clear && !x->host->mount_setattr)
		return err_msg(ERR_UNSUPPORTED,
			       "/mounts/%d/options: recursive mount attributes need "
			       "Linux 5.12 or later",
			       op->asked);
	return 0;
}

static const struct rootfs_map *copy_maps(struct arena *a, const struct oci_id_mapping *v, size_t n)
{
	struct rootfs_map *m = arena_calloc(a, n, sizeof(*m));

	for (size_t i = 0; i < n; i++)
		m[i] = (struct rootfs_map){ v[i].container_id, v[i].host_id, v[i].size };
	return m;
}

/* "@0-1000-10": an id of the container's user namespace as the host sees it. */
static int to_host_id(const struct op_context *x, bool uid, int index, struct rootfs_map *m)
{
	const struct oci_linux *l = x->config->linux_;
	size_t n = !l ? 0 : uid ? l->uid_mappings.n : l->gid_mappings.n;
	const struct oci_id_mapping *v = !n ? NULL : uid ? l->uid_mappings.v : l->gid_mappings.v;

	for (size_t i = 0; i < n; i++) {
		uint64_t first = v[i].container_id, end = first + v[i].size;

		if (m->outside >= first && (uint64_t)m->outside + m->size <= end) {
			m->outside = (uint32_t)(m->outside - first + v[i].host_id);
			return 0;
		}
	}
	return err_msg(ERR_CONFIG,
		       "/mounts/%d/options: id map \"@%u-%u-%u\" is outside of "
		       "/linux/%sMappings",
		       index, m->inside, m->outside, m->size, uid ? "uid" : "gid");
}

/* "0-1000-10#10-2000-5", each FS-HOST-COUNT, optionally "@" in front. */
static int parse_map_list(const struct op_context *x, bool uid, int index, const char *text,
			  size_t len, const struct rootfs_map **out, size_t *nout)
{
	VEC(struct rootfs_map) maps = { 0 };
	char *copy = arena_strndup(x->arena, text, len), *save = NULL;

	for (char *w = strtok_r(copy, "#", &save); w; w = strtok_r(NULL, "#", &save)) {
		struct rootfs_map m;
		bool relative = *w == '@';
		int used = 0;

		if (sscanf(w + relative, "%u-%u-%u%n", &m.inside, &m.outside, &m.size, &used) !=
			    3 ||
		    w[relative + used] || !m.size)
			return err_msg(ERR_CONFIG,
				       "/mounts/%d/options: \"%s\" is not an id map like "
				       "0-1000-10",
				       index, w);
		if (relative)
			TRY(to_host_id(x, uid, index, &m));
		vec_push(x->arena, &maps, m);
	}
	*out = maps.v;
	*nout = maps.n;
	return 0;
}

/* The value of idmap=: "uids=MAPS;gids=MAPS". */
static int parse_idmap(const struct op_context *x, struct mount_op *op)
{
	for (const char *t = op->opt.idmap; *t; t += strspn(t, ";")) {
		size_t len = strcspn(t, ";");

		if (after_prefix(t, "uids="))
			TRY(parse_map_list(x, true, op->asked, t + 5, len - 5, &op->uids,
					   &op->nuids));
		else if (after_prefix(t, "gids="))
			TRY(parse_map_list(x, false, op->asked, t + 5, len - 5, &op->gids,
					   &op->ngids));
		else
			return err_msg(ERR_CONFIG,
				       "/mounts/%d/options: expected \"uids=\" or \"gids=\" in "
				       "\"%s\"",
				       op->asked, op->opt.idmap);
		t += len;
	}
	if (!op->nuids || !op->ngids)
		return err_msg(ERR_CONFIG,
			       "/mounts/%d/options: \"idmap=%s\" needs both uids and gids",
			       op->asked, op->opt.idmap);
	return 0;
}

static int pick_idmap(const struct op_context *x, const struct oci_mount *m, struct mount_op *op)
{
	const struct oci_linux *l = x->config->linux_;

	if (!m->uid_mappings.n != !m->gid_mappings.n)
		return err_msg(ERR_CONFIG,
			       "/mounts/%d: uidMappings and gidMappings must be given together",
			       op->asked);
	if (!m->uid_mappings.n && !(op->opt.ext & MOUNTOPT_IDMAP))
		return 0;
	if (op->kind != MOUNT_BIND)
		return err_msg(ERR_CONFIG, "/mounts/%d: id mappings are only for bind mounts",
			       op->asked);
	if (!x->host->mount_setattr)
		return err_msg(ERR_UNSUPPORTED,
			       "/mounts/%d: id-mapped mounts need Linux 5.12 or later", op->asked);
	op->opt.ext |= MOUNTOPT_IDMAP;
	if (m->uid_mappings.n) {
		op->uids = copy_maps(x->arena, m->uid_mappings.v, m->uid_mappings.n);
		op->gids = copy_maps(x->arena, m->gid_mappings.v, m->gid_mappings.n);
		op->nuids = m->uid_mappings.n;
		op->ngids = m->gid_mappings.n;
		return 0;
	}
	if (op->opt.idmap)
		return parse_idmap(x, op);
	if (!l || !l->uid_mappings.n || !l->gid_mappings.n)
		return err_msg(ERR_CONFIG,
			       "/mounts/%d/options: \"idmap\" without mappings uses those of "
			       "/linux/uidMappings and /linux/gidMappings, which are empty",
			       op->asked);
	op->uids = copy_maps(x->arena, l->uid_mappings.v, l->uid_mappings.n);
	op->gids = copy_maps(x->arena, l->gid_mappings.v, l->gid_mappings.n);
	op->nuids = l->uid_mappings.n;
	op->ngids = l->gid_mappings.n;
	return 0;
}

/* A SELinux label for file systems that are made for this container. proc, sysfs and cgroup belong
 * to the whole host and are labelled by policy. */
static void add_label(const struct op_context *x, struct mount_op *op)
{
	const struct oci_linux *l = x->config->linux_;

	if (op->kind != MOUNT_FS || !l || !l->mount_label || !*l->mount_label)
		return;
	if (streq(op->fstype, "proc") || streq(op->fstype, "sysfs"))
		return;
	for (size_t i = 0; i < op->opt.ndata; i++)
		if (after_prefix(op->opt.data[i], "context="))
			return;
	/* The kernel mounted it without a label when it made the ipc namespace: a mount option
	 * comes too late. */
	if (streq(op->fstype, "mqueue")) {
		op->label = l->mount_label;
		return;
	}
	/* mountopt_parse left room for one more. */
	op->opt.data[op->opt.ndata++] = mount_label(x->arena, l->mount_label, x->opts);
}

const char *mount_label(struct arena *a, const char *label, const struct rootfs_opts *o)
{
	return arena_printf(a, "%s=%s", o->context_type ? o->context_type : "context", label);
}

int op_from_mount(const struct op_context *x, const struct oci_mount *m, int index,
		  struct mount_op *out)
{
	struct mount_op op = { .asked = index, .fstype = m->type, .source = m->source };
	const char *where = arena_printf(x->arena, "/mounts/%d/options", index);

	if (!m->destination || !*m->destination)
		return err_msg(ERR_CONFIG, "/mounts/%d/destination: must not be empty", index);
	/* The spec once allowed relative destinations: relative to "/". */
	op.target = path_join(x->arena, "/", m->destination);
	TRY(mountopt_parse(x->arena, &m->options, where, &op.opt));
	TRY(pick_kind(m, &op));
	if (op.kind == MOUNT_BIND)
		TRY(check_bind(x, m, &op));
	TRY(check_destination(&op));
	TRY(check_words(x, &op));
	TRY(pick_idmap(x, m, &op));
	add_label(x, &op);
	/* Devices are made in /dev, and mount points in any tmpfs, after it is mounted. */
	if (op.kind == MOUNT_FS && (op.opt.attr_set & MOUNT_ATTR_RDONLY) &&
	    (streq(op.fstype, "tmpfs") || streq(op.target, "/dev"))) {
		op.late_ro = true;
		op.opt.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		op.opt.attr_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	}
	*out = op;
	return 0;
}
