/* SPDX-License-Identifier: Apache-2.0 */
/* The target by its own name, for libFuzzer's main and for the unit test that replays the corpus. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void fuzz_tar(const uint8_t *data, size_t size);
