/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps: find the program, clean what it would inherit, execve.
 * Surprise: the texts are an interface. Engines turn "executable file not found in $PATH" and "no
 * such file or directory" into status 127, "permission denied" and "is a directory" into 126. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "process/process.h"

static const char *env_find(const char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

enum program { PROGRAM_FOUND, PROGRAM_DENIED, PROGRAM_NONE };

static enum program look_at(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return PROGRAM_NONE;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? PROGRAM_FOUND : PROGRAM_DENIED;
}

/* As in a shell, a file that may not be executed does not end the search, but is worth a hint. */
static int search(struct arena *a, const char *name, const char *dirs, const char **out)
{
	const char *denied = NULL;
	while (dirs) {
		size_t n = strcspn(dirs, ":");
		const char *path = n ? arena_printf(a, "%.*s/%s", (int)n, dirs, name)
				     : arena_printf(a, "./%s", name);
		enum program found = look_at(path);
		if (found == PROGRAM_FOUND) {
			*out = path;
			return 0;
		}
		if (found == PROGRAM_DENIED && !denied)
			denied = path;
		dirs = dirs[n] ? dirs + n + 1 : NULL;
	}
	int r = err_msg(ERR_CONFIG, "exec: \"%s\": executable file not found in $PATH", name);
	if (denied)
		err_hint("\"%s\" is there, but may not be executed by this user", denied);
	return r;
}

int process_find_program(struct arena *a, const struct process_plan *p, const char *const *env,
			 const char **path)
{
	const char *name = p->argv[0];
	struct stat st;
	if (!strchr(name, '/'))
		return search(a, name, env_find(env, "PATH"), path);
	if (stat(name, &st) < 0)
		return err_sys("exec: \"%s\": stat %s", name, name);
	if (S_ISDIR(st.st_mode))
		return err_sysno(EISDIR, "exec: \"%s\"", name);
	if (!S_ISREG(st.st_mode))
		return err_msg(ERR_CONFIG, "exec: \"%s\": is not a regular file", name);
	if (faccessat(AT_FDCWD, name, X_OK, AT_EACCESS) < 0)
		return err_sys("exec: \"%s\"", name);
	*path = name;
	return 0;
}

int process_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	for (int signo = 1; signo <= SIGRTMAX; signo++) {
		bool fixed = signo == SIGKILL || signo == SIGSTOP ||
			     (signo > SIGSYS && signo < SIGRTMIN);
		if (!fixed && sigaction(signo, &dfl, NULL) < 0)
			return err_sys("reset signal %d", signo);
	}
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return err_sys("empty the signal mask");
	if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return err_sys("clear the parent-death signal");
	return 0;
}

int process_close_fds(const struct process_plan *p)
{
	return fd_cloexec_from(3 + (int)p->keep_fds);
}

int process_exec(const struct process_plan *p, const char *path, const char *const *env)
{
	execve(path, (char *const *)p->argv, (char *const *)env);
	int no = errno, r = err_sys("exec: \"%s\"", path);
	if (no == ENOENT)
		err_hint("the file is there, its interpreter (\"#!\" line or ELF loader) is not");
	if (no == ENOEXEC)
		err_hint("a program for another architecture, or a script without a \"#!\" line");
	return r;
}
