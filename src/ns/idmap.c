/* SPDX-License-Identifier: Apache-2.0 */
/* Giving a new user namespace its ids, from outside: setgroups, gid_map, uid_map, in this order.
 * Root writes; an ordinary user may write one line with their own id and leaves more to newuidmap
 * and newgidmap, which know /etc/subuid and /etc/subgid.
 * Surprise: these run with an empty environment from a path fixed when we were built: they are more
 * privileged than we are, and PATH is not ours to trust. */
#include "ns/maps.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/io.h"
#include "base/path.h"

#define HELPER_TIMEOUT_MS 30000 /* subids may come from a directory service */

int ns_maps_write(struct arena *a, pid_t pid, const char *file, const struct ns_map *m, size_t n)
{
	const char *path = arena_printf(a, "/proc/%d/%s", (int)pid, file);
	return io_write_virtual(AT_FDCWD, path, ns_maps_text(a, m, n));
}

const char **ns_maps_argv(struct arena *a, const char *program, pid_t pid, const struct ns_map *m,
			  size_t n)
{
	const char **argv = arena_calloc(a, 3 * n + 3, sizeof(*argv)), **w = argv;
	*w++ = path_base(program);
	*w++ = arena_printf(a, "%d", (int)pid);
	for (size_t i = 0; i < n; i++) {
		*w++ = arena_printf(a, "%u", m[i].inside);
		*w++ = arena_printf(a, "%u", m[i].outside);
		*w++ = arena_printf(a, "%u", m[i].size);
	}
	return argv;
}

static int run_helper(struct arena *a, const char *program, pid_t pid, const struct ns_map *m,
		      size_t n)
{
	struct child_opts o = { .path = program,
				.argv = ns_maps_argv(a, program, pid, m, n),
				.timeout_ms = HELPER_TIMEOUT_MS };
	struct child_result res;
	int r = child_run(a, &o, &res);
	if (r < 0) {
		err_hint("mapping more than your own id needs newuidmap and newgidmap: package "
			 "uidmap or shadow-utils");
		return r;
	}
	if (res.timed_out)
		return err_msg(ERR_SYS, "%s: no answer after %d seconds", program,
			       HELPER_TIMEOUT_MS / 1000);
	if (WIFEXITED(res.status) && WEXITSTATUS(res.status) == 0)
		return 0;
	r = err_msg(ERR_SYS, "%s: %s: %.*s", program, child_status_text(a, res.status),
		    (int)strcspn(res.err, "\n"), res.err);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		err_hint("no_new_privs is set, so %s has no privileges: map only your own id, as "
			 "`spec --rootless` does then",
			 path_base(program));
	else
		err_hint("map only your own id and those of /etc/subuid and /etc/subgid (usermod "
			 "--add-subuids --add-subgids); `spec --rootless` writes such a map");
	return r;
}

/* EPERM also says that a line names ids which our own namespace lacks: look which. */
static int write_as_root(struct arena *a, pid_t pid, const char *file, const struct ns_map *m,
			 size_t n)
{
	char *own;
	size_t len;
	int r = ns_maps_write(a, pid, file, m, n);
	if (r != -EPERM)
		return r;
	err_dropped(r);
	TRY(io_read_virtual(a, AT_FDCWD, arena_printf(a, "/proc/self/%s", file), 1u << 16, &own,
			    &len));
	size_t i = ns_maps_not_offered(own, m, n);
	if (i == n)
		return err_sysno(EPERM, "write \"/proc/%d/%s\"", (int)pid, file);
	return err_msg(
		ERR_CONFIG,
		"/linux/%.3sMappings/%zu: host ids %u + %u are not all mapped, in one piece, "
		"in the user namespace we are in",
		file, i, m[i].outside, m[i].size);
}

static int write_maps(struct arena *a, const struct ns_plan *p, pid_t pid)
{
	if (p->deny_setgroups)
		TRY(io_write_virtual(AT_FDCWD, arena_printf(a, "/proc/%d/setgroups", (int)pid),
				     "deny"));
	if (p->newgidmap)
		TRY(run_helper(a, NEWGIDMAP_PATH, pid, p->gids, p->ngids));
	else
		TRY(write_as_root(a, pid, "gid_map", p->gids, p->ngids));
	if (p->newuidmap)
		TRY(run_helper(a, NEWUIDMAP_PATH, pid, p->uids, p->nuids));
	else
		TRY(write_as_root(a, pid, "uid_map", p->uids, p->nuids));
	return 0;
}

int ns_write_maps(const struct ns_plan *p, pid_t pid)
{
	if (!p->need_maps)
		return 0;
	struct arena *a = arena_new();
	int r = write_maps(a, p, pid);
	arena_free(a);
	return r < 0 ? err_wrap("mapping the ids of the user namespace") : 0;
}
