/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes that JSON values take in our structs, and struct oci_diag, the one error report of
 * this library. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Optional numbers: `set` tells an explicit 0 from an absent key. */
struct oci_u32 { uint32_t v; bool set; };
struct oci_i32 { int32_t v; bool set; };
struct oci_u64 { uint64_t v; bool set; };
struct oci_i64 { int64_t v; bool set; };

/* Optional boolean; zero is "the key is not there". */
enum oci_bool { OCI_BOOL_ABSENT = 0, OCI_BOOL_FALSE, OCI_BOOL_TRUE };

/* ["a", "b"]: `present` tells [] from an absent key. */
struct oci_strs { const char **v; size_t n; bool present; };
struct oci_u32s { uint32_t *v; size_t n; bool present; };

/* {"key": "value"} in document order. */
struct oci_pair { const char *key, *value; };
struct oci_map { struct oci_pair *v; size_t n; bool present; };

/* Keys the tables do not know, kept as raw JSON text when the caller asks (OCI_KEEP_UNKNOWN). */
struct oci_extra { struct oci_pair *v; size_t n; };

/* Ceilings of the decoder. */
#define OCI_MAX_DOCUMENT (16u << 20) /* bytes */
#define OCI_MAX_STRING (1u << 20)    /* bytes */
#define OCI_MAX_DEPTH 64             /* nesting */
#define OCI_MAX_ELEMENTS 1000000u    /* of one list or map */

/* Why a document was refused. Fixed size, no pointers: may be copied or sent. */
struct oci_diag {
	char pointer[512];  /* JSON pointer, "" for the document itself */
	unsigned line, col; /* 1-based; 0 when the fault is not a place in the text */
	char text[512];     /* "/linux/x: expected one of a, b, found "c" (line 3, column 9)" */
};
