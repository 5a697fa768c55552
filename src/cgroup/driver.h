/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the cgroup room: what a manager is, and the pieces that the files share. */
#pragma once

#include <dirent.h>
#include <linux/bpf.h>

#include "cgroup/cgroup.h"

/* A way to get a cgroup. Writing limits, freezing and killing work on files and are the same for
 * all; only making the directory differs. */
struct cgroup_driver {
	const char *name;
	/* 0, CGROUP_SKIPPED or CGROUP_LATER */
	int (*create)(const struct cgroup_plan *p, struct cgroup *out);
	/* Limits have changed: p->res is all that holds from now on. For a manager that would
	 * otherwise put its own values back; the files are written besides. May be NULL. */
	int (*update)(const struct cgroup_plan *p, const struct cgroup *cg);
};
extern const struct cgroup_driver cgroup_driver_fs, cgroup_driver_systemd, cgroup_driver_none;

/* plan_systemd.c, pure: unit, slice, path and properties; out->res is made already. */
int cgroup_plan_systemd(struct arena *a, const struct oci_config *c, const struct host *h,
			const struct cgroup_opts *o, struct cgroup_plan *out) MUST_CHECK;
/* plan_properties.c, pure. The second gives those of limits and devices alone. */
int cgroup_unit_properties(struct arena *a, const struct oci_config *c, const char *id,
			   struct cgroup_plan *out) MUST_CHECK;
void cgroup_resources_props(struct arena *a, const struct cgroup_resources *r, bool user_bus,
			    struct cgroup_props *out);
/* gvariant.c, pure: text -> D-Bus signature and words. */
int cgroup_gvariant(struct arena *a, const char *text, const char **sig,
		    struct cgroup_words *out) MUST_CHECK;

/* talk_systemd.c: start ocirun-systemd (it begins to connect), ask it, end it. */
int cgroup_talk_open(const struct cgroup_unit *u, struct cgroup_talk *out) MUST_CHECK;
/* Appends the properties to q. */
void cgroup_talk_props(struct arena *a, const struct cgroup_props *props, struct cgroup_words *q);
/* The words after "ok"; what it answers with an error is ours. */
int cgroup_talk_ask(struct arena *a, const struct cgroup_talk *t, const struct cgroup_words *q,
		    struct oci_strs *answer) MUST_CHECK;
void cgroup_talk_close(struct cgroup_talk *t);

/* v1only.c, pure: refuses what v2 does not have, and notes what it does otherwise. */
int cgroup_v1only(struct arena *a, const struct oci_resources *r,
		  struct cgroup_resources *out) MUST_CHECK;
/* resources.c and blockio.c, pure */
#define CGROUP_KEY(rest_) "/linux/resources/" rest_
struct cgroup_write *cgroup_add_write(struct arena *a, struct cgroup_resources *out,
				      const char *key, const char *file, const char *value);
int cgroup_add_block_io(struct arena *a, const struct oci_block_io *io,
			struct cgroup_resources *out) MUST_CHECK;
/* plan.c, pure: out->res.rules become the device program. */
int cgroup_plan_devices(struct arena *a, struct cgroup_plan *out) MUST_CHECK;
/* driver_fs.c: switch on what the writes need, from the root down to the cgroup's parent. */
int cgroup_enable_controllers(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;
/* driver_fs.c: can a process live in it with these limits? Makes it threaded when only that can. */
int cgroup_check_type(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;
bool cgroup_is_threaded(const char *controller);
/* apply.c: one write; 0 or negative with the reason in the user's words. */
int cgroup_write_limit(const struct cgroup_plan *p, const struct cgroup *cg,
		       const struct cgroup_write *w) MUST_CHECK;
int cgroup_check_usage(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;
int cgroup_write_limits(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;

/* cgroup.c: the driver's update, when it has one. */
int cgroup_tell_manager(const struct cgroup_plan *p, const struct cgroup *cg) MUST_CHECK;
/* update.c, pure: what must be written to `file`, whose content is `text`, to undo a write of
 * `value`. */
const char *cgroup_value_before(struct arena *a, const char *file, const char *value,
				const char *text);

/* devices.c, pure: the config's rules (r may be NULL), then the defaults. */
int cgroup_device_rules(struct arena *a, const struct oci_resources *r,
			struct cgroup_resources *out) MUST_CHECK;
/* Rules -> program. Gives CGROUP_DEVICES_ALL when everything is allowed. */
enum { CGROUP_DEVICES_ALL = 1 };
struct cgroup_prog {
	VEC(struct bpf_insn) insns;
};
int cgroup_devices_compile(struct arena *a, const struct cgroup_rule *rules, size_t n,
			   struct cgroup_prog *out) MUST_CHECK;

/* tree.c: open a cgroup directory without following any symlink, and make sure that it is one.
 * CGROUP_GONE when it is not there. */
int cgroup_dir_open(const char *path, int *out) MUST_CHECK;
/* Numbers of processes in the cgroup and below; the second also gives up to `max` of them. */
int cgroup_count_procs(int dir_fd, size_t *n) MUST_CHECK;
int cgroup_first_procs(int dir_fd, pid_t *first, size_t max, size_t *n) MUST_CHECK;
/* A descriptor of its own to list a cgroup with (NULL and errno), and is the entry a cgroup? */
DIR *cgroup_list_dir(int dir_fd);
bool cgroup_is_child(const struct dirent *e);
bool cgroup_is_gone(int no); /* errno of a cgroup that is not there (any more) */
enum { CGROUP_MAX_DEPTH = 256 }; /* a descriptor each while walking */
/* populated and frozen of cgroup.events. */
struct cgroup_events {
	bool populated, frozen;
};
int cgroup_read_events(int dir_fd, struct cgroup_events *out) MUST_CHECK;
/* stat.c: of the files in a directory, whatever it is. */
void cgroup_stat_at(struct arena *a, int dir_fd, struct cgroup_stat *out);
/* A small file of the cgroup into buf, NUL-terminated; -1 and errno. */
ssize_t cgroup_read_small(int dir_fd, const char *file, char *buf, size_t size);
/* "memory.max" -> "memory" */
char *cgroup_controller_of(char *buf, size_t size, const char *file);
bool cgroup_has_word(const char *list, const char *word);
