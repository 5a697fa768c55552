/* SPDX-License-Identifier: Apache-2.0 */
/* The other verbs: what is written and what is not, indentation, check, copy, equal. One test fills
 * every row of every table, so that a row that does not survive the round trip cannot hide. */
#include <ocispec/desc.h>
#include <ocispec/image.h>
#include <ocispec/runtime.h>

#include <check.h>
#include <stdint.h>
#include <string.h>

/* Parts of documents: any OBJECT has a type. */
const struct oci_type *oci_root_type(void);

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

static const struct oci_type *(*const documents[])(void) = {
	oci_config_type,   oci_process_type,  oci_resources_type,      oci_seccomp_type,
	oci_mount_type,    oci_hooks_type,    oci_state_type,          oci_features_type,
	oci_index_type,    oci_manifest_type, oci_image_config_type,   oci_descriptor_type,
	oci_platform_type, oci_layout_type,   oci_docker_archive_type, oci_mounts_type,
};

static char *sample_object(const struct oci_type *t);

/* JSON for one row, everything set. A list gets two elements. */
static char *sample_value(const struct oci_field *f)
{
	switch (f->kind) {
	case OCI_STR:
		return arena_printf(arena, "\"text of %s\"", f->key);
	case OCI_RAW:
		return arena_strdup(arena, "{\"any\":[1,{}]}");
	case OCI_BOOL:
		return arena_strdup(arena, "true");
	case OCI_BOOLO:
		return arena_strdup(arena, "false");
	case OCI_ENUM:
		return arena_printf(arena, "\"%s\"", f->words->words[f->words->n - 1].word);
	case OCI_OBJ:
		return sample_object(f->type());
	case OCI_STRS:
		return arena_strdup(arena, "[\"a\",\"\"]");
	case OCI_U32S:
		return arena_strdup(arena, "[0,4294967295]");
	case OCI_OBJS:
		return arena_printf(arena, "[%s,%s]", sample_object(f->type()),
				    sample_object(f->type()));
	case OCI_SMAP:
		return arena_strdup(arena, "{\"k\":\"v\",\"\":\"\"}");
	case OCI_OMAP:
		return arena_printf(arena, "{\"k\":%s,\"l\":%s}", sample_object(f->type()),
				    sample_object(f->type()));
	case OCI_U8O:
		return arena_strdup(arena, "255");
	default:
		return arena_strdup(arena, "1");
	}
}

static char *sample_object(const struct oci_type *t)
{
	char *json = arena_strdup(arena, "{");

	if (t->n == 1 && !t->rows[0].key_len)
		return sample_value(t->rows);
	for (size_t i = 0; i < t->n; i++)
		json = arena_printf(arena, "%s%s\"%s\":%s", json, i ? "," : "", t->rows[i].key,
				    sample_value(&t->rows[i]));
	return arena_printf(arena, "%s}", json);
}

START_TEST(every_row_survives_the_round_trip)
{
	const struct oci_type *t = documents[_i]();
	char *json = sample_object(t);
	void *obj = oci_decode(arena, t, json, strlen(json), OCI_STRICT, &diag);
	size_t len;
	void *copy;

	ck_assert_msg(obj != NULL, "%s", diag.text);
	ck_assert_int_eq(oci_check(t, obj, &diag), 0);
	copy = oci_copy(arena, t, obj);
	memset(json, 'x', strlen(json));
	ck_assert(oci_equal(t, obj, copy));
	ck_assert_str_eq(oci_encode(arena, t, copy, NULL, &len), sample_object(t));
}
END_TEST

static void *decode(const struct oci_type *t, const char *json)
{
	void *obj = oci_decode(arena, t, json, strlen(json), OCI_KEEP_UNKNOWN, &diag);

	ck_assert_msg(obj != NULL, "%s", diag.text);
	return obj;
}

START_TEST(what_is_absent_is_not_written)
{
	struct oci_config c = { .oci_version = "", .hostname = "" };
	struct oci_user user = { .uid = 0 };
	struct oci_process p = { .cwd = "/", .user = &user, .args.present = true };
	struct oci_device_rule rule = { .allow = OCI_BOOL_FALSE, .major = { 0, true } };
	size_t len;

	ck_assert_str_eq(oci_encode(arena, oci_config_type(), &c, NULL, &len),
			 "{\"ociVersion\":\"\"}");
	ck_assert_uint_eq(len, strlen("{\"ociVersion\":\"\"}"));
	c.process = &p;
	ck_assert_str_eq(oci_encode(arena, oci_config_type(), &c, NULL, NULL),
			 "{\"ociVersion\":\"\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},"
			 "\"args\":[],\"cwd\":\"/\"}}");
	c.process = NULL;
	c.linux_ = &(struct oci_linux){
		.resources = &(struct oci_resources){ .devices = { &rule, 1, true } },
	};
	ck_assert_str_eq(
		oci_encode(arena, oci_config_type(), &c, NULL, NULL),
		"{\"ociVersion\":\"\",\"linux\":{\"resources\":{\"devices\":[{\"allow\":false,"
		"\"major\":0}]}}}");
}
END_TEST

START_TEST(strings_are_escaped)
{
	struct oci_root r = { .path = "\"\\/\b\f\n\r\t\x01\x7f\xc3\xa9" };

	ck_assert_str_eq(oci_encode(arena, oci_root_type(), &r, NULL, NULL),
			 "{\"path\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\xc3\xa9\"}");
	r.path = "a\xff\xed\xa0\x80z\xc3";
	ck_assert_str_eq(
		oci_encode(arena, oci_root_type(), &r, NULL, NULL),
		"{\"path\":\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\"}");
}
END_TEST

START_TEST(indentation_reaches_unknown_keys)
{
	void *m = decode(oci_mount_type(),
			 "{\"destination\":\"/\",\"options\":[\"a\",\"b\"],"
			 "\"uidMappings\":[],\"x\":{\"y\":[1,{}],\"z\":\"{,\\\"\"}}");

	ck_assert_str_eq(
		oci_encode(arena, oci_mount_type(), m, "  ", NULL),
		"{\n  \"destination\": \"/\",\n  \"options\": [\n    \"a\",\n    \"b\"\n  ],\n"
		"  \"uidMappings\": [],\n  \"x\": {\n    \"y\": [\n      1,\n      {}\n    ],\n"
		"    \"z\": \"{,\\\"\"\n  }\n}");
	ck_assert_str_eq(oci_encode(arena, oci_mount_type(), m, NULL, NULL),
			 "{\"destination\":\"/\",\"options\":[\"a\",\"b\"],\"uidMappings\":[],"
			 "\"x\":{\"y\":[1,{}],\"z\":\"{,\\\"\"}}");
}
END_TEST

static void refuse(const struct oci_type *t, const void *obj, const char *text)
{
	diag.text[0] = '\0';
	ck_assert_int_eq(oci_check(t, obj, &diag), -1);
	ck_assert_str_eq(diag.text, text);
	ck_assert_uint_eq(diag.line, 0);
}

START_TEST(check_names_the_place)
{
	struct oci_namespace ns[2] = { { .type = OCI_NS_PID }, { .path = "/x" } };
	struct oci_linux l = { .namespaces = { ns, 2, true } };
	struct oci_config c = { .linux_ = &l };
	struct oci_block_io io = { .weight = { 65536, true } };
	struct oci_pair pairs[] = { { "a/b", "\xff" } };

	refuse(oci_config_type(), &c, "/ociVersion: this key is required");
	c.oci_version = "1.3.0";
	refuse(oci_config_type(), &c, "/linux/namespaces/1/type: this key is required");
	ns[1].type = (enum oci_ns_type)99;
	refuse(oci_config_type(), &c,
	       "/linux/namespaces/1/type: expected one of mount, pid, network, "
	       "uts, ipc, user, cgroup, time");
	ns[1].type = OCI_NS_UTS;
	ck_assert_int_eq(oci_check(oci_config_type(), &c, &diag), 0);
	c.annotations = (struct oci_map){ pairs, 1, true };
	refuse(oci_config_type(), &c, "/annotations/a~1b: text is not valid UTF-8");
	pairs[0].value = NULL;
	refuse(oci_config_type(), &c, "/annotations/a~1b: expected a string, found nothing");
	pairs[0].value = "";
	l.resources = &(struct oci_resources){ .block_io = &io };
	refuse(oci_config_type(), &c,
	       "/linux/resources/blockIO/weight: expected an integer from 0 to "
	       "65535");
}
END_TEST

START_TEST(check_knows_minimums_and_required_values)
{
	const char *none[] = { NULL };
	struct oci_hook hook = { .path = "/x", .timeout = { 0, true } };
	struct oci_hooks hooks = { .prestart = { &hook, 1, true } };
	struct oci_syscall call = { .action = OCI_ACT_LOG };
	struct oci_seccomp sec = { .default_action = OCI_ACT_LOG, .syscalls = { &call, 1, true } };
	struct oci_descriptor d = { .media_type = "a/b", .digest = "c:d", .size = -1 };
	struct oci_resources res = { .pids = &(struct oci_pids){ .limit = { 0, false } } };

	refuse(oci_hooks_type(), &hooks,
	       "/prestart/0/timeout: expected an integer from 1 to 9223372036854775807");
	refuse(oci_seccomp_type(), &sec, "/syscalls/0/names: this key is required");
	call.names.present = true;
	refuse(oci_seccomp_type(), &sec,
	       "/syscalls/0/names: expected at least one element, found an empty list");
	call.names = (struct oci_strs){ none, 1, true };
	refuse(oci_seccomp_type(), &sec, "/syscalls/0/names/0: expected a string, found nothing");
	refuse(oci_descriptor_type(), &d,
	       "/size: expected an integer from 0 to 9223372036854775807");
	refuse(oci_resources_type(), &res, "/pids/limit: this key is required");
	res = (struct oci_resources){ .devices = { &(struct oci_device_rule){ .type = "a" }, 1,
						   true } };
	refuse(oci_resources_type(), &res, "/devices/0/allow: this key is required");
}
END_TEST

static const struct {
	const char *a, *b;
	bool equal;
} pairs_of_mounts[] = {
	{ "{\"destination\":\"/\"}", "{\"destination\":\"/\",\"type\":\"\"}", true },
	{ "{\"destination\":\"/\"}", "{\"destination\":\"/a\"}", false },
	{ "{\"destination\":\"/\"}", "{\"destination\":\"/\",\"options\":[]}", false },
	{ "{\"destination\":\"/\",\"options\":[\"a\",\"b\"]}",
	  "{\"destination\":\"/\",\"options\":[\"b\",\"a\"]}", false },
	{ "{\"destination\":\"/\",\"x\":1,\"y\":2}", "{\"destination\":\"/\",\"y\":2,\"x\":1}",
	  true },
	{ "{\"destination\":\"/\",\"x\":1}", "{\"destination\":\"/\",\"x\":2}", false },
	{ "{\"destination\":\"/\",\"uidMappings\":[{\"containerID\":1,\"hostID\":2,\"size\":3}]}",
	  "{\"destination\":\"/\",\"uidMappings\":[{\"containerID\":1,\"hostID\":2,\"size\":4}]}",
	  false },
};

START_TEST(equality_is_that_of_a_reader)
{
	void *a = decode(oci_mount_type(), pairs_of_mounts[_i].a);
	void *b = decode(oci_mount_type(), pairs_of_mounts[_i].b);

	ck_assert(oci_equal(oci_mount_type(), a, b) == pairs_of_mounts[_i].equal);
	ck_assert(oci_equal(oci_mount_type(), b, a) == pairs_of_mounts[_i].equal);
	ck_assert(oci_equal(oci_mount_type(), a, a));
}
END_TEST

START_TEST(maps_and_numbers_compare)
{
	const struct oci_type *t = oci_resources_type();
	void *a = decode(t, "{\"unified\":{\"a\":\"1\",\"b\":\"2\"},\"pids\":{\"limit\":0}}");

	ck_assert(oci_equal(t, a,
			    decode(t, "{\"unified\":{\"b\":\"2\",\"a\":\"1\"},"
				      "\"pids\":{\"limit\":0}}")));
	ck_assert(!oci_equal(t, a,
			     decode(t, "{\"unified\":{\"b\":\"1\",\"a\":\"2\"},"
				       "\"pids\":{\"limit\":0}}")));
	ck_assert(!oci_equal(t, a,
			     decode(t, "{\"unified\":{\"a\":\"1\",\"b\":\"2\"},"
				       "\"pids\":{\"limit\":1}}")));
	ck_assert(!oci_equal(t, a, decode(t, "{\"unified\":{\"a\":\"1\",\"b\":\"2\"}}")));
	ck_assert(!oci_equal(t, decode(t, "{\"cpu\":{\"idle\":0}}"), decode(t, "{\"cpu\":{}}")));
	ck_assert(!oci_equal(t, decode(t, "{\"memory\":{\"useHierarchy\":false}}"),
			     decode(t, "{\"memory\":{}}")));
}
END_TEST

START_TEST(words_both_ways)
{
	ck_assert_str_eq(oci_word(&oci_ns_type_words, OCI_NS_TIME), "time");
	ck_assert_ptr_null(oci_word(&oci_ns_type_words, 0));
	ck_assert_int_eq(oci_word_value(&oci_ns_type_words, "time"), OCI_NS_TIME);
	ck_assert_int_eq(oci_word_value(&oci_ns_type_words, "tim"), 0);
	ck_assert_int_eq(oci_ns_type_count - 1, (int)oci_ns_type_words.n);
}
END_TEST

TCase *tcase_ocispec_encode(void)
{
	TCase *tc = tcase_create("encode");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, every_row_survives_the_round_trip, 0,
			    sizeof(documents) / sizeof(documents[0]));
	tcase_add_test(tc, what_is_absent_is_not_written);
	tcase_add_test(tc, strings_are_escaped);
	tcase_add_test(tc, indentation_reaches_unknown_keys);
	tcase_add_test(tc, check_names_the_place);
	tcase_add_test(tc, check_knows_minimums_and_required_values);
	tcase_add_loop_test(tc, equality_is_that_of_a_reader, 0,
			    sizeof(pairs_of_mounts) / sizeof(pairs_of_mounts[0]));
	tcase_add_test(tc, maps_and_numbers_compare);
	tcase_add_test(tc, words_both_ways);
	return tc;
}
