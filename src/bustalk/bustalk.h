/* SPDX-License-Identifier: Apache-2.0 */
/* The talk between ocirun and its program ocirun-systemd (which alone links libsystemd): messages
 * are lists of words over a socket pair. One question, one answer; who asks closes to end it.
 *
 *   open BUS-ADDRESS TIMEOUT-MS                  no answer: a failure is told to the next question
 *   start UNIT PROPERTIES...                     ok CONTROL-GROUP new|old
 *   stop UNIT [empty]                            ok (empty: unless processes are in it)
 *   set UNIT PROPERTIES...                       ok
 *   attach UNIT SUBCGROUP PID                    ok
 *   anything that fails                          error ERRNO TEXT
 *
 * A property is NAME SIGNATURE COUNT and COUNT value words. The words of a value follow its D-Bus
 * signature: a basic type is one word, an array is its number of elements and then these, a struct
 * is its members. A NAME that begins with '?' may be left out when systemd does not know it.
 * Surprise: the protocol has no version: both programs come from one build. */
#pragma once

#include <stdint.h>

#include <ocispec/arena.h>
#include <ocispec/values.h>

#include "base/err.h"

#define BUSTALK_MAX ((size_t)4 << 20)

int bustalk_send(int fd, const struct oci_strs *words) MUST_CHECK;
/* 0; BUSTALK_CLOSED at the end; -ETIMEDOUT (recorded) when nothing came before deadline_ns of the
 * monotonic clock, 0 = wait for ever. */
enum { BUSTALK_CLOSED = 1 };
int bustalk_recv(struct arena *a, int fd, uint64_t deadline_ns, struct oci_strs *out) MUST_CHECK;
