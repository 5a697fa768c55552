/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule of config/rules.c, broken once: the message names the JSON pointer. */
#include <check.h>

#include "config/config.h"
#include "defaults/defaults.h"

#define HEAD      "\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"}"
#define PROC(x_)  "{" HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]" x_ "}}"
#define LINUX(x_) "{" HEAD ",\"linux\":{" x_ "}}"

static const struct bad {
	const char *json, *text;
} bad[] = {
	{ "{\"ociVersion\":\"1.3\",\"root\":{\"path\":\"r\"}}", "/ociVersion: \"1.3\" is not" },
	{ "{\"ociVersion\":\"01.3.0\",\"root\":{\"path\":\"r\"}}", "/ociVersion:" },
	{ "{\"ociVersion\":\"2.0.0\",\"root\":{\"path\":\"r\"}}",
	  "/ociVersion: \"2.0.0\" is not supported" },
	{ "{\"ociVersion\":\"1.0.0\"}", "/root: is required" },
	{ "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "/root/path: must not be empty" },
	{ "{" HEAD ",\"process\":{\"cwd\":\"x\",\"args\":[\"a\"]}}",
	  "/process/cwd: Cwd must be an absolute path" },
	{ "{" HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[]}}",
	  "/process/args: must not be empty" },
	{ "{" HEAD ",\"process\":{\"cwd\":\"/\",\"args\":[\"\"]}}", "/process/args/0:" },
	{ PROC(",\"consoleSize\":{\"height\":70000,\"width\":1}"), "/process/consoleSize:" },
	{ PROC(",\"user\":{\"uid\":4294967295}"), "/process/user/uid:" },
	{ PROC(",\"user\":{\"gid\":4294967295}"), "/process/user/gid:" },
	{ PROC(",\"user\":{\"umask\":512}"), "/process/user/umask:" },
	{ PROC(",\"user\":{\"additionalGids\":[1,4294967295]}"),
	  "/process/user/additionalGids/1:" },
	{ LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"),
	  "/linux/namespaces/1: duplicate namespace \"pid\"" },
	{ LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]"),
	  "/linux/namespaces/0/path:" },
	{ "{" HEAD ",\"hostname\":\"h\"}",
	  "/hostname: unable to set hostname without a private UTS namespace" },
	{ "{" HEAD ",\"domainname\":\"h\"}", "/domainname: unable to set domainname" },
	{ LINUX("\"maskedPaths\":[\"/x\"]"), "/linux/maskedPaths: needs a mount namespace" },
	{ LINUX("\"namespaces\":[{\"type\":\"mount\"}],\"readonlyPaths\":[\"x\"]"),
	  "/linux/readonlyPaths/0: must be an absolute path" },
	{ LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
	  "/linux/uidMappings: User namespace mappings specified" },
	{ LINUX("\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
	  "/linux/gidMappings: User namespace mappings specified" },
	{ LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":1}}"),
	  "/linux/timeOffsets: need a new time namespace" },
	{ LINUX("\"namespaces\":[{\"type\":\"time\"}],\"timeOffsets\":{\"monotonic\":{\"nanosecs\":"
		"1000000000}}"),
	  "/linux/timeOffsets/monotonic/nanosecs:" },
	{ LINUX("\"devices\":[{\"type\":\"x\",\"path\":\"/d\"}]"), "/linux/devices/0/type:" },
	{ LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"d\",\"major\":1,\"minor\":1}]"),
	  "/linux/devices/0/path:" },
	{ LINUX("\"devices\":[{\"type\":\"c\",\"path\":\"/d\",\"major\":1}]"),
	  "/linux/devices/0: type \"c\" needs major and minor" },
};

static int check(struct arena *a, const char *json)
{
	struct oci_config *c;
	int r = config_parse(a, "config.json", json, strlen(json), &c);
	return r < 0 ? r : config_check(c);
}

START_TEST(test_bad)
{
	struct arena *a = arena_new();
	ck_assert_int_lt(check(a, bad[_i].json), 0);
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
	ck_assert_msg(strncmp(err_get()->text, bad[_i].text, strlen(bad[_i].text)) == 0,
		      "got \"%s\", expected \"%s...\"", err_get()->text, bad[_i].text);
	err_clear();
	arena_free(a);
}
END_TEST

START_TEST(test_good)
{
	struct arena *a = arena_new();
	ck_assert_int_eq(check(a, "{" HEAD "}"), 0); /* without a process: create works */
	ck_assert_int_eq(check(a, PROC("")), 0);
	ck_assert_int_eq(check(a, "{\"ociVersion\":\"1.0.2-dev+x\",\"root\":{\"path\":\"r\"}}"), 0);
	ck_assert_int_eq(check(a, LINUX("\"devices\":[{\"type\":\"p\",\"path\":\"/d\"}]")), 0);
	struct oci_config *c = defaults_config(a);
	ck_assert_int_eq(config_check(c), 0);
	defaults_rootless(a, c);
	ck_assert_int_eq(config_check(c), 0);
	arena_free(a);
}
END_TEST

START_TEST(test_rootless_default)
{
	struct arena *a = arena_new();
	struct oci_config *c = defaults_config(a);
	defaults_rootless(a, c);
	ck_assert(config_has_new_ns(c, OCI_NS_USER));
	ck_assert(!config_namespace(c, OCI_NS_NETWORK));
	ck_assert_ptr_null(c->linux_->resources);
	for (size_t i = 0; i < c->mounts.n; i++)
		for (size_t j = 0; j < c->mounts.v[i].options.n; j++)
			ck_assert_ptr_null(after_prefix(c->mounts.v[i].options.v[j], "gid="));
	arena_free(a);
}
END_TEST

TCase *tcase_config_rules(void)
{
	TCase *tc = tcase_create("rules");
	tcase_add_loop_test(tc, test_bad, 0, ARRAY_SIZE(bad));
	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_rootless_default);
	return tc;
}
