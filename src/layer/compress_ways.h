/* SPDX-License-Identifier: Apache-2.0 */
/* What compress.c chooses from. level 0: the default. */
#pragma once

#include "layer/compress.h"

int compress_open_gzip(struct arena *a, int level, struct sink *to, struct sink **out) MUST_CHECK;
int compress_open_zstd(struct arena *a, int level, struct sink *to, struct sink **out) MUST_CHECK;
