/* SPDX-License-Identifier: Apache-2.0 */
/* Session keyrings. Thin: -1 and errno, no policy. */
#pragma once

#include "base/compiler.h"

/* Join (or make) the session keyring `name`, then let its owner view, read and search it so that
 * it stays usable after the uid changed. */
int keyring_join_session(const char *name) MUST_CHECK;
