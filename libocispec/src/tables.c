/* SPDX-License-Identifier: Apache-2.0 */
/* The .def files as constant descriptors. No logic: to see what a line becomes, run gcc -E on this
 * file. The order of the includes is the order of need: children first. */
#include <ocispec/image.h>
#include <ocispec/runtime.h>

#include <stdint.h>

/* clang-format off */
/* const struct oci_enum oci_ns_type_words = { "oci_ns_type", { { "mount", OCI_NS_MOUNT }, ... */
#define WORDS(E_)    static const struct oci_word E_##_list[] = {
#define WORD(C_, w_) { w_, C_ },
#define ENDWORDS(E_) \
	}; \
	const struct oci_enum E_##_words = { \
		#E_, E_##_list, sizeof(E_##_list) / sizeof(E_##_list[0]), \
	};
#include "../spec/enums.def"
#undef WORDS
#undef WORD
#undef ENDWORDS

#include <ocispec/tables_on.h>
#include "../spec/platforms.def"
#include "../spec/runtime.def"
#include "../spec/state.def"
#include "../spec/features.def"
#include "../spec/image.def"
#include <ocispec/structs_off.h>
/* clang-format on */
