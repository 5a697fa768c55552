/* SPDX-License-Identifier: Apache-2.0 */
/* The structs of the runtime-spec documents, made from spec/{platforms,runtime,state,features}.def,
 * where every member stands next to its JSON key. `struct oci_config` is config.json. */
#pragma once

#include <ocispec/ocispec.h>

/* enum oci_ns_type { OCI_NS_MOUNT = 1, ... }; and const struct oci_enum oci_ns_type_words; */
#define WORDS(E)      enum E { E##_absent = 0,
#define WORD(C, w)    C,
#define ENDWORDS(E)   E##_count }; extern const struct oci_enum E##_words;
#include "../../spec/enums.def"
#undef WORDS
#undef WORD
#undef ENDWORDS

/* clang-format off */
#include <ocispec/structs_on.h>
#include "../../spec/platforms.def"
#include "../../spec/runtime.def"
#include "../../spec/state.def"
#include "../../spec/features.def"
#include <ocispec/structs_off.h>
/* clang-format on */

const struct oci_type *oci_config_type(void);
const struct oci_type *oci_process_type(void);   /* exec --process */
const struct oci_type *oci_resources_type(void); /* update -r */
const struct oci_type *oci_seccomp_type(void);
const struct oci_type *oci_mount_type(void);
const struct oci_type *oci_mounts_type(void); /* a list of them: mounts add */
const struct oci_type *oci_hooks_type(void);
const struct oci_type *oci_state_type(void);
const struct oci_type *oci_features_type(void);
