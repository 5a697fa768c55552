/* SPDX-License-Identifier: Apache-2.0 */
/* Expands .def files as C structs. No include guard: used once per header, closed by structs_off.h.
 * The parameters end in an underscore so that none can be the name of a member or of a key. */
/* clang-format off */
#define OBJECT(T_)              struct T_ {
#define STR(m_, key_, fl_)      const char *m_;
#define RAW(m_, key_, fl_)      const char *m_;
#define STRS(m_, key_, fl_)     struct oci_strs m_;
#define U32(m_, key_, fl_)      uint32_t m_;
#define U64(m_, key_, fl_)      uint64_t m_;
#define I32(m_, key_, fl_)      int32_t m_;
#define I64(m_, key_, fl_)      int64_t m_;
#define U8O(m_, key_, fl_)      struct oci_u32 m_;
#define U16O(m_, key_, fl_)     struct oci_u32 m_;
#define U32O(m_, key_, fl_)     struct oci_u32 m_;
#define U64O(m_, key_, fl_)     struct oci_u64 m_;
#define I32O(m_, key_, fl_)     struct oci_i32 m_;
#define I64O(m_, key_, fl_)     struct oci_i64 m_;
#define U32S(m_, key_, fl_)     struct oci_u32s m_;
#define BOOL(m_, key_, fl_)     bool m_;
#define BOOLO(m_, key_, fl_)    enum oci_bool m_;
#define ENUM(m_, key_, E_, fl_) enum E_ m_;
#define OBJ(m_, key_, T_, fl_)  struct T_ *m_;
#define OBJS(m_, key_, T_, fl_) struct { struct T_ *v; size_t n; bool present; } m_;
#define OMAP(m_, key_, T_, fl_) \
	struct { struct { const char *key; struct T_ value; } *v; size_t n; bool present; } m_;
#define SMAP(m_, key_, fl_)     struct oci_map m_;
#define END(T_)                 struct oci_extra extra; };
/* clang-format on */
