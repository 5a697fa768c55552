/* SPDX-License-Identifier: Apache-2.0 */
/* What the decoder takes, value by value, and the exact words with which it refuses the rest. */
#include <ocispec/image.h>
#include <ocispec/runtime.h>

#include <check.h>
#include <string.h>

/* Parts of documents: any OBJECT has a type. */
const struct oci_type *oci_root_type(void);
const struct oci_type *oci_namespace_type(void);
const struct oci_type *oci_syscall_type(void);
const struct oci_type *oci_hook_type(void);
const struct oci_type *oci_windows_type(void);
const struct oci_type *oci_windows_device_type(void);
const struct oci_type *oci_freebsd_jail_type(void);
const struct oci_type *oci_user_type(void);
const struct oci_type *oci_block_io_type(void);
const struct oci_type *oci_cpu_type(void);
const struct oci_type *oci_scheduler_type(void);
const struct oci_type *oci_pids_type(void);
const struct oci_type *oci_rlimit_type(void);
const struct oci_type *oci_memory_type(void);
const struct oci_type *oci_linux_type(void);

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

static void *decode(const struct oci_type *t, const char *json)
{
	return oci_decode(arena, t, json, strlen(json), 0, &diag);
}

struct refused {
	const struct oci_type *(*type)(void);
	const char *json, *text;
};

/* One line per rule. The text is what a user sees. */
static const struct refused refused[] = {
	/* syntax */
	{ oci_config_type, "", "not valid JSON: parse error: premature EOF (line 1, column 1)" },
	{ oci_config_type, "{\n  \"ociVersion\": }",
	  "/ociVersion: not valid JSON: parse error: unallowed token at this point in JSON text"
	  " (line 2, column 17)" },
	{ oci_root_type, "{\"path\":\"/\"} 1",
	  "not valid JSON: parse error: trailing garbage (line 1, column 14)" },
	{ oci_root_type, "{\"path\":\"\xc0\xaf\"}", "text is not valid UTF-8 (line 1, column 10)" },
	{ oci_root_type, "{\"path\":\"\xed\xa0\x80\"}",
	  "text is not valid UTF-8 (line 1, column 10)" },
	{ oci_root_type, "{\"path\":\"a\\ud800b\"}",
	  "/path: half of a surrogate pair in a string (line 1, column 9)" },
	{ oci_root_type, "{\"path\":\"\\\\\\\"\\udc00\"}",
	  "/path: half of a surrogate pair in a string (line 1, column 9)" },
	{ oci_root_type, "{\"path\":\"a\\u0000b\"}",
	  "/path: string contains a NUL character (line 1, column 9)" },
	/* shapes */
	{ oci_root_type, "[]", "expected an object, found a list (line 1, column 1)" },
	{ oci_root_type, "\"x\"", "expected an object, found \"x\" (line 1, column 1)" },
	{ oci_root_type, "null", "expected an object, found null (line 1, column 1)" },
	{ oci_mounts_type, "[{\"destination\":5}]",
	  "/0/destination: expected a string, found 5 (line 1, column 17)" },
	{ oci_mounts_type, "[], \"root\": {}",
	  "not valid JSON: parse error: trailing garbage (line 1, column 3)" },
	{ oci_docker_archive_type, "{}", "expected a list, found an object (line 1, column 1)" },
	{ oci_docker_archive_type, "[1]", "/0: expected an object, found 1 (line 1, column 2)" },
	{ oci_root_type, "{\"path\":{}}",
	  "/path: expected a string, found an object (line 1, column 9)" },
	{ oci_root_type, "{\"path\":\"/\",\"readonly\":0}",
	  "/readonly: expected true or false, found 0 (line 1, column 24)" },
	{ oci_root_type, "{\"path\":\"/\",\"readonly\":\"true\"}",
	  "/readonly: expected true or false, found \"true\" (line 1, column 24)" },
	{ oci_mount_type, "{\"destination\":\"/\",\"options\":\"ro\"}",
	  "/options: expected a list, found \"ro\" (line 1, column 30)" },
	{ oci_mount_type, "{\"destination\":\"/\",\"options\":[\"ro\",null]}",
	  "/options/1: expected a string, found null (line 1, column 36)" },
	{ oci_mount_type, "{\"destination\":\"/\",\"uidMappings\":[[]]}",
	  "/uidMappings/0: expected an object, found a list (line 1, column 35)" },
	{ oci_resources_type, "{\"unified\":[]}",
	  "/unified: expected an object, found a list (line 1, column 12)" },
	{ oci_resources_type, "{\"unified\":{\"a/b~\":1}}",
	  "/unified/a~1b~0: expected a string, found 1 (line 1, column 20)" },
	{ oci_resources_type, "{\"rdma\":{\"m\":true}}",
	  "/rdma/m: expected an object, found true (line 1, column 14)" },
	{ oci_resources_type, "{\"memory\":1}",
	  "/memory: expected an object, found 1 (line 1, column 11)" },
	{ oci_windows_type, "{\"layerFolders\":[\"a\"],\"credentialSpec\":7}",
	  "/credentialSpec: expected an object, found 7 (line 1, column 40)" },
	/* required, minimums, twice */
	{ oci_root_type, "{}", "/path: this key is required (line 1, column 1)" },
	{ oci_root_type, "{\"path\":null}", "/path: this key is required (line 1, column 1)" },
	{ oci_mount_type,
	  "{\"destination\":\"/\",\n\"uidMappings\":[{\"containerID\":1,\"size\":1}]}",
	  "/uidMappings/0/hostID: this key is required (line 2, column 16)" },
	{ oci_syscall_type, "{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}",
	  "/names: expected at least one element, found an empty list (line 1, column 10)" },
	{ oci_hook_type, "{\"path\":\"/\",\"timeout\":0}",
	  "/timeout: expected an integer from 1 to 9223372036854775807, found 0"
	  " (line 1, column 23)" },
	{ oci_descriptor_type, "{\"mediaType\":\"a\",\"digest\":\"b\",\"size\":-1}",
	  "/size: expected an integer from 0 to 9223372036854775807, found -1"
	  " (line 1, column 38)" },
	{ oci_root_type, "{\"path\":\"a\",\n\"path\":\"b\"}",
	  "/path: this key stands twice (line 2, column 1)" },
	{ oci_root_type, "{\"path\":null,\"path\":\"b\"}",
	  "/path: this key stands twice (line 1, column 14)" },
	{ oci_root_type, "{\"path\":\"a\",\"x\":1,\"x\":1}",
	  "/x: this key stands twice (line 1, column 19)" },
	{ oci_resources_type, "{\"unified\":{\"a\":null,\"a\":\"b\"}}",
	  "/unified/a: this key stands twice (line 1, column 22)" },
	/* words */
	{ oci_namespace_type, "{\"type\":\"nett\"}",
	  "/type: expected one of mount, pid, network, uts, ipc, user, cgroup, time, found \"nett\""
	  " (line 1, column 9)" },
	{ oci_namespace_type, "{\"type\":\"moun\"}",
	  "/type: expected one of mount, pid, network, uts, ipc, user, cgroup, time, found \"moun\""
	  " (line 1, column 9)" },
	{ oci_namespace_type, "{\"type\":1}",
	  "/type: expected one of mount, pid, network, uts, ipc, user, cgroup, time, found 1"
	  " (line 1, column 9)" },
	{ oci_windows_device_type, "{\"id\":\"a\",\"idType\":\"x\"}",
	  "/idType: expected class, found \"x\" (line 1, column 20)" },
	/* no control character reaches a terminal */
	{ oci_namespace_type, "{\"type\":\"\\u001b[31m\\n\\u009b\\u007f\\\"\\\\\"}",
	  "/type: expected one of mount, pid, network, uts, ipc, user, cgroup, time, found "
	  "\"\\x1b[31m\\n?\\x7f\\\"\\\\\" (line 1, column 9)" },
	{ oci_resources_type, "{\"unified\":{\"\\u001b[2J\":1}}",
	  "/unified/\\x1b[2J: expected a string, found 1 (line 1, column 25)" },
	/* characters, not bytes */
	{ oci_root_type, "{\"\xc3\xa9\":\"\xf0\x9f\x90\xb3\",\"path\":1}",
	  "/path: expected a string, found 1 (line 1, column 17)" },
};

START_TEST(refused_with_these_words)
{
	const struct refused *r = &refused[_i];

	ck_assert_ptr_null(decode(r->type(), r->json));
	ck_assert_str_eq(diag.text, r->text);
}
END_TEST

static const struct {
	const char *key, *bad, *range;
} bad_numbers[] = {
	{ "uid", "-1", "0 to 4294967295" },
	{ "uid", "-0", "0 to 4294967295" },
	{ "uid", "4294967296", "0 to 4294967295" },
	{ "uid", "1.0", "0 to 4294967295" },
	{ "uid", "1e3", "0 to 4294967295" },
	{ "uid", "true", "0 to 4294967295" },
	{ "u8", "256", "0 to 255" },
	{ "u16", "65536", "0 to 65535" },
	{ "u64", "18446744073709551616", "0 to 18446744073709551615" },
	{ "u64", "99999999999999999999999999", "0 to 18446744073709551615" },
	{ "i32", "2147483648", "-2147483648 to 2147483647" },
	{ "i32", "-2147483649", "-2147483648 to 2147483647" },
	{ "i64", "9223372036854775808", "-9223372036854775808 to 9223372036854775807" },
	{ "i64", "-9223372036854775809", "-9223372036854775808 to 9223372036854775807" },
	{ "u32s", "-5", "0 to 4294967295" },
};

static const struct oci_type *number_document(const char *kind, const char *number, char **out)
{
	static const struct {
		const char *kind, *before, *after;
		const struct oci_type *(*type)(void);
	} documents[] = {
		{ "uid", "{\"uid\":", "}", oci_user_type },
		{ "u8", "{\"enforceStatfs\":", "}", oci_freebsd_jail_type },
		{ "u16", "{\"weight\":", "}", oci_block_io_type },
		{ "u64", "{\"shares\":", "}", oci_cpu_type },
		{ "i32", "{\"policy\":\"p\",\"nice\":", "}", oci_scheduler_type },
		{ "i64", "{\"limit\":", "}", oci_pids_type },
		{ "u32s", "{\"additionalGids\":[", "]}", oci_user_type },
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		if (strcmp(documents[i].kind, kind) != 0)
			continue;
		*out = arena_printf(arena, "%s%s%s", documents[i].before, number,
				    documents[i].after);
		return documents[i].type();
	}
	ck_abort_msg("no document for %s", kind);
}

START_TEST(numbers_out_of_range)
{
	char *json;
	const struct oci_type *t = number_document(bad_numbers[_i].key, bad_numbers[_i].bad, &json);
	const char *want = arena_printf(arena, "expected an integer from %s, found %s (line 1",
					bad_numbers[_i].range, bad_numbers[_i].bad);

	ck_assert_ptr_null(decode(t, json));
	ck_assert_msg(strstr(diag.text, want) != NULL, "%s lacks: %s", diag.text, want);
}
END_TEST

START_TEST(numbers_are_exact_to_the_last_bit)
{
	struct oci_rlimit *r =
		decode(oci_rlimit_type(), "{\"type\":\"RLIMIT_CORE\",\"soft\":"
					  "9007199254740993,\"hard\":18446744073709551615}");
	struct oci_memory *m =
		decode(oci_memory_type(), "{\"limit\":-9223372036854775808,"
					  "\"swap\":9223372036854775807,\"reservation\":-0}");
	struct oci_user *u = decode(oci_user_type(), "{\"uid\":4294967295,\"umask\":0,"
						     "\"additionalGids\":[0,4294967295]}");

	ck_assert(r->soft == UINT64_C(9007199254740993) && r->hard == UINT64_MAX);
	ck_assert(m->limit.set && m->limit.v == INT64_MIN && m->swap.v == INT64_MAX);
	ck_assert(m->reservation.set && m->reservation.v == 0 && !m->kernel.set);
	ck_assert(u->uid == UINT32_MAX && u->umask.set && u->umask.v == 0);
	ck_assert(u->additional_gids.n == 2 && u->additional_gids.v[1] == UINT32_MAX);
}
END_TEST

START_TEST(strings_arrive_as_written)
{
	struct oci_root *r = decode(oci_root_type(), "{\"path\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t"
						     "\\u00e9\\ud83d\\udc33\xc3\xa9\"}");

	ck_assert_str_eq(r->path, "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x90\xb3\xc3\xa9");
	r = decode(oci_root_type(), "{\"path\":\"\"}");
	ck_assert_str_eq(r->path, "");
	r = decode(oci_root_type(), "{\"p\\u0061th\":\"x\"}");
	ck_assert_str_eq(r->path, "x");
}
END_TEST

START_TEST(null_is_the_same_as_no_key)
{
	struct oci_config *c =
		decode(oci_config_type(), "{\"ociVersion\":\"1\",\"root\":null,"
					  "\"mounts\":null,\"annotations\":{\"a\":null,\"b\":\"\"},"
					  "\"linux\":{\"rootfsPropagation\":null,\"rdma\":null}}");

	ck_assert(!c->root && !c->mounts.present && c->linux_ != NULL);
	ck_assert(!c->linux_->rootfs_propagation);
	ck_assert(c->annotations.n == 1 && strcmp(c->annotations.v[0].key, "b") == 0);
}
END_TEST

START_TEST(empty_lists_are_told_from_absent_ones)
{
	struct oci_linux *l = decode(oci_linux_type(), "{\"maskedPaths\":[],\"sysctl\":{},"
						       "\"netDevices\":{}}");

	ck_assert(l->masked_paths.present && l->masked_paths.n == 0);
	ck_assert(l->sysctl.present && l->net_devices.present && !l->readonly_paths.present);
}
END_TEST

START_TEST(maps_keep_their_order_and_hold_objects)
{
	struct oci_resources *r =
		decode(oci_resources_type(), "{\"rdma\":{\"z\":{\"hcaHandles\":3},"
					     "\"a\":{}},\"unified\":{\"k\":\"v\"}}");

	ck_assert_uint_eq(r->rdma.n, 2);
	ck_assert_str_eq(r->rdma.v[0].key, "z");
	ck_assert(r->rdma.v[0].value.hca_handles.v == 3 && !r->rdma.v[1].value.hca_handles.set);
	ck_assert_str_eq(r->unified.v[0].value, "v");
}
END_TEST

START_TEST(booleans_have_two_or_three_values)
{
	struct oci_memory *m = decode(oci_memory_type(), "{\"disableOOMKiller\":false,"
							 "\"useHierarchy\":true}");
	struct oci_root *r = decode(oci_root_type(), "{\"path\":\"/\",\"readonly\":true}");

	ck_assert_int_eq(m->disable_oom_killer, OCI_BOOL_FALSE);
	ck_assert_int_eq(m->use_hierarchy, OCI_BOOL_TRUE);
	ck_assert_int_eq(m->check_before_update, OCI_BOOL_ABSENT);
	ck_assert(r->readonly);
}
END_TEST

START_TEST(long_lists_grow)
{
	char *json = arena_strdup(arena, "{\"destination\":\"/\",\"options\":[");
	struct oci_mount *m;

	for (int i = 0; i < 300; i++)
		json = arena_printf(arena, "%s%s\"o%d\"", json, i ? "," : "", i);
	m = decode(oci_mount_type(), arena_printf(arena, "%s]}", json));
	ck_assert_uint_eq(m->options.n, 300);
	for (size_t i = 0; i < 300; i++)
		ck_assert_str_eq(m->options.v[i], arena_printf(arena, "o%zu", i));
}
END_TEST

START_TEST(unknown_keys_by_flag)
{
	static const char json[] = "{\"path\":\"/\", \"x\" : { \"a\" : [ 1.50, \"b c\\\" \" ] } }";
	struct oci_root *r = decode(oci_root_type(), json);

	ck_assert(r && r->extra.n == 0);
	r = oci_decode(arena, oci_root_type(), json, strlen(json), OCI_KEEP_UNKNOWN, &diag);
	ck_assert_uint_eq(r->extra.n, 1);
	ck_assert_str_eq(r->extra.v[0].key, "x");
	ck_assert_str_eq(r->extra.v[0].value, "{\"a\":[1.50,\"b c\\\" \"]}");
	ck_assert_ptr_null(
		oci_decode(arena, oci_root_type(), json, strlen(json), OCI_STRICT, &diag));
	ck_assert_str_eq(diag.text, "/x: unknown key (line 1, column 14)");
	ck_assert_str_eq(diag.pointer, "/x");
	ck_assert(diag.line == 1 && diag.col == 14);
}
END_TEST

static void collect(void *ctx, const char *pointer)
{
	char **list = ctx;

	*list = arena_printf(arena, "%s%s ", *list, pointer);
}

START_TEST(unknown_keys_are_listed)
{
	static const char json[] =
		"{\"ociVersion\":\"1\",\"a\":1,\"mounts\":[{\"destination\":\"/\"},"
		"{\"destination\":\"/\",\"b\":{\"c\":1}}],\"annotations\":{\"d\":\"\"},"
		"\"linux\":{\"netDevices\":{\"e/0\":{\"f\":[]}}}}";
	char *list = arena_strdup(arena, "");

	ck_assert_int_eq(
		oci_list_unknown(oci_config_type(), json, strlen(json), collect, &list, &diag), 0);
	ck_assert_str_eq(list, "/a /mounts/1/b /linux/netDevices/e~10/f ");
	ck_assert_int_eq(oci_list_unknown(oci_config_type(), "{", 1, collect, &list, &diag), -1);
	ck_assert(strstr(diag.text, "premature EOF") != NULL);
}
END_TEST

TCase *tcase_ocispec_decode(void)
{
	TCase *tc = tcase_create("decode");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, refused_with_these_words, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_loop_test(tc, numbers_out_of_range, 0,
			    sizeof(bad_numbers) / sizeof(bad_numbers[0]));
	tcase_add_test(tc, numbers_are_exact_to_the_last_bit);
	tcase_add_test(tc, strings_arrive_as_written);
	tcase_add_test(tc, null_is_the_same_as_no_key);
	tcase_add_test(tc, empty_lists_are_told_from_absent_ones);
	tcase_add_test(tc, maps_keep_their_order_and_hold_objects);
	tcase_add_test(tc, booleans_have_two_or_three_values);
	tcase_add_test(tc, long_lists_grow);
	tcase_add_test(tc, unknown_keys_by_flag);
	tcase_add_test(tc, unknown_keys_are_listed);
	return tc;
}
