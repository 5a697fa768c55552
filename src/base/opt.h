/* SPDX-License-Identifier: Apache-2.0 */
/* Command line options from tables. One row gives parsing, --help, completion and the man page
 * check. Rules (those of runc, see docs/design/cli.md): "--long v", "--long=v", "-long v" (single
 * dash), "-s v", bundled short flags, "--flag=true|false", "--" ends options, the last one wins,
 * options after positionals are accepted unless OPT_STOP_AT_POSITIONAL.
 * Texts: "flag needs an argument: --x", "unknown option --x" -> ERR_USAGE. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <ocispec/arena.h>
#include <ocispec/values.h>

#include "base/err.h"

enum opt_kind {
	OPT_K_END,
	OPT_K_FLAG,
	OPT_K_STRING,
	OPT_K_UINT,
	OPT_K_STRINGS,
	OPT_K_SHARED,
	OPT_K_IGNORED_FLAG,
	OPT_K_IGNORED_STRING,
};

struct opt {
	enum opt_kind kind;
	char short_name;            /* 0 = none */
	const char *name;
	size_t offset;
	const char *arg;            /* "DIR" in --help */
	const char *help;           /* NULL: accepted, not shown */
	const struct opt *shared;
	size_t shared_offset;       /* where the shared struct sits in ours */
};

/* bool */
#define OPT_FLAG(s_, name_, T_, m_, help_) \
	{ OPT_K_FLAG, s_, name_, offsetof(T_, m_), NULL, help_, NULL, 0 }
/* const char * */
#define OPT_STRING(s_, name_, T_, m_, arg_, help_) \
	{ OPT_K_STRING, s_, name_, offsetof(T_, m_), arg_, help_, NULL, 0 }
/* unsigned */
#define OPT_UINT(s_, name_, T_, m_, arg_, help_) \
	{ OPT_K_UINT, s_, name_, offsetof(T_, m_), arg_, help_, NULL, 0 }
/* struct oci_strs, repeatable */
#define OPT_STRINGS(s_, name_, T_, m_, arg_, help_) \
	{ OPT_K_STRINGS, s_, name_, offsetof(T_, m_), arg_, help_, NULL, 0 }
#define OPT_SHARED(T_, m_, rows_) { OPT_K_SHARED, 0, NULL, 0, NULL, NULL, rows_, offsetof(T_, m_) }
#define OPT_IGNORED_FLAG(name_) { OPT_K_IGNORED_FLAG, 0, name_, 0, NULL, NULL, NULL, 0 }
#define OPT_IGNORED_STRING(name_) { OPT_K_IGNORED_STRING, 0, name_, 0, "X", NULL, NULL, 0 }
#define OPT_END { OPT_K_END, 0, NULL, 0, NULL, NULL, NULL, 0 }

enum opt_flags { OPT_STOP_AT_POSITIONAL = 1 << 0 };

/* Parse argv[0..argc) (argv[0] is the first argument, not the program). Positionals come out in
 * order. Gives 0, OPT_HELP_ASKED when -h/--help was seen, or negative. */
enum { OPT_HELP_ASKED = 1 };
int opt_parse(struct arena *a, const struct opt *rows, unsigned flags, int argc, char *const *argv,
	      void *into, struct oci_strs *positionals) MUST_CHECK;
/* The option part of --help, two aligned columns, to stdout. */
void opt_print(const struct opt *rows);
/* Every long and short name that --help shows, a line each ("--bundle", "-b"), for `--complete` and
 * scripts/check-docs. */
void opt_list(const struct opt *rows);
