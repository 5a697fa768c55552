/* SPDX-License-Identifier: Apache-2.0 */
/* Lexical work on paths; nothing here looks at a file system. */
#pragma once

#include <stdbool.h>

#include <ocispec/arena.h>

#include "base/compiler.h"

/* "a//b/./c" -> "a/b/c"; ".." is resolved lexically and never climbs above "/" of an absolute path;
 * "" -> "."; no trailing slash except "/". */
char *path_clean(struct arena *a, const char *path);
/* path_clean(base + "/" + rel), or path_clean(rel) when rel is absolute. */
char *path_join(struct arena *a, const char *base, const char *rel);
/* The path made absolute against the process's working directory (getcwd), cleaned. NULL: errno. */
char *path_absolute(struct arena *a, const char *path);
/* Is `path` equal to `dir` or below it? Both cleaned and absolute. */
bool path_is_within(const char *path, const char *dir);
/* Last component of a clean path ("/" -> "/"). Points into `path`. */
const char *path_base(const char *path);
char *path_dir(struct arena *a, const char *path); /* everything before the last component */
bool path_has_dotdot(const char *path);
