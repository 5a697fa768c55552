/* SPDX-License-Identifier: Apache-2.0 */
/* ocirun: global options, the table of commands, exit codes.
 * 0 success, 1 any failure of ours (exec: 255); run and exec give the status of the process. */
#include <sys/auxv.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "ocirun/command.h"
#include "security/security.h"
#include "sys/selfexe.h"

struct globals {
	struct log_opts log;
	const char *root, *manager, *rootless;
	bool systemd_cgroup, version;
};

static const struct opt global_rows[] = {
	OPT_STRING(0, "root", struct globals, root, "DIR",
		   "state directory (default: /run/ocirun)"),
	OPT_STRING(0, "log", struct globals, log.path, "FILE",
		   "write log records to FILE instead of stderr"),
	OPT_STRING(0, "log-format", struct globals, log.format, "FORMAT", "text (default) or json"),
	OPT_STRING(0, "log-level", struct globals, log.level, "LEVEL", "error, warning or debug"),
	OPT_FLAG(0, "debug", struct globals, log.debug, "log debug records too"),
	OPT_FLAG('s', "systemd-cgroup", struct globals, systemd_cgroup,
		 "the same as --cgroup-manager systemd"),
	OPT_STRING(0, "cgroup-manager", struct globals, manager, "NAME",
		   "cgroupfs (default), systemd or disabled"),
	OPT_STRING(0, "rootless", struct globals, rootless, "BOOL",
		   "true, false or auto (default)"),
	OPT_FLAG('v', "version", struct globals, version, "print the version"),
	OPT_IGNORED_STRING("criu"),
	OPT_IGNORED_FLAG("systemd-log"),
	OPT_END
};

static const struct command *const commands[] = {
	&cmd_create, &cmd_start,  &cmd_run,  &cmd_exec,     &cmd_state,   &cmd_list,
	&cmd_pause, &cmd_resume, &cmd_ps, &cmd_update,
	&cmd_events, &cmd_stats,
	&cmd_kill,   &cmd_delete, &cmd_spec, &cmd_features, &cmd_explain,
	&cmd_wait,
	&cmd_mounts,
	&cmd_checkpoint, &cmd_restore,
};

static NORETURN void out_of_memory(size_t wanted)
{
	fprintf(stderr, "ocirun: out of memory (%zu bytes)\n", wanted);
	_exit(1);
}

static void print_version(void)
{
	char seccomp[32];
	printf("ocirun version %s\ncommit: %s\nspec: 1.3.0\nlibseccomp: %s\n+SECCOMP +SELINUX "
	       "+APPARMOR +CAP +YAJL\n",
	       PACKAGE_VERSION, GIT_COMMIT, security_libseccomp_version(seccomp));
}

static void print_help(void)
{
	printf("Usage: ocirun [global options] COMMAND [options] [arguments]\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nGlobal options:\n");
	opt_print(global_rows);
	printf("\n`ocirun COMMAND --help` tells more; ocirun(8) tells all.\n");
}

static void print_command_help(const struct command *c)
{
	printf("Usage: ocirun %s [options] %s\n%s\n\nOptions:\n", c->name, c->args, c->summary);
	opt_print(c->rows);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* ocirun --complete [COMMAND]: for shells and scripts/check-docs. */
static int complete(const char *name)
{
	const struct command *c = name ? find_command(name) : NULL;
	for (size_t i = 0; !name && i < ARRAY_SIZE(commands); i++)
		puts(commands[i]->name);
	if (!name || c)
		opt_list(c ? c->rows : global_rows);
	return name && !c;
}

static int apply_globals(const struct globals *g, struct runtime *rt)
{
	bool rootless;
	TRY(log_open(&g->log));
	rt->root = g->root;
	if (g->systemd_cgroup)
		rt->manager = CGROUP_SYSTEMD;
	if (g->manager && !cgroup_manager_find(g->manager, &rt->manager))
		return err_msg(
			ERR_USAGE,
			"unknown --cgroup-manager \"%s\", expected cgroupfs, systemd or disabled",
			g->manager);
	if (!g->rootless || streq(g->rootless, "auto"))
		return 0;
	if (!parse_bool(g->rootless, &rootless))
		return err_msg(ERR_USAGE, "--rootless: expected true, false or auto, found \"%s\"",
			       g->rootless);
	rt->rootless = rootless;
	return 0;
}

static int run_command(const struct command *c, struct runtime *rt, int argc, char **argv)
{
	struct oci_strs args = { 0 };
	void *opts = arena_alloc(rt->arena, c->opts_size);
	int r = opt_parse(rt->arena, c->rows, c->opt_flags, argc, argv, opts, &args);
	if (r == OPT_HELP_ASKED) {
		print_command_help(c);
		return 0;
	}
	if (r >= 0 && (args.n < c->min_args || args.n > c->max_args))
		r = err_msg(ERR_USAGE, "\"%s\" takes %s%s", c->name,
			    *c->args ? c->args : "no arguments",
			    args.n < c->min_args ? ": too few arguments" : ": too many arguments");
	if (r < 0) {
		print_command_help(c);
		return r;
	}
	return c->run(rt, opts, &args);
}

static int fail(const char *prefix)
{
	fflush(stdout);
	err_report(prefix);
	return 1;
}

static int dispatch(struct arena *a, int argc, char **argv)
{
	struct globals g = { 0 };
	struct runtime rt = { .arena = a, .rootless = -1 };
	struct oci_strs rest = { 0 };
	int r = opt_parse(a, global_rows, OPT_STOP_AT_POSITIONAL, argc - 1, argv + 1, &g, &rest);
	if (r < 0) {
		print_help();
		return fail(NULL);
	}
	if (g.version) {
		print_version();
		return 0;
	}
	if (r == OPT_HELP_ASKED || !rest.n) {
		print_help();
		return r == OPT_HELP_ASKED ? 0 : 1;
	}
	if (apply_globals(&g, &rt) < 0)
		return fail(NULL);
	const struct command *c = find_command(rest.v[0]);
	if (!c)
		return err_msg(ERR_USAGE, "unknown command \"%s\"; see ocirun --help", rest.v[0]) <
				       0
			       ? fail(NULL)
			       : 1;
	int skip = argc - (int)rest.n + 1;
	r = c->enters ? selfexe_seal(argv) : 0;
	if (r >= 0)
		r = run_command(c, &rt, argc - skip, argv + skip);
	if (r >= 0)
		return r;
	fail(c->prefix);
	return c->fail_status ? c->fail_status : 1;
}

int main(int argc, char **argv)
{
	if (getauxval(AT_SECURE)) {
		fprintf(stderr, "ocirun: refusing to run setuid or with file capabilities\n");
		return 1;
	}
	arena_on_oom(out_of_memory);
	struct arena *a = arena_new();
	if (argc > 1 && streq(argv[1], "--complete"))
		return complete(argc > 2 ? argv[2] : NULL);
	if (fd_fill_std() < 0)
		return fail(NULL);
	int r = dispatch(a, argc, argv);
	if (fflush(stdout) != 0 && r == 0)
		r = 1;
	return r;
}
