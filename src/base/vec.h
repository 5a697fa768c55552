/* SPDX-License-Identifier: Apache-2.0 */
/* A typed growable array on an arena: `VEC(struct mount_op) ops;` then vec_add(a, &ops) gives a
 * zeroed new element. Zero-initialised is empty. Pointers into it die with the next vec_add. */
#pragma once

#include <stddef.h>

#include <ocispec/arena.h>

#include "base/compiler.h"

#define VEC(type_) struct { type_ *v; size_t n, cap; }

#define vec_add(arena_, vec_)                                                                    \
	({                                                                                       \
		if ((vec_)->n == (vec_)->cap) {                                                  \
			size_t cap_ = (vec_)->cap ? (vec_)->cap * 2 : 8;                         \
			void *grown_ = arena_calloc((arena_), cap_, sizeof(*(vec_)->v));         \
			if ((vec_)->n)                                                           \
				memcpy(grown_, (vec_)->v, (vec_)->n * sizeof(*(vec_)->v));       \
			(vec_)->v = grown_;                                                      \
			(vec_)->cap = cap_;                                                      \
		}                                                                                \
		&(vec_)->v[(vec_)->n++];                                                         \
	})
#define vec_push(arena_, vec_, value_) ((void)(*vec_add((arena_), (vec_)) = (value_)))
