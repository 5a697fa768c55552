/* SPDX-License-Identifier: Apache-2.0 */
/* The state root (/run/ocirun): one directory per container, and the only code that knows what is
 * in it. Rules: an id is claimed by an exclusive mkdir; the lock is an flock on the directory
 * itself and dies with the process; the intent record is written before anything else is made;
 * clean up only what you created. Surprise: an flock belongs to the open file, which a forked init
 * shares: the child must close dir_fd and root_fd early, and store_close unlocks explicitly. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ocispec/runtime.h>

#include "base/err.h"

/* clang-format off */
#include <ocispec/structs_on.h>
#include "store/record.def"
#include <ocispec/structs_off.h>
/* clang-format on */

#define STORE_VERSION 1
#define STORE_ID_MAX  255

/* One container's directory. `root` is the caller's string. */
struct container {
	char id[STORE_ID_MAX + 1];
	const char *root;
	int root_fd, dir_fd;
	bool locked;
	bool fresh; /* we made the directory and no record is in it yet */
};
#define CONTAINER_INIT                      \
	{                                   \
		.root_fd = -1, .dir_fd = -1 \
	}

/* The state root: --root made absolute, or $XDG_RUNTIME_DIR/ocirun for a rootless caller, or
 * /run/ocirun. `rootless`: not real root. create: make it (0700); an existing one must be ours and
 * not writable by others. Without create nothing is looked at. */
int store_root(struct arena *a, const char *root_opt, bool rootless, bool create,
	       const char **path) MUST_CHECK;
int store_check_id(const char *id) MUST_CHECK;

/* Claim a new id and lock it: "container with given ID already exists". */
int store_reserve(const char *root, const char *id, struct container *out) MUST_CHECK;
/* An existing one, not locked: "container does not exist", value -ENOENT.
 * The root must be ours alone. */
int store_open(const char *root, const char *id, struct container *out) MUST_CHECK;
/* Wait (up to 10 s) for the lock; fails as store_open does when it was deleted
 * meanwhile. */
int store_lock(struct container *c) MUST_CHECK;
/* The same without waiting: 1, or 0 when somebody else has it. */
int store_try_lock(struct container *c) MUST_CHECK;
void store_unlock(struct container *c);
void store_close(struct container *c); /* unlocks as well */
/* Remove the directory and what is in it; needs the lock (or a fresh reservation). */
int store_remove(struct container *c) MUST_CHECK;
/* Ids in the root, sorted; entries that cannot be containers are skipped. STORE_NO_ROOT: the root
 * directory is not there. */
enum { STORE_NO_ROOT = 1 };
int store_list(struct arena *a, const char *root, struct oci_strs *ids) MUST_CHECK;

const struct oci_type *oci_record_type(void);
int store_save(struct arena *a, struct container *c, const struct oci_record *rec) MUST_CHECK;
/* 0; STORE_NO_RECORD when there is none (create is at its very beginning, or was killed there);
 * negative when it is damaged. */
enum { STORE_NO_RECORD = 1 };
int store_load(struct arena *a, const struct container *c, struct oci_record **out) MUST_CHECK;
int store_save_config(struct container *c, const char *text, size_t len) MUST_CHECK;
int store_load_config(struct arena *a, const struct container *c, char **text,
		      size_t *len) MUST_CHECK;

/* What the container is doing now, from the process, its cgroup and the start socket; the record's
 * status alone says nothing. */
int store_status(const struct container *c, const struct oci_record *rec,
		 enum oci_status *out) MUST_CHECK;
/* Has a store_remove been cut off? It begins with the config and ends with the record. */
bool store_half_removed(const struct container *c);
/* A container that `start` has not reached. */
bool store_never_started(const struct container *c);
/* Is pid still the process that started at start_time (and not a zombie)? */
bool store_process_alive(int32_t pid, uint64_t start_time);
/* Our own pid and start time, for the intent record. */
int store_own_process(int32_t *pid, uint64_t *start_time) MUST_CHECK;

/* The start socket: init listens on it (SOCK_SEQPACKET), `start` connects; its name being there
 * means "created". */
int store_start_listen(struct container *c, int *fd) MUST_CHECK;
/* ERR_STATE when nobody listens (any more). */
int store_start_connect(struct container *c, int *fd) MUST_CHECK;
int store_start_release(struct container *c) MUST_CHECK; /* remove the name */
/* exec: connect to the same socket without starting (the record must have `lends`). STORE_NOT_LENT:
 * the container is past "created". */
enum { STORE_NOT_LENT = 1 };
int store_lend_connect(struct container *c, int *fd) MUST_CHECK;
/* Init: the next connection, and whether it wants to start us. */
int store_start_accept(int fd, bool *starts, int *conn) MUST_CHECK;

/* The directory "notify" of a container (made at create) and the datagram socket in it (made by who
 * listens, removed by close). */
struct store_notify {
	int sock, dir;
};
#define STORE_NOTIFY_NONE ((struct store_notify){ -1, -1 })
int store_notify_make(struct container *c) MUST_CHECK;
int store_notify_bind(struct container *c, struct store_notify *out) MUST_CHECK;
void store_notify_close(struct store_notify *n);
