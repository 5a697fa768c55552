/* SPDX-License-Identifier: Apache-2.0 */
/* Strict text to number: no leading space or sign (except '-' for signed), no trailing bytes, no
 * hex, ranges checked. All return 0, or negative with the slot filled (`what` names the thing). */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

int parse_u64(const char *what, const char *text, uint64_t max, uint64_t *out) MUST_CHECK;
int parse_i64(const char *what, const char *text, int64_t min, int64_t max,
	      int64_t *out) MUST_CHECK;
/* uid or gid: 0..4294967294; 4294967295 is (uid_t)-1, "leave unchanged", and refused everywhere. */
int parse_id(const char *what, const char *text, uint32_t *out) MUST_CHECK;
/* "UID[:GID]"; *has_gid tells whether the second part was there. */
int parse_user(const char *text, uint32_t *uid, uint32_t *gid, bool *has_gid) MUST_CHECK;
/* "10", "10b", "512k", "1m", "2g", any case, and "-1" (gives -1): bytes. */
int parse_size(const char *what, const char *text, int64_t *out) MUST_CHECK;
/* Go durations: "5s", "100ms", "1m30s", "1.5h": nanoseconds; must be >= 0. */
int parse_duration(const char *what, const char *text, int64_t *out_ns) MUST_CHECK;
bool parse_bool(const char *text, bool *out); /* Go's strconv.ParseBool words */
