/* SPDX-License-Identifier: Apache-2.0 */
/* The ceilings of values.h: the last value that passes and the first that does not. */
#include <ocispec/runtime.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;
static struct oci_diag diag;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

/* before + n times `part` + after */
static char *repeat(const char *before, const char *part, size_t n, const char *after)
{
	size_t len = strlen(part);
	char *json = arena_alloc(arena, strlen(before) + n * len + strlen(after) + 1);
	char *w = stpcpy(json, before);

	for (size_t i = 0; i < n; i++, w += len)
		memcpy(w, part, len);
	stpcpy(w, after);
	return json;
}

static struct oci_mount *decode(const char *json)
{
	return oci_decode(arena, oci_mount_type(), json, strlen(json), OCI_KEEP_UNKNOWN, &diag);
}

START_TEST(strings)
{
	struct oci_mount *m = decode(repeat("{\"destination\":\"", "x", OCI_MAX_STRING, "\"}"));

	ck_assert(m && strlen(m->destination) == OCI_MAX_STRING);
	ck_assert_ptr_null(decode(repeat("{\"destination\":\"", "x", OCI_MAX_STRING + 1, "\"}")));
	ck_assert_str_eq(diag.text,
			 "/destination: string of 1048577 bytes, at most 1048576 are read"
			 " (line 1, column 16)");
	ck_assert_ptr_null(decode(repeat("{\"", "k", OCI_MAX_STRING + 1, "\":1}")));
	ck_assert(strstr(diag.text, "string of 1048577 bytes") != NULL);
}
END_TEST

START_TEST(documents)
{
	char *json = repeat("{\"destination\":\"/\"}", " ", OCI_MAX_DOCUMENT - 19, "");

	ck_assert_uint_eq(strlen(json), OCI_MAX_DOCUMENT);
	ck_assert_ptr_nonnull(decode(json));
	ck_assert_ptr_null(decode(arena_printf(arena, "%s ", json)));
	ck_assert_str_eq(diag.text, "document of 16777217 bytes, at most 16777216 are read");
}
END_TEST

START_TEST(lists)
{
	struct oci_mount *m = decode(repeat("{\"destination\":\"/\",\"options\":[\"\"", ",\"\"",
					    OCI_MAX_ELEMENTS - 1, "]}"));

	ck_assert(m && m->options.n == OCI_MAX_ELEMENTS);
	ck_assert_ptr_null(decode(repeat("{\"destination\":\"/\",\"options\":[\"\"", ",\"\"",
					 OCI_MAX_ELEMENTS, "]}")));
	ck_assert(strstr(diag.text, "/options/1000000: more than 1000000 elements") == diag.text);
}
END_TEST

/* The object is level 1, so the unknown list may be one less deep than the ceiling. */
START_TEST(nesting)
{
	size_t n = OCI_MAX_DEPTH - 1;
	char *close = repeat("", "]", n, "}");

	ck_assert_ptr_nonnull(decode(repeat("{\"destination\":\"/\",\"x\":", "[", n, close)));
	ck_assert_ptr_null(decode(repeat("{\"destination\":\"/\",\"x\":", "[", n + 1, close)));
	ck_assert(strstr(diag.text, "/x: nested deeper than 64 levels") == diag.text);
	ck_assert_ptr_null(decode(repeat("{\"destination\":\"/\",\"x\":", "{\"a\":", 100000, "")));
	ck_assert(strstr(diag.text, "/x: nested deeper than 64 levels") == diag.text);
}
END_TEST

START_TEST(messages)
{
	char *json = repeat("{\"destination\":\"/\",\"uidMappings\":[{\"", "long/", 2000,
			    "\":1, \"size\":\"\"}]}");

	ck_assert_ptr_null(decode(json));
	ck_assert(strstr(diag.text, "/uidMappings/0/size: expected") == diag.text);
	ck_assert_int_eq(oci_list_unknown(oci_mount_type(), json, strlen(json), NULL, NULL, &diag),
			 -1);
	ck_assert_ptr_null(
		oci_decode(arena, oci_mount_type(), json, strlen(json), OCI_STRICT, &diag));
	ck_assert_uint_lt(strlen(diag.pointer), sizeof(diag.pointer));
	ck_assert_str_eq(diag.pointer + strlen(diag.pointer) - 3, "...");
	ck_assert(strstr(diag.text, ": unknown key (line 1, column ") != NULL);
	json = repeat("{\"destination\":\"/\",\"uidMappings\":\"", "\\u0001", 2000, "\"}");
	ck_assert_ptr_null(decode(json));
	ck_assert(strstr(diag.text, "...\" (line 1, column 34)") != NULL);
}
END_TEST

/* Long maps are sorted to find doubles: the slow way would take minutes here. */
START_TEST(long_maps)
{
	char *json = malloc(OCI_MAX_DOCUMENT), *w;
	size_t n = 400000;

	ck_assert_ptr_nonnull(json);
	w = stpcpy(json, "{\"ociVersion\":\"1\",\"annotations\":{");
	for (size_t i = 0; i < n; i++)
		w += sprintf(w, "\"%zu\":\"\",", i);
	strcpy(w - 1, "}}");
	ck_assert_ptr_nonnull(oci_decode(arena, oci_config_type(), json, strlen(json), 0, &diag));
	w[-1] = ',';
	strcpy(w, "\"77\":\"\"}}");
	ck_assert_ptr_null(oci_decode(arena, oci_config_type(), json, strlen(json), 0, &diag));
	ck_assert(strstr(diag.text, "/annotations/77: this key stands twice") == diag.text);
	ck_assert_uint_eq(diag.col, (size_t)(w - json) + 1);
	free(json);
}
END_TEST

TCase *tcase_ocispec_limits(void)
{
	TCase *tc = tcase_create("limits");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, strings);
	tcase_add_test(tc, documents);
	tcase_add_test(tc, lists);
	tcase_add_test(tc, nesting);
	tcase_add_test(tc, messages);
	tcase_add_test(tc, long_maps);
	return tc;
}
