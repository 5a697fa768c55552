/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside a container and prints what it sees as one JSON object: the eyes of the CLI tests.
 * Static and without libraries, so that it works in an empty root. Facts come from system calls
 * where there is one, because /proc may be absent or masked; what cannot be read is null.
 * With arguments "FILE" the object goes to that file instead of stdout. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static FILE *out;

static void text(const char *s)
{
	if (!s) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void key(const char *name)
{
	fprintf(out, ",\n ");
	text(name);
	fputc(':', out);
}

/* The first line of a file, without its end; NULL when there is none. */
static const char *first_line(const char *path)
{
	static char line[4096];
	FILE *f = fopen(path, "re");

	if (!f)
		return NULL;
	char *got = fgets(line, sizeof(line), f);

	fclose(f);
	if (!got)
		return "";
	line[strcspn(line, "\n")] = 0;
	return line;
}

static void lines_of(const char *name, const char *path)
{
	char line[8192];
	FILE *f = fopen(path, "re");
	const char *sep = "";

	key(name);
	if (!f) {
		fputs("null", out);
		return;
	}
	fputc('[', out);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		fputs(sep, out);
		text(line);
		sep = ",";
	}
	fputc(']', out);
	fclose(f);
}

static void namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc",  "mnt",  "net",
					     "pid",    "time", "user", "uts" };

	key("ns");
	fputs("{\"\":0", out);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (stat(path, &st) == 0)
			fprintf(out, ",\"%s\":%llu", names[i], (unsigned long long)st.st_ino);
	}
	fputc('}', out);
}

static void ids(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	gid_t groups[256];
	int n = getgroups(256, groups);
	mode_t mask = umask(022);

	umask(mask);
	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	key("uid");
	fprintf(out, "[%u,%u,%u]", r, e, s);
	key("gid");
	fprintf(out, "[%u,%u,%u]", gr, ge, gs);
	key("groups");
	fputc('[', out);
	for (int i = 0; i < n; i++)
		fprintf(out, "%s%u", i ? "," : "", groups[i]);
	fputc(']', out);
	key("umask");
	fprintf(out, "\"%04o\"", mask);
}

static void one_cap_set(const char *name, unsigned long long bits, const char *sep)
{
	const char *comma = "";

	fprintf(out, "%s\"%s\":[", sep, name);
	for (int i = 0; i < 64; i++)
		if (bits >> i & 1) {
			fprintf(out, "%s%d", comma, i);
			comma = ",";
		}
	fputc(']', out);
}

static unsigned long long both(unsigned low, unsigned long long high)
{
	return low | high << 32;
}

static void caps(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { 0 };
	unsigned long long bounding = 0, ambient = 0;

	syscall(SYS_capget, &h, d);
	for (int i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= 1ULL << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ambient |= 1ULL << i;
	}
	key("caps");
	one_cap_set("bounding", bounding, "{");
	one_cap_set("effective", both(d[0].effective, d[1].effective), ",");
	one_cap_set("permitted", both(d[0].permitted, d[1].permitted), ",");
	one_cap_set("inheritable", both(d[0].inheritable, d[1].inheritable), ",");
	one_cap_set("ambient", ambient, ",");
	fputc('}', out);
}

/* id parent major:minor root point options optional... - fstype source superoptions */
static void mounts(void)
{
	char line[8192];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	const char *sep = "";

	key("mounts");
	if (!f) {
		fputs("null", out);
		return;
	}
	fputc('[', out);
	while (fgets(line, sizeof(line), f)) {
		char root[2048], point[2048], opts[512];
		char fstype[128], source[1024], super[2048] = "";
		char *dash = strstr(line, " - ");
		int used = 0;

		if (!dash)
			continue;
		if (sscanf(line, "%*s %*s %*s %2047s %2047s %511s%n", root, point, opts,
			   &used) != 3)
			continue;
		*dash = 0;
		sscanf(dash + 3, "%127s %1023s %2047[^\n]", fstype, source, super);
		fprintf(out, "%s\n  {\"point\":", sep);
		text(point);
		fputs(",\"root\":", out);
		text(root);
		fputs(",\"opts\":", out);
		text(opts);
		fputs(",\"optional\":", out);
		text(line + used + strspn(line + used, " "));
		fputs(",\"type\":", out);
		text(fstype);
		fputs(",\"source\":", out);
		text(source);
		fputs(",\"super\":", out);
		text(super);
		fputc('}', out);
		sep = ",";
	}
	fputc(']', out);
	fclose(f);
}

static void fds(void)
{
	const char *sep = "";

	key("fds");
	fputc('[', out);
	for (int fd = 0; fd < 1024; fd++) {
		char path[64], target[4096] = "";
		struct stat st;

		if (fd == fileno(out) && fd > 2)
			continue;
		if (fstat(fd, &st) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, target, sizeof(target) - 1);
		fprintf(out, "%s{\"fd\":%d,\"target\":", sep, fd);
		text(n < 0 ? NULL : target);
		fprintf(out, ",\"uid\":%u,\"rdev\":\"%u:%u\",\"tty\":%s}", st.st_uid,
			major(st.st_rdev), minor(st.st_rdev), isatty(fd) ? "true" : "false");
		sep = ",";
	}
	fputc(']', out);
}

static void limits(void)
{
	static const struct { const char *name; int no; } known[] = {
		{ "core", RLIMIT_CORE }, { "cpu", RLIMIT_CPU }, { "nofile", RLIMIT_NOFILE },
		{ "nproc", RLIMIT_NPROC }, { "stack", RLIMIT_STACK }, { "memlock", RLIMIT_MEMLOCK },
		{ "fsize", RLIMIT_FSIZE }, { "as", RLIMIT_AS },
	};

	key("limits");
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct rlimit r = { 0 };

		getrlimit(known[i].no, &r);
		fprintf(out, "%s\"%s\":[\"%llu\",\"%llu\"]", i ? "," : "{", known[i].name,
			(unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_max);
	}
	fputc('}', out);
}

static void scheduling(void)
{
	struct sched_param p = { 0 };
	cpu_set_t set;
	int policy = sched_getscheduler(0);

	sched_getparam(0, &p);
	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	key("sched");
	fprintf(out, "{\"policy\":%d,\"priority\":%d,\"nice\":%d,\"ioprio\":%ld,\"cpus\":%d}",
		policy, p.sched_priority, getpriority(PRIO_PROCESS, 0),
		syscall(SYS_ioprio_get, 1, 0), CPU_COUNT(&set));
}

static void signals(void)
{
	sigset_t mask;
	const char *sep = "";

	sigprocmask(SIG_BLOCK, NULL, &mask);
	key("signals_blocked_or_ignored");
	fputc('[', out);
	for (int i = 1; i < 64; i++) {
		struct sigaction sa = { 0 };

		sigaction(i, NULL, &sa);
		if (sigismember(&mask, i) == 1 || sa.sa_handler == SIG_IGN) {
			fprintf(out, "%s%d", sep, i);
			sep = ",";
		}
	}
	fputc(']', out);
}

static void list(const char *name, char *const *v)
{
	key(name);
	fputc('[', out);
	for (size_t i = 0; v[i]; i++) {
		if (i)
			fputc(',', out);
		text(v[i]);
	}
	fputc(']', out);
}

static void words(void)
{
	struct utsname u;
	struct timespec mono, boot;
	char cwd[4096];

	uname(&u);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	key("hostname");
	text(u.nodename);
	key("domainname");
	text(u.domainname);
	key("machine");
	text(u.machine);
	key("cwd");
	text(getcwd(cwd, sizeof(cwd)));
	key("oom_score_adj");
	text(first_line("/proc/self/oom_score_adj"));
	key("exe");
	cwd[0] = 0;
	ssize_t n = readlink("/proc/self/exe", cwd, sizeof(cwd) - 1);
	if (n >= 0)
		cwd[n] = 0;
	text(n < 0 ? NULL : cwd);
	key("personality");
	fprintf(out, "%d", personality(0xffffffff));
	key("nnp");
	fprintf(out, "%d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	/* a system call that no kernel has yet: what does the filter make of it? */
	key("newest_call_errno");
	fprintf(out, "%d", syscall(1000) < 0 ? errno : 0);
	key("pdeathsig");
	int death = 0;
	prctl(PR_GET_PDEATHSIG, &death);
	fprintf(out, "%d", death);
	key("dumpable");
	fprintf(out, "%d", prctl(PR_GET_DUMPABLE));
	key("clock");
	fprintf(out, "{\"monotonic\":%lld,\"boottime\":%lld}", (long long)mono.tv_sec,
		(long long)boot.tv_sec);
}

/* Seccomp mode from status: prctl(PR_GET_SECCOMP) would be filtered as well. */
static void seccomp_mode(void)
{
	char line[512];
	FILE *f = fopen("/proc/self/status", "re");
	int mode = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Seccomp: %d", &mode);
	if (f)
		fclose(f);
	key("seccomp");
	fprintf(out, "%d", mode);
}

int main(int argc, char **argv)
{
	out = argc > 1 ? fopen(argv[1], "we") : stdout;
	if (!out) {
		fprintf(stderr, "guest: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	fprintf(out, "{\"pid\":%d,\"ppid\":%d,\"sid\":%d", getpid(), getppid(), getsid(0));
	fds();
	list("args", argv);
	list("env", environ);
	namespaces();
	ids();
	caps();
	limits();
	scheduling();
	signals();
	words();
	seccomp_mode();
	lines_of("uid_map", "/proc/self/uid_map");
	lines_of("gid_map", "/proc/self/gid_map");
	lines_of("cgroup", "/proc/self/cgroup");
	lines_of("timens_offsets", "/proc/self/timens_offsets");
	mounts();
	fputs("}\n", out);
	return fflush(out) == 0 && !ferror(out) ? 0 : 1;
}
