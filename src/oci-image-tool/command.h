/* SPDX-License-Identifier: Apache-2.0 */
/* A command: a row for main.c's table. The option rows fill a zeroed struct of opts_size bytes. */
#pragma once

#include "base/opt.h"
#include "image/image.h"

struct command {
	const char *name;
	const char *args; /* "IMAGE[:REF] DEST" for the usage line */
	const char *summary;
	const struct opt *rows;
	size_t opts_size;
	size_t min_args, max_args;
	/* Gives the exit status or negative. */
	int (*run)(struct image_tool *tool, const void *opts, const struct oci_strs *args);
};

extern const struct command cmd_create, cmd_inspect, cmd_ls, cmd_unpack, cmd_validate;
extern const struct command cmd_delete, cmd_gc, cmd_mount;
extern const struct command cmd_diff, cmd_repack;
extern const struct command cmd_config, cmd_convert, cmd_export, cmd_import, cmd_init, cmd_load;
extern const struct command cmd_rm, cmd_save, cmd_tag;

/* "table" (or NULL) and "json": *json. */
int format_parse(const char *text, bool *json) MUST_CHECK;
