/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of handshake/asks.def. The plan decides which asks happen, and may not include the
 * handshake room itself. */
#pragma once

#define ASK(name_, child_, parent_) ASK_##name_,
enum plan_ask {
#include "handshake/asks.def"
	PLAN_ASK_COUNT
};
#undef ASK
