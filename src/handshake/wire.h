/* SPDX-License-Identifier: Apache-2.0 */
/* Private: the layout of a message. An ask and its answer are the head alone; a failure, in either
 * direction, carries the error. Both ends are the same binary, so there is no version. */
#pragma once

#include <stddef.h>

#include "handshake/handshake.h"

enum wire_type { WIRE_ASK = 1, WIRE_DONE, WIRE_FAILED };

struct wire {
	uint32_t type;  /* enum wire_type */
	uint32_t kind;  /* enum ask_kind, of an ask and its answer */
	struct err err; /* of a failure */
};
#define WIRE_HEAD offsetof(struct wire, err)
/* What a message of this type measures; anything else is refused. */
#define WIRE_SIZE(type_) ((type_) == WIRE_FAILED ? sizeof(struct wire) : WIRE_HEAD)
