/* SPDX-License-Identifier: Apache-2.0 */
/* Stamps for tracing, and the two spellings of the present that engines parse. */
#pragma once

#include <stdint.h>

#include "base/compiler.h"

uint64_t clock_mono_ns(void);
#define CLOCK_TEXT_MAX 40
/* Seconds since 1970 (0 or more) as 2026-11-24T20:26:01, without a zone. */
void clock_format_utc(int64_t seconds, char out[CLOCK_TEXT_MAX]);
/* UTC with nanoseconds: 2026-11-24T20:26:01.123456789Z */
void clock_rfc3339_nano(char out[CLOCK_TEXT_MAX]);
/* Local offset, seconds: 2026-11-24T21:26:01+01:00 (Z when the offset is 0), for log records. */
void clock_rfc3339(char out[CLOCK_TEXT_MAX]);
