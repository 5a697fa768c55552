/* SPDX-License-Identifier: Apache-2.0 */
/* What a .def file becomes: a table of rows per object. The verbs of ocispec.h walk these, and so
 * may a test or another room that has a .def of its own:
 *
 *	#include <ocispec/structs_on.h>		in the header, for the structs
 *	#include "record.def"
 *	#include <ocispec/structs_off.h>
 *
 *	#include <ocispec/tables_on.h>		in one .c file, for the function oci_record_type()
 *	#include "record.def"
 *	#include <ocispec/structs_off.h>
 *
 * A row may point at any type declared before it, so a .def can use the objects of runtime.def. */
#pragma once

#include <ocispec/ocispec.h>

/* clang-format off */
enum oci_kind {
	OCI_STR, OCI_RAW,                                   /* const char * */
	OCI_U32, OCI_U64, OCI_I32, OCI_I64,                 /* plain numbers, absent = 0 */
	OCI_U8O, OCI_U16O, OCI_U32O, OCI_U64O, OCI_I32O, OCI_I64O, /* { v, set } */
	OCI_BOOL, OCI_BOOLO, OCI_ENUM,
	OCI_OBJ,                                            /* struct T * */
	OCI_STRS, OCI_U32S, OCI_OBJS, OCI_SMAP, OCI_OMAP,   /* { v, n, present } */
};
/* clang-format on */

enum oci_flags {
	REQ = 1 << 0,   /* the key must be there */
	MIN1 = 1 << 1,  /* at least one element, at least 1, or not empty */
	MIN0 = 1 << 2,  /* a signed number that may not be negative */
	SHOWN = 1 << 3, /* written even when 0 or false */
};

struct oci_field {
	const char *key; /* "" as the only row: the object is this list itself */
	const struct oci_type *(*type)(void); /* OBJ, OBJS, OMAP */
	const struct oci_enum *words;         /* ENUM */
	uint16_t at;                          /* offset of the member */
	uint16_t size;                        /* OBJS, OMAP: bytes of one element */
	uint16_t value_at;                    /* OMAP: offset of the value in an element */
	uint8_t key_len, kind, flags;
};

struct oci_type {
	const char *name; /* "oci_mount" */
	const struct oci_field *rows;
	size_t n;
	size_t size;     /* of the struct */
	size_t extra_at; /* offset of its struct oci_extra */
};
