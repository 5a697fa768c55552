/* SPDX-License-Identifier: Apache-2.0 */
/* oci-image-tool: global options, the table of commands, exit codes: 0 success, 1 anything else. */
#include "base/fd.h"
#include "base/log.h"
#include "oci-image-tool/command.h"

struct globals {
	struct log_opts log;
	bool quiet, version;
};

static const struct opt global_rows[] = {
	OPT_STRING(0, "log", struct globals, log.path, "FILE",
		   "write log records to FILE instead of stderr"),
	OPT_STRING(0, "log-format", struct globals, log.format, "FORMAT", "text (default) or json"),
	OPT_STRING(0, "log-level", struct globals, log.level, "LEVEL", "error, warning or debug"),
	OPT_FLAG(0, "debug", struct globals, log.debug, "log debug records too"),
	OPT_FLAG('q', "quiet", struct globals, quiet, "no progress bar, even on a terminal"),
	OPT_FLAG('v', "version", struct globals, version, "print the version"),
	OPT_END
};

static const struct command *const commands[] = {
	/* clang-format off */
	&cmd_validate,
	&cmd_unpack,
	&cmd_create,
	&cmd_ls,
	&cmd_inspect,
	&cmd_diff,
	&cmd_repack,
	&cmd_mount,
	&cmd_delete,
	&cmd_gc,
	&cmd_init,
	&cmd_tag,
	&cmd_rm,
	&cmd_config,
	&cmd_load,
	&cmd_save,
	&cmd_convert,
	&cmd_import,
	&cmd_export,
	/* clang-format on */
};

static NORETURN void out_of_memory(size_t wanted)
{
	fprintf(stderr, "oci-image-tool: out of memory (%zu bytes)\n", wanted);
	_exit(1);
}

static void print_help(void)
{
	printf("Usage: oci-image-tool [global options] COMMAND [options] "
	       "[arguments]\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nGlobal options:\n");
	opt_print(global_rows);
	printf("\n`oci-image-tool COMMAND --help` tells more; oci-image-tool(1) tells all.\n");
}

static void print_command_help(const struct command *c)
{
	printf("Usage: oci-image-tool %s [options] %s\n%s\n\nOptions:\n", c->name, c->args,
	       c->summary);
	opt_print(c->rows);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

int format_parse(const char *text, bool *json)
{
	*json = text && streq(text, "json");
	if (!text || *json || streq(text, "table"))
		return 0;
	return err_msg(ERR_USAGE, "--format: expected table or json, found \"%s\"", text);
}

/* oci-image-tool --complete [COMMAND]: for shells and scripts/check-docs. */
static int complete(const char *name)
{
	const struct command *c = name ? find_command(name) : NULL;
	for (size_t i = 0; !name && i < ARRAY_SIZE(commands); i++)
		puts(commands[i]->name);
	if (!name || c)
		opt_list(c ? c->rows : global_rows);
	return name && !c;
}

static int run_command(const struct command *c, struct image_tool *tool, int argc, char **argv)
{
	struct oci_strs args = { 0 };
	void *opts = arena_alloc(tool->arena, c->opts_size);
	int r = opt_parse(tool->arena, c->rows, 0, argc, argv, opts, &args);
	if (r == OPT_HELP_ASKED) {
		print_command_help(c);
		return 0;
	}
	if (r >= 0 && (args.n < c->min_args || args.n > c->max_args))
		r = err_msg(ERR_USAGE, "\"%s\" takes %s: too %s arguments", c->name, c->args,
			    args.n < c->min_args ? "few" : "many");
	if (r < 0) {
		print_command_help(c);
		return r;
	}
	return c->run(tool, opts, &args);
}

/* 0 or the exit status; negative: the slot is filled. */
static int dispatch(struct arena *a, int argc, char **argv)
{
	struct globals g = { 0 };
	struct oci_strs rest = { 0 };
	int r = opt_parse(a, global_rows, OPT_STOP_AT_POSITIONAL, argc - 1, argv + 1, &g, &rest);
	if (r >= 0 && g.version) {
		printf("oci-image-tool version %s\ncommit: %s\n", PACKAGE_VERSION, GIT_COMMIT);
		return 0;
	}
	if (r != 0 || !rest.n) {
		print_help();
		return r == OPT_HELP_ASKED ? 0 : r < 0 ? r : 1;
	}
	TRY(log_open(&g.log));
	const struct command *c = find_command(rest.v[0]);
	if (!c)
		return err_msg(ERR_USAGE, "unknown command \"%s\"; see oci-image-tool --help",
			       rest.v[0]);
	struct image_tool tool = { .arena = a, .quiet = g.quiet };
	int skip = argc - (int)rest.n + 1;
	return run_command(c, &tool, argc - skip, argv + skip);
}

int main(int argc, char **argv)
{
	arena_on_oom(out_of_memory);
	struct arena *a = arena_new();
	if (argc > 1 && streq(argv[1], "--complete"))
		return complete(argc > 2 ? argv[2] : NULL);
	int r = fd_fill_std();
	if (r >= 0)
		r = dispatch(a, argc, argv);
	if (fflush(stdout) != 0 && r == 0)
		r = err_sys("write the answer");
	if (r < 0)
		err_report(NULL);
	arena_free(a);
	return r < 0 ? 1 : r;
}
