/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the store: the names inside a container's directory. */
#pragma once

#include "store/store.h"

#define STORE_RECORD "state.json"
#define STORE_CONFIG "config.json"
#define STORE_START  "start"
#define STORE_NOTIFY "notify"
#define STORE_LEND   "lend" /* for a moment, with the pid of an exec behind it */
