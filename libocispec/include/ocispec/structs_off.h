/* SPDX-License-Identifier: Apache-2.0 */
/* Ends what structs_on.h or tables_on.h began. */
#undef OBJECT
#undef STR
#undef RAW
#undef STRS
#undef U32
#undef U64
#undef I32
#undef I64
#undef U8O
#undef U16O
#undef U32O
#undef U64O
#undef I32O
#undef I64O
#undef U32S
#undef BOOL
#undef BOOLO
#undef ENUM
#undef OBJ
#undef OBJS
#undef OMAP
#undef SMAP
#undef END
#undef OCI_ROW
