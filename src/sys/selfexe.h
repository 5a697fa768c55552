/* SPDX-License-Identifier: Apache-2.0 */
/* A container must never reach our binary on the host through /proc/PID/exe of a process that is
 * on its way in. So the commands that enter a container first continue from a read-only mount
 * that is attached nowhere, or from a sealed copy in memory.
 * Surprise: there is no marker in the environment; /proc/self/exe itself tells where we are, and
 * the entry of the static program (selfexe_entry.c) looks first. */
#pragma once

#include "base/err.h"

/* First thing in main() of create, run, exec. Does not return when it re-executes: argv, the
 * environment and every descriptor stay as they are. Returns 0 when we are protected already, or
 * nobody in reach can change the binary (fs-verity, immutable, a read-only kind of file system; an
 * ordinary user and a binary of root). */
int selfexe_seal(char **argv) MUST_CHECK;
