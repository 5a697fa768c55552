/* SPDX-License-Identifier: Apache-2.0 */
/* Options that several commands have. */
#pragma once

#include "base/opt.h"

extern const struct opt unpack_rows[]; /* struct unpack_wishes */
extern const struct opt config_rows[]; /* struct config_wishes */
