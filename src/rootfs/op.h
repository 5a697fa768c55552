/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: one planned mount, and the two ways to carry it out.
 * Surprise: attr_set/attr_clear hold only what the user named; what nobody named is inherited by a
 * bind, so locked flags of a user namespace stay as they are. */
#pragma once

#include "rootfs/rootfs.h"

enum {
	MOUNTOPT_BIND = 1 << 0,
	MOUNTOPT_RECURSIVE = 1 << 1,
	MOUNTOPT_REMOUNT = 1 << 2,
	MOUNTOPT_IDMAP = 1 << 3,
	MOUNTOPT_RIDMAP = 1 << 4,
	MOUNTOPT_TMPCOPYUP = 1 << 5,
	MOUNTOPT_COPY_SYMLINK = 1 << 6,
	MOUNTOPT_SRC_NOFOLLOW = 1 << 7,
	MOUNTOPT_DEST_NOFOLLOW = 1 << 8,
};

enum { MAX_PROPAGATION = 8 };

/* What the option words say. */
struct mountopt {
	uint64_t attr_set,
		attr_clear; /* MOUNT_ATTR_* of this mount; clear holds the masks of all words */
	uint64_t rec_set, rec_clear;                /* of this mount and all below */
	unsigned long sb_set, sb_clear;             /* MS_* of the file system */
	unsigned long propagation[MAX_PROPAGATION]; /* MS_SHARED | MS_REC ..., in order */
	unsigned npropagation;
	unsigned ext;      /* MOUNTOPT_* */
	const char *idmap; /* text after "idmap=" or "ridmap=", NULL */
	const char **data; /* "key=value" or "key" for the file system */
	size_t ndata;
};

enum mount_kind { MOUNT_FS, MOUNT_BIND, MOUNT_CGROUP, MOUNT_REMOUNT };

struct mount_op {
	enum mount_kind kind;
	int asked;          /* index in /mounts, -1 for one of ours */
	const char *target; /* absolute, clean, in the container */
	const char *source, *fstype;
	struct mountopt opt;
	size_t handle; /* 1-based index of a parent-opened source, 0 = none */
	bool late_ro;  /* becomes read-only in rootfs_finish */
	const char *label; /* set on its root once it is mounted, NULL */
	const struct rootfs_map *uids, *gids; /* of an id-mapped mount */
	size_t nuids, ngids;
};

/* mountopt.c. `where` is the JSON path of the list. */
int mountopt_parse(struct arena *a, const struct oci_strs *words, const char *where,
		   struct mountopt *out) MUST_CHECK;
/* The words for attributes, comma separated ("ro,nosuid"), "" for none. */
void mountopt_print(const struct mountopt *o, struct str *s);
/* MOUNT_ATTR_* as MS_*. */
unsigned long mountopt_legacy(uint64_t attr);
/* The data words as one string for mount(2). */
const char *mountopt_data(struct arena *a, const struct mountopt *o);

/* op.c: one entry of mounts[], checked. Pure. */
struct op_context {
	struct arena *arena;
	const struct oci_config *config;
	const struct host *host;
	const struct rootfs_opts *opts;
};
int op_from_mount(const struct op_context *x, const struct oci_mount *m, int index,
		  struct mount_op *out) MUST_CHECK;

/* "context=LABEL", or the word that the annotation names instead. */
const char *mount_label(struct arena *a, const char *label, const struct rootfs_opts *o);

/* How one op is carried out. Descriptors are borrowed, except mount_fd, which the caller closes. */
struct mount_job {
	const struct mount_op *op;
	const struct rootfs_plan *plan;
	struct rootfs *r;
	int source_fd;          /* binds: a detached tree or an O_PATH descriptor */
	bool source_is_tree;    /* attached by mount_fd, which it suits only */
	bool source_is_ready;   /* the parent has set its attributes */
	int target_fd;          /* O_PATH */
	bool populate;          /* tmpcopyup: copy what the target holds */
	const char *extra_data; /* one more data word ("mode=755"), NULL */
	int mount_fd;           /* out: the root of the new mount */
};
enum { MOUNT_DONE = 0, MOUNT_NOT_MINE = 1 };
struct mounter {
	const char *name;
	int (*run)(struct mount_job *j); /* 0, MOUNT_NOT_MINE, or negative */
};
extern const struct mounter mounter_fd, mounter_classic;

/* mount_fd.c: what the op wants of a detached tree, all of it before anybody can see the mount. */
int tree_attributes(const struct mount_op *op, int tree_fd) MUST_CHECK;

/* mount_classic.c: mount(2) on descriptors. */
int classic_bind(struct rootfs *r, int source_fd, int target_fd, unsigned long flags) MUST_CHECK;
int classic_change(struct rootfs *r, int mount_fd, uint64_t set, uint64_t clear) MUST_CHECK;
int classic_propagation(struct rootfs *r, int mount_fd, unsigned long flags) MUST_CHECK;

/* build.c */
int op_run(struct mount_job *j) MUST_CHECK; /* all mounters in order, then the propagation words */
/* The source of a bind: a detached tree where the kernel can, else an O_PATH descriptor. */
int op_open_source(struct mount_job *j, const char *source, int *fd) MUST_CHECK;
/* `mounting "tmpfs" on "/x" (/mounts/3): detail: errno text`; detail NULL or "" for none, no 0 for
 * no errno. Returns the negative value. */
int op_failed(const struct mount_op *op, int no, const char *detail) MUST_CHECK;
/* One op from its source to its target. *mount_fd: the new mount, also when a later step failed; -1
 * for none. */
int op_mount(const struct rootfs_plan *p, struct rootfs *r, const struct mount_op *op, int handle,
	     int *mount_fd) MUST_CHECK;
/* tmpcopyup: what the target holds, into the new tmpfs. */
int op_populate(const struct mount_job *j, int tree_fd) MUST_CHECK;
/* Cover a file or directory with another, not recursive: devices, console, masks. -1 and errno. */
int bind_over(const struct rootfs_plan *p, struct rootfs *r, int source_fd, int target_fd);

/* target.c */
struct target {
	int fd; /* O_PATH of the mount point */
	bool created;
	mode_t mode; /* of what was there before the mount */
	uid_t uid;
	gid_t gid;
};
int target_open(struct rootfs *r, const struct mount_op *op, bool dir,
		struct target *out) MUST_CHECK;

/* degrade.c: the kernel said EPERM to a new file system in a user namespace. MOUNT_NOT_MINE (and
 * the error as it was) when the host's would show something else. The hint says what to change. */
int degrade_to_bind(struct mount_job *j) MUST_CHECK;
void degrade_hint(const struct mount_job *j, int r);

/* cgroupfs.c: the "cgroup" type; the target is open. copyup.c: everything below one directory into
 * another. */
int cgroupfs_mount(struct mount_job *j) MUST_CHECK;
int copyup(int from_fd, int to_fd) MUST_CHECK;
