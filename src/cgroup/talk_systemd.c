/* SPDX-License-Identifier: Apache-2.0 */
/* Our side of the talk with ocirun-systemd: find it, start it, ask, end it.
 * It is the installed program of this build; OCIRUN_LIBEXEC names another folder, for tests from a
 * build folder. A program that others than root and ourselves could have changed is not run.
 * Surprise: it bounds every wait for the bus itself; the bound here is a little longer and for the
 * case that it is stopped or stuck. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/parse.h"
#include "bustalk/bustalk.h"
#include "cgroup/driver.h"

#define PROGRAM           "ocirun-systemd"
#define DEFAULT_TIMEOUT_S 30
#define GRACE_MS          3000

bool cgroup_systemd_built(void)
{
	return HAVE_SYSTEMD;
}

/* ---- the program ---- */

static int program_path(char *out, size_t size)
{
	const char *dir = getenv("OCIRUN_LIBEXEC");
	if (!dir || *dir != '/')
		dir = PKGLIBEXECDIR;
	if (snprintf(out, size, "%s/" PROGRAM, dir) >= (int)size)
		return err_msg(ERR_USAGE, "OCIRUN_LIBEXEC is too long");
	return 0;
}

/* Nobody but root and ourselves may have had a hand in it. Inside a user namespace whose map lacks
 * root, root's files seem to belong to the overflow id. */
static bool is_trusted(const struct stat *st)
{
	bool owner = st->st_uid == 0 || st->st_uid == geteuid() || st->st_uid == 65534;
	return S_ISREG(st->st_mode) && owner && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static int find_program(char *path, size_t size)
{
	struct stat st;
	TRY(program_path(path, size));
	if (stat(path, &st) < 0) {
		int r = err_sys("the systemd cgroup manager needs its program \"%s\"", path);
		err_hint("install it, or choose another manager: --cgroup-manager cgroupfs");
		return r;
	}
	if (!is_trusted(&st))
		return err_msg(ERR_UNSUPPORTED,
			       "\"%s\" is not run: it must be a file of root or of our user that "
			       "others cannot write to",
			       path);
	return 0;
}

bool cgroup_systemd_usable(void)
{
	char path[PATH_MAX];
	if (!cgroup_systemd_built())
		return false;
	bool found = find_program(path, sizeof(path)) == 0 && access(path, X_OK) == 0;
	err_clear();
	return found;
}

/* ---- addresses ---- */

/* Seconds that one question may take: OCIRUN_SYSTEMD_TIMEOUT, else 30. */
static unsigned timeout_ms(void)
{
	const char *text = getenv("OCIRUN_SYSTEMD_TIMEOUT");
	uint64_t s = DEFAULT_TIMEOUT_S;
	if (text && (parse_u64("OCIRUN_SYSTEMD_TIMEOUT", text, 3600, &s) < 0 || !s)) {
		err_clear();
		s = DEFAULT_TIMEOUT_S;
	}
	return (unsigned)s * 1000;
}

/* Bus addresses escape everything but these letters, as %NN. */
static const char *path_address(struct arena *a, const char *dir, const char *name)
{
	struct str s;
	str_init(&s, a, 0);
	str_add(&s, "unix:path=");
	for (const char *p = dir; *p; p++) {
		bool plain = ((*p | 32) >= 'a' && (*p | 32) <= 'z') || (*p >= '0' && *p <= '9') ||
			     strchr("-_/.", *p);
		if (plain)
			str_addc(&s, *p);
		else
			str_addf(&s, "%%%02x", (unsigned char)*p);
	}
	str_addf(&s, "/%s", name);
	return s.v;
}

static int bus_address(struct arena *a, bool user, const char **out)
{
	const char *given = getenv(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	const char *dir = getenv("XDG_RUNTIME_DIR");
	if (given && *given) {
		*out = given;
	} else if (!user) {
		*out = "unix:path=/run/dbus/system_bus_socket";
	} else if (dir && *dir == '/') {
		*out = path_address(a, dir, "bus");
	} else {
		int r = err_msg(ERR_UNSUPPORTED,
				"the systemd cgroup manager needs the user's bus, but neither "
				"DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
		err_hint("log in properly (machinectl shell, ssh), or use "
			 "--cgroup-manager cgroupfs");
		return r;
	}
	return 0;
}

/* ---- starting ---- */

static NORETURN void become(const char *path, int sock)
{
	char *const argv[] = { (char *)PROGRAM, NULL }, *const env[] = { NULL };
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	int null = open("/dev/null", O_RDWR);
	/* Our streams belong to engines that wait for their end. */
	if (null >= 0 && dup2(sock, 0) == 0 && dup2(null, 1) == 1 && dup2(null, 2) == 2 &&
	    fd_close_from(3) >= 0 && chdir("/") == 0)
		execve(path, argv, env);
	_exit(127);
}

static int spawn(const char *path, struct cgroup_talk *out)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys("create a pair of sockets");
	_cleanup_close_ int ours = pair[0], its = pair[1];
	pid_t pid = fork();
	if (pid < 0)
		return err_sys("start \"%s\"", path);
	if (pid == 0)
		become(path, its);
	*out = (struct cgroup_talk){ .fd = take_fd(&ours), .pid = pid };
	return 0;
}

int cgroup_talk_open(const struct cgroup_unit *u, struct cgroup_talk *out)
{
	char path[PATH_MAX], ms[16];
	struct arena *a = arena_new();
	struct cgroup_talk t = { .fd = -1 };
	const char *words[3] = { "open", NULL, ms };

	snprintf(ms, sizeof(ms), "%u", timeout_ms());
	int r = find_program(path, sizeof(path));
	if (r >= 0)
		r = bus_address(a, u->user_bus, &words[1]);
	if (r >= 0)
		r = spawn(path, &t);
	if (r >= 0)
		r = bustalk_send(t.fd, &(struct oci_strs){ .v = words, .n = 3 });
	if (r < 0)
		cgroup_talk_close(&t);
	else
		*out = t;
	arena_free(a);
	return r;
}

/* ---- asking ---- */

void cgroup_talk_props(struct arena *a, const struct cgroup_props *props, struct cgroup_words *q)
{
	for (size_t i = 0; i < props->n; i++) {
		const struct cgroup_prop *p = &props->v[i];
		vec_push(a, q, p->name);
		vec_push(a, q, p->sig);
		vec_push(a, q, arena_printf(a, "%zu", p->words.n));
		for (size_t k = 0; k < p->words.n; k++)
			vec_push(a, q, p->words.v[k]);
	}
}

static int adopt_error(const struct oci_strs *answer)
{
	int64_t no;
	TRY(parse_i64("an error of " PROGRAM, answer->v[1], 0, 4096, &no));
	struct err e = { .kind = no ? ERR_SYS : ERR_STATE, .no = (int)no };
	size_t n = strnlen(answer->v[2], sizeof(e.text) - 1);
	memcpy(e.text, answer->v[2], n);
	e.len = (uint16_t)n;
	return err_set(&e);
}

int cgroup_talk_ask(struct arena *a, const struct cgroup_talk *t, const struct cgroup_words *q,
		    struct oci_strs *answer)
{
	uint64_t end = clock_mono_ns() + (timeout_ms() + GRACE_MS) * 1000000ull;
	struct oci_strs words = { .v = q->v, .n = q->n }, got = { 0 };

	TRY(bustalk_send(t->fd, &words));
	int r = TRY_AS(bustalk_recv(a, t->fd, end, &got), "systemd: %s unit \"%s\"", q->v[0],
		       q->v[1]);
	if (r == BUSTALK_CLOSED)
		return err_msg(ERR_SYS, PROGRAM " ended before it answered: %s unit \"%s\"",
			       q->v[0], q->v[1]);
	if (got.n == 3 && streq(got.v[0], "error"))
		return adopt_error(&got);
	if (!got.n || !streq(got.v[0], "ok"))
		return err_msg(ERR_BUG, PROGRAM " answered with \"%s\"", got.n ? got.v[0] : "");
	if (answer)
		*answer = got;
	return 0;
}

/* ---- ending ---- */

void cgroup_talk_close(struct cgroup_talk *t)
{
	if (t->pid <= 0)
		return;
	close(t->fd);
	/* It may be waiting for a bus that does not answer; nothing is lost by its end. */
	struct timespec ms = { .tv_nsec = 1000000 };
	int status, left = 100;
	pid_t got;
	while ((got = waitpid(t->pid, &status, WNOHANG)) == 0 && left-- > 0)
		nanosleep(&ms, NULL);
	if (got == 0) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, &status, 0);
	}
	*t = (struct cgroup_talk){ .fd = -1 };
}
