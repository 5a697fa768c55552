/* SPDX-License-Identifier: Apache-2.0 */
/* Command line of oci-image-tool. The verbs on images come with src/image; until then the program
 * answers --help and --version and refuses everything else, so that packages and scripts can
 * already name it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/opt.h"

struct global_opts {
	bool version;
};

static const struct opt global_opts[] = {
	OPT_FLAG('v', "version", struct global_opts, version, "print the version and exit"),
	OPT_END
};

static void out_of_memory(size_t wanted)
{
	fprintf(stderr, "oci-image-tool: out of memory (%zu bytes wanted)\n", wanted);
	exit(EXIT_FAILURE);
}

static void print_help(void)
{
	printf("usage: oci-image-tool [--help] [--version]\n\noptions:\n");
	opt_print(global_opts);
}

static int run(struct arena *a, int argc, char **argv)
{
	struct global_opts o = { 0 };
	struct oci_strs words = { 0 };
	int asked =
		opt_parse(a, global_opts, OPT_STOP_AT_POSITIONAL, argc - 1, argv + 1, &o, &words);

	if (asked < 0)
		return asked;
	if (asked == OPT_HELP_ASKED) {
		print_help();
		return 0;
	}
	if (o.version) {
		printf("oci-image-tool version %s\ncommit: %s\n", PACKAGE_VERSION, GIT_COMMIT);
		return 0;
	}
	if (words.n > 0)
		return err_msg(ERR_USAGE, "unknown command \"%s\"", words.v[0]);
	return err_msg(ERR_USAGE, "no command given; see oci-image-tool --help");
}

int main(int argc, char **argv)
{
	arena_on_oom(out_of_memory);

	struct arena *a = arena_new();
	int r = run(a, argc, argv);

	if (r < 0)
		fprintf(stderr, "oci-image-tool: %s\n", err_get()->text);
	arena_free(a);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
