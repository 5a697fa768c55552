/* SPDX-License-Identifier: Apache-2.0 */
/* Groups made, filled, used, changed and removed, on a tree of ordinary files
 * (tests/tools/fake_resctrlfs.c). */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "resctrl/resctrl.h"
#include "sys/resctrlfs.h"

static struct arena *a;
static char root[64];
static struct resctrl_plan plan;
static struct resctrl made;
static const char *before;

static void setup(void)
{
	a = arena_new();
	snprintf(root, sizeof(root), "/tmp/ocirun-resctrl.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	setenv("OCIRUN_RESCTRL", root, 1);
	plan = (struct resctrl_plan){ .wanted = true,
				      .root = root,
				      .own = true,
				      .group = arena_printf(a, "%s/web", root) };
	err_clear();
}

static void teardown(void)
{
	ck_assert_int_eq(resctrlfs_rmdir(root), 0);
	unsetenv("OCIRUN_RESCTRL");
	arena_free(a);
}

static const char *text_of(const char *path)
{
	char *text;
	size_t len;
	ck_assert_msg(io_read_virtual(a, AT_FDCWD, path, 65536, &text, &len) >= 0, "%s",
		      err_get()->text);
	return text;
}

static const char *in_group(const char *name)
{
	return arena_printf(a, "%s/%s", plan.group, name);
}

static int put(const char *name, const char *text)
{
	const char *path = arena_printf(a, "%s/%s", root, name);
	return io_replace_path(path, text, strlen(text), 0644);
}

START_TEST(whole_life)
{
	plan.schema = "L3:0=f\n";
	plan.schemata = "L2:0=1\n";
	plan.monitor = in_group("mon_groups/web");
	ck_assert_msg(resctrl_create(a, &plan, &made) == 0, "%s", err_get()->text);
	/* ordinary files keep the last write alone; the order is what this shows */
	ck_assert_str_eq(text_of(in_group("schemata")), "L2:0=1\n");
	ck_assert_int_eq(resctrl_place(plan.group, plan.monitor, 77), 0);
	ck_assert_str_eq(text_of(in_group("tasks")), "77");
	ck_assert_str_eq(text_of(in_group("mon_groups/web/tasks")), "77");
	ck_assert_int_eq(resctrl_update(a, plan.group, "L3:0=1", "MB:0=10", &before), 0);
	ck_assert_str_eq(text_of(in_group("schemata")), "L3:0=1\nMB:0=10\n");
	ck_assert_int_eq(resctrl_remove(a, plan.monitor, false), 0);
	ck_assert_int_eq(resctrl_remove(a, plan.group, true), 0); /* in use: stays */
	ck_assert_int_eq(access(plan.group, F_OK), 0);
	ck_assert_int_eq(resctrl_remove(a, plan.group, false), 0);
	ck_assert_int_lt(access(plan.group, F_OK), 0);
	ck_assert_int_eq(resctrl_remove(a, plan.group, false), 0); /* twice is fine */
	ck_assert_int_eq(resctrl_remove(a, plan.group, true), 0);
}
END_TEST

START_TEST(undone)
{
	plan.monitor = in_group("mon_groups/web");
	ck_assert_int_eq(resctrl_create(a, &plan, &made), 0);
	ck_assert_int_eq(resctrl_undo(&plan, &made), 0);
	ck_assert_int_lt(access(plan.group, F_OK), 0);
	ck_assert_int_eq(resctrl_undo(&plan, &made), 0);
}
END_TEST

START_TEST(own_group_is_new)
{
	ck_assert_int_eq(resctrlfs_mkdir(plan.group), 0);
	ck_assert_int_lt(resctrl_create(a, &plan, &made), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "exists already"));
	err_clear();
	ck_assert_int_eq(resctrl_undo(&plan, &made), 0);
	ck_assert_int_eq(access(plan.group, F_OK), 0); /* it is not ours */
}
END_TEST

START_TEST(shared_group_is_compared)
{
	plan.own = false;
	plan.must_exist = true;
	ck_assert_int_eq(resctrl_create(a, &plan, &made), -ENOENT);
	ck_assert_ptr_nonnull(after_prefix(err_get()->text, "/linux/intelRdt/closID: "));
	err_clear();
	ck_assert_int_eq(resctrlfs_mkdir(plan.group), 0);
	ck_assert_int_eq(resctrl_create(a, &plan, &made), 0);
	ck_assert(!made.group);
	plan.must_exist = false;
	plan.schema = "L3:1=ff\nMB:0=100\n";
	ck_assert_int_eq(resctrl_create(a, &plan, &made), 0);
	plan.schemata = "L3:1=f\n";
	ck_assert_int_lt(resctrl_create(a, &plan, &made), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "wanted \"L3:1=f\""));
	err_clear();
}
END_TEST

START_TEST(no_class_left)
{
	ck_assert_int_eq(put("full", ""), 0);
	ck_assert_int_eq(resctrl_create(a, &plan, &made), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err_get()->hint, "class of service"));
	err_clear();
}
END_TEST

START_TEST(the_kernels_words)
{
	if (geteuid() != 0)
		return; /* the file that refuses is a device */
	plan.schema = "L3:0=0\n";
	ck_assert_int_eq(put("refuse", ""), 0);
	ck_assert_int_eq(mkdir(arena_printf(a, "%s/info", root), 0755), 0);
	ck_assert_int_eq(put("info/last_cmd_status", "Mask 0 is not allowed\n"), 0);
	ck_assert_int_lt(resctrl_create(a, &plan, &made), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "resctrl says \"Mask 0 is not allowed\": "
						      "write \"L3:0=0\""));
	err_clear();
	ck_assert_int_eq(resctrl_undo(&plan, &made), 0);
}
END_TEST

/* Only the lines that are replaced come back, and the error that is the reason stays. */
START_TEST(put_back)
{
	ck_assert_int_eq(resctrl_create(a, &plan, &made), 0);
	ck_assert_int_eq(resctrl_update(a, plan.group, NULL, "MB:0=10", &before), 0);
	ck_assert_str_eq(before, "MB:0= 100;1= 100\n");
	ck_assert_str_eq(text_of(in_group("schemata")), "MB:0=10\n");
	int r = err_msg(ERR_STATE, "the reason");
	ck_assert_int_eq(resctrl_put_back(a, plan.group, before), r);
	ck_assert_str_eq(text_of(in_group("schemata")), "MB:0= 100;1= 100\n");
	ck_assert_int_eq(resctrl_put_back(a, "/nonexistent", before), r);
	ck_assert_int_eq(resctrl_put_back(a, plan.group, NULL), r);
	ck_assert_str_eq(err_get()->text, "the reason");
	ck_assert_str_eq(text_of(in_group("schemata")), "MB:0= 100;1= 100\n");
	err_clear();
	/* A resource that the file does not have: the kernel would refuse it. */
	ck_assert_int_eq(resctrl_update(a, plan.group, " L3:0=1\nL2:0=1", NULL, &before), 0);
	ck_assert_ptr_null(before);
}
END_TEST

START_TEST(update_refused)
{
	ck_assert_int_eq(resctrl_update(a, NULL, NULL, NULL, &before), 0);
	ck_assert_int_lt(resctrl_update(a, NULL, "L3:0=1", NULL, &before), 0);
	ck_assert_int_eq(err_get()->kind, ERR_STATE);
	ck_assert_int_lt(resctrl_update(a, plan.group, NULL, "L3:0=1", &before), 0);
	ck_assert_ptr_null(before);
	ck_assert_ptr_nonnull(after_prefix(err_get()->text, "--mem-bw-schema: "));
	err_clear();
}
END_TEST

TCase *tcase_resctrl_group(void)
{
	TCase *tc = tcase_create("group");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, whole_life);
	tcase_add_test(tc, undone);
	tcase_add_test(tc, own_group_is_new);
	tcase_add_test(tc, shared_group_is_compared);
	tcase_add_test(tc, no_class_left);
	tcase_add_test(tc, the_kernels_words);
	tcase_add_test(tc, put_back);
	tcase_add_test(tc, update_refused);
	return tc;
}
