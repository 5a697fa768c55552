/* SPDX-License-Identifier: Apache-2.0 */
/* Mounter for Linux 5.12 and later: a mount is made detached, gets everything that was asked for,
 * and only then appears in the tree, so there is no moment when a read-only mount is writable.
 * Surprise: fsconfig takes strings of at most 255 bytes; longer ones (overlay's lowerdir) go to the
 * classic mounter, and beyond its page limit to overlay's "lowerdir+". */
#include "sys/sys.h"

#include "base/cleanup.h"
#include "rootfs/op.h"
#include "sys/mountfd.h"

enum { FSCONFIG_MAX = 255, MOUNT_DATA_MAX = 4095 };

/* Flags of the file system that fsconfig has words for. */
static const struct {
	unsigned long flag;
	const char *on, *off;
} sb_words[] = {
	{ MS_SYNCHRONOUS, "sync", "async" },
	{ MS_DIRSYNC, "dirsync", NULL },
	{ MS_LAZYTIME, "lazytime", "nolazytime" },
	{ MS_MANDLOCK, "mand", "nomand" },
};

/* These live in memory or belong to the host: read-only is a matter of the mount alone. Others
 * (a disk image) may need to be told, or cannot be opened at all. */
static bool has_own_media(const char *fstype)
{
	static const char *const none[] = { "tmpfs",   "proc",  "sysfs",    "devpts",  "mqueue",
					    "cgroup2", "ramfs", "devtmpfs", "overlay", "bpf" };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		if (streq(fstype, none[i]))
			return false;
	return true;
}

static size_t data_size(const struct mountopt *o, bool *too_long)
{
	size_t sum = 0;

	*too_long = false;
	for (size_t i = 0; i < o->ndata; i++) {
		const char *eq = strchr(o->data[i], '=');

		sum += strlen(o->data[i]) + 1;
		*too_long |= eq && strlen(eq + 1) > FSCONFIG_MAX;
	}
	return sum;
}

/* Things only mount(2) can say. */
static bool needs_classic(const struct mount_op *op)
{
	unsigned long sb = op->opt.sb_set;
	bool too_long;
	size_t size = data_size(&op->opt, &too_long);

	for (size_t i = 0; i < ARRAY_SIZE(sb_words); i++)
		sb &= ~sb_words[i].flag;
	if (sb)
		return true;
	return too_long && !(streq(op->fstype, "overlay") && size > MOUNT_DATA_MAX);
}

/* Linux 6.5: layers one by one, so their number has no page limit. */
static int set_layers(int fs_fd, const char *layers)
{
	while (*layers) {
		char one[FSCONFIG_MAX + 1];
		size_t n = strcspn(layers, ":");

		if (!n || n > FSCONFIG_MAX) {
			errno = n ? ENAMETOOLONG : EINVAL;
			return -1;
		}
		memcpy(one, layers, n);
		one[n] = '\0';
		if (mountfd_set_string(fs_fd, "lowerdir+", one) < 0)
			return -1;
		layers += n + (layers[n] == ':');
	}
	return 0;
}

/* One "key=value" or "key". */
static int set_word(int fs_fd, const char *word)
{
	char key[64], value[FSCONFIG_MAX + 1];
	const char *eq = strchr(word, '=');
	size_t n = eq ? (size_t)(eq - word) : strlen(word), len;

	if (n >= sizeof(key)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(key, word, n);
	key[n] = '\0';
	if (!eq)
		return mountfd_set_flag(fs_fd, key);
	len = strlen(++eq);
	if (len > FSCONFIG_MAX)
		return set_layers(fs_fd, eq); /* needs_classic let only overlay's through */
	/* Quotes protect the commas of a label in the classic string; here they would be text. */
	if (len >= 2 && eq[0] == '"' && eq[len - 1] == '"') {
		eq++;
		len -= 2;
	}
	memcpy(value, eq, len);
	value[len] = '\0';
	return mountfd_set_string(fs_fd, key, value);
}

static int context_failed(const struct mount_op *op, int fs_fd, const char *word)
{
	char text[256], detail[400];
	int no = errno;

	mountfd_message(fs_fd, text, sizeof(text));
	if (!text[0] && !word)
		return op_failed(op, no, NULL);
	if (text[0])
		return op_failed(op, no, text);
	snprintf(detail, sizeof(detail), "option \"%.300s\"", word);
	return op_failed(op, no, detail);
}

static int configure(const struct mount_job *j, int fs_fd)
{
	const struct mount_op *op = j->op;
	const struct mountopt *o = &op->opt;
	const char *source = op->source && *op->source ? op->source : op->fstype;

	if (mountfd_set_string(fs_fd, "source", source) < 0)
		return context_failed(op, fs_fd, "source");
	for (size_t i = 0; i < ARRAY_SIZE(sb_words); i++) {
		const char *word = !(o->sb_clear & sb_words[i].flag) ? NULL
				   : o->sb_set & sb_words[i].flag    ? sb_words[i].on
								     : sb_words[i].off;

		if (word && mountfd_set_flag(fs_fd, word) < 0)
			return context_failed(op, fs_fd, word);
	}
	if ((o->attr_set & MOUNT_ATTR_RDONLY) && has_own_media(op->fstype) &&
	    mountfd_set_flag(fs_fd, "ro") < 0)
		return context_failed(op, fs_fd, "ro");
	if (j->extra_data && set_word(fs_fd, j->extra_data) < 0)
		return context_failed(op, fs_fd, j->extra_data);
	for (size_t i = 0; i < o->ndata; i++)
		if (set_word(fs_fd, o->data[i]) < 0)
			return context_failed(op, fs_fd, o->data[i]);
	if (mountfd_create(fs_fd) < 0)
		return context_failed(op, fs_fd, NULL);
	return 0;
}

static int run_fs(struct mount_job *j)
{
	const struct mount_op *op = j->op;
	_cleanup_close_ int fs_fd = -1, tree = -1;

	if (needs_classic(op))
		return MOUNT_NOT_MINE;
	fs_fd = mountfd_fsopen(op->fstype);
	if (fs_fd < 0 && errno == ENOSYS)
		return MOUNT_NOT_MINE;
	if (fs_fd < 0)
		return op_failed(op, errno, errno == ENODEV ? "unknown filesystem type" : NULL);
	TRY(configure(j, fs_fd));
	tree = mountfd_fsmount(fs_fd, op->opt.attr_set);
	if (tree < 0)
		return context_failed(op, fs_fd, NULL);
	if (op->opt.rec_clear) {
		struct mountfd_attr a = { .set = op->opt.rec_set, .clear = op->opt.rec_clear };

		if (mountfd_setattr(tree, &a) < 0)
			return op_failed(op, errno, "setting attributes");
	}
	if (j->populate)
		TRY(op_populate(j, tree));
	if (mountfd_attach(tree, j->target_fd) < 0)
		return op_failed(op, errno, NULL);
	j->mount_fd = take_fd(&tree);
	return MOUNT_DONE;
}

/* clear must hold all atime bits or none, and the rest only what really goes. */
static int change(int fd, uint64_t set, uint64_t clear, bool recursive)
{
	struct mountfd_attr a = {
		.set = set,
		.clear = (clear & ~set) | (clear & MOUNT_ATTR__ATIME),
		.recursive = recursive,
	};

	if (!a.set && !a.clear)
		return 0;
	if (mountfd_setattr(fd, &a) == 0)
		return 0;
	if (errno != EPERM || !(a.clear & MOUNT_ATTR__ATIME))
		return -1;
	/* The access time mode of a mount from a more privileged namespace is locked; nobody loses
	 * anything when it stays. Other locked flags are an error if the user wants them gone. */
	a.clear &= ~(uint64_t)MOUNT_ATTR__ATIME;
	a.set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	return !a.set && !a.clear ? 0 : mountfd_setattr(fd, &a);
}

int tree_attributes(const struct mount_op *op, int tree_fd)
{
	const struct mountopt *o = &op->opt;
	const char *locked = "an option asks to clear a flag that is locked in this user namespace";

	if (change(tree_fd, o->attr_set, o->attr_clear, false) < 0 ||
	    change(tree_fd, o->rec_set, o->rec_clear, true) < 0)
		return op_failed(op, errno, errno == EPERM ? locked : "setting attributes");
	return 0;
}

static int run_bind(struct mount_job *j)
{
	if (!j->source_is_tree)
		return MOUNT_NOT_MINE;
	if (!j->source_is_ready)
		TRY(tree_attributes(j->op, j->source_fd));
	if (mountfd_attach(j->source_fd, j->target_fd) < 0)
		return op_failed(j->op, errno, NULL);
	j->mount_fd = fcntl(j->source_fd, F_DUPFD_CLOEXEC, 3);
	if (j->mount_fd < 0)
		return op_failed(j->op, errno, "duplicating the mount");
	return MOUNT_DONE;
}

static int run(struct mount_job *j)
{
	if (!j->plan->use_fd_api)
		return MOUNT_NOT_MINE;
	if (j->op->kind == MOUNT_FS)
		return run_fs(j);
	if (j->op->kind == MOUNT_BIND)
		return run_bind(j);
	return MOUNT_NOT_MINE;
}

const struct mounter mounter_fd = { "fd", run };
