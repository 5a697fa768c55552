/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths a layer has made: 8 bytes each, by a keyed 64-bit hash, so that two million paths
 * need 32 MiB and nobody can choose names that collide. A path's folders go in with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pathset {
	uint64_t key[2];
	uint64_t *slots; /* 0 = free */
	size_t n, cap;   /* cap is 0 or a power of two */
};

int pathset_open(struct pathset *s) MUST_CHECK;
void pathset_close(struct pathset *s);
void pathset_empty(struct pathset *s);
/* Add path[0..len) and every folder above it; "" (the root) is always in. */
int pathset_add(struct pathset *s, const char *path, size_t len) MUST_CHECK;
/* Only itself. */
int pathset_add_one(struct pathset *s, const char *path, size_t len) MUST_CHECK;
bool pathset_has(const struct pathset *s, const char *path, size_t len);
