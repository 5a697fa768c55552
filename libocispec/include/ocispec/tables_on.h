/* SPDX-License-Identifier: Apache-2.0 */
/* Expands .def files as descriptors: one function T_type() per OBJECT. No include guard: used once
 * per .c file, after the headers that made the structs, and closed by structs_off.h. `self` spares
 * every row the name of its type. */
#include <ocispec/desc.h>

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
#define OBJECT(T_) \
	const struct oci_type *T_##_type(void); \
	const struct oci_type *T_##_type(void) \
	{ \
		typedef struct T_ self; \
		static const char name[] = #T_; \
		static const struct oci_field rows[] = {
#define OCI_ROW(m_, key_, kind_, fl_) \
	.key = key_, .key_len = sizeof(key_) - 1, .kind = kind_, .flags = fl_, \
	.at = offsetof(self, m_)
#define STR(m_, key_, fl_)      { OCI_ROW(m_, key_, OCI_STR, fl_) },
#define RAW(m_, key_, fl_)      { OCI_ROW(m_, key_, OCI_RAW, fl_) },
#define STRS(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_STRS, fl_) },
#define U32(m_, key_, fl_)      { OCI_ROW(m_, key_, OCI_U32, fl_) },
#define U64(m_, key_, fl_)      { OCI_ROW(m_, key_, OCI_U64, fl_) },
#define I32(m_, key_, fl_)      { OCI_ROW(m_, key_, OCI_I32, fl_) },
#define I64(m_, key_, fl_)      { OCI_ROW(m_, key_, OCI_I64, fl_) },
#define U8O(m_, key_, fl_)      { OCI_ROW(m_, key_, OCI_U8O, fl_) },
#define U16O(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_U16O, fl_) },
#define U32O(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_U32O, fl_) },
#define U64O(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_U64O, fl_) },
#define I32O(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_I32O, fl_) },
#define I64O(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_I64O, fl_) },
#define U32S(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_U32S, fl_) },
#define BOOL(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_BOOL, fl_) },
#define BOOLO(m_, key_, fl_)    { OCI_ROW(m_, key_, OCI_BOOLO, fl_) },
#define ENUM(m_, key_, E_, fl_) { OCI_ROW(m_, key_, OCI_ENUM, fl_), .words = &E_##_words },
#define OBJ(m_, key_, T_, fl_)  { OCI_ROW(m_, key_, OCI_OBJ, fl_), .type = T_##_type },
#define OBJS(m_, key_, T_, fl_) \
	{ OCI_ROW(m_, key_, OCI_OBJS, fl_), .type = T_##_type, .size = sizeof(struct T_) },
#define OMAP(m_, key_, T_, fl_) \
	{ OCI_ROW(m_, key_, OCI_OMAP, fl_), .type = T_##_type, \
	  .size = sizeof(((self *)0)->m_.v[0]), \
	  .value_at = offsetof(__typeof__(((self *)0)->m_.v[0]), value) },
#define SMAP(m_, key_, fl_)     { OCI_ROW(m_, key_, OCI_SMAP, fl_) },
#define END(T_) \
		}; \
		static const struct oci_type type = { \
			.name = name, .rows = rows, .n = sizeof(rows) / sizeof(rows[0]), \
			.size = sizeof(self), .extra_at = offsetof(self, extra), \
		}; \
		_Static_assert(sizeof(rows) / sizeof(struct oci_field) <= 64, \
			       "too many rows for the masks"); \
		_Static_assert(sizeof(self) <= UINT16_MAX, "too large for the offsets of a row"); \
		return &type; \
	}
/* clang-format on */
