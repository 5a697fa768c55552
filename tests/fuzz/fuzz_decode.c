/* SPDX-License-Identifier: Apache-2.0 */
/* Every input is offered to every document type. What the decoder accepts must survive all other
 * verbs: check, copy, equal, and encode with and without indentation. The unit tests replay
 * corpus/ through the same function, so a crash that was found stays found.
 *
 *	./configure CC=clang --enable-fuzzers && make tests/fuzz/fuzz_decode
 *	tests/fuzz/fuzz_decode -max_len=65536 tests/fuzz/corpus */
#include "fuzz_decode.h"

#include <ocispec/image.h>
#include <ocispec/runtime.h>

#include <stdlib.h>
#include <string.h>

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static const struct oci_type *(*const documents[])(void) = {
	oci_config_type,   oci_process_type,  oci_resources_type,      oci_seccomp_type,
	oci_mount_type,    oci_hooks_type,    oci_state_type,          oci_features_type,
	oci_index_type,    oci_manifest_type, oci_image_config_type,   oci_descriptor_type,
	oci_platform_type, oci_layout_type,   oci_docker_archive_type, oci_mounts_type,
};

static void again(struct arena *a, const struct oci_type *t, const void *obj, const char *indent)
{
	struct oci_diag diag;
	size_t len = 0, len2 = 0;
	char *text = oci_encode(a, t, obj, indent, &len), *text2;
	void *obj2;

	MUST(text && strlen(text) == len);
	obj2 = oci_decode(a, t, text, len, OCI_KEEP_UNKNOWN, &diag);
	MUST(obj2 && oci_equal(t, obj, obj2));
	text2 = oci_encode(a, t, obj2, indent, &len2);
	MUST(text2 && len == len2 && memcmp(text, text2, len) == 0);
}

static void nothing(void *ctx, const char *pointer)
{
	MUST(!ctx && pointer[0] == '/');
}

static void accepted(struct arena *a, const struct oci_type *t, const void *obj)
{
	struct oci_diag diag;
	void *copy = oci_copy(a, t, obj);

	MUST(oci_check(t, obj, &diag) == 0);
	MUST(copy && oci_equal(t, obj, copy));
	again(a, t, obj, NULL);
	again(a, t, copy, "  ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		const struct oci_type *t = documents[i]();
		const char *json = (const char *)data;
		struct arena *a = arena_new();
		struct oci_diag diag;
		void *obj;

		MUST(a);
		obj = oci_decode(a, t, json, size, OCI_KEEP_UNKNOWN, &diag);
		MUST(obj || diag.text[0]);
		MUST((oci_list_unknown(t, json, size, nothing, NULL, &diag) == 0) == (obj != NULL));
		if (obj)
			accepted(a, t, obj);
		arena_free(a);
	}
	return 0;
}
