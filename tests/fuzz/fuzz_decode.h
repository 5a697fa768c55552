/* SPDX-License-Identifier: Apache-2.0 */
/* The fuzz target by its fixed name, for the unit test that replays the corpus. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
