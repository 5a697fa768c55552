/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks are really run here: small shell scripts, no privileges. */
#include <check.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "hooks/hooks.h"

static struct arena *a;
static char dir[] = "/tmp/ocirun-hook-XXXXXX";
static const char state[] = "{\"id\":\"x\"}";

static void setup(void)
{
	a = arena_new();
	err_clear();
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	static const char *const names[] = { "out", "first", "second" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(arena_printf(a, "%s/%s", dir, names[i]));
	rmdir(dir);
	arena_free(a);
}

static struct oci_hook shell(const char *script)
{
	const char **args = arena_calloc(a, 3, sizeof(*args));
	args[0] = "my-argv0";
	args[1] = "-c";
	args[2] = script;
	return (struct oci_hook){ .path = "/bin/sh", .args = { args, 3, true } };
}

static int run(const struct oci_hook *v, size_t n)
{
	struct hooks h = { .kind = "createRuntime", .v = v, .n = n, .cwd = dir };
	return hooks_run(a, &h, state);
}

static const char *content(const char *name)
{
	char *text = NULL;
	size_t len = 0;
	int r = io_read_file(a, AT_FDCWD, arena_printf(a, "%s/%s", dir, name), 4096, &text, &len);
	ck_assert_msg(r >= 0, "%s", err_get()->text);
	return text;
}

START_TEST(state_cwd_argv_env)
{
	const char *env[] = { "A=1" };
	struct oci_hook h = shell("{ cat; echo; pwd; echo \"$0 $A\"; } > out");
	h.env = (struct oci_strs){ env, 1, true };
	ck_assert_msg(run(&h, 1) == 0, "%s", err_get()->text);
	ck_assert_str_eq(content("out"), arena_printf(a, "%s\n%s\nmy-argv0 1\n", state, dir));
}
END_TEST

START_TEST(environment_is_exact)
{
	const char *fallback[] = { "B=2", NULL };
	struct oci_hook fails = shell("echo \"[$B][$SECRET]\"; exit 1");
	struct hooks hooks = { .kind = "poststart", .v = &fails, .n = 1, .env = fallback };
	setenv("SECRET", "x", 1);
	ck_assert_int_lt(hooks_run(a, &hooks, state), 0);
	ck_assert_str_eq(err_get()->text,
			 "error running poststart hook #0: exit status 1 of \"/bin/sh\" "
			 "(/hooks/poststart/0), stdout: [2][], stderr: ");
	hooks.env = NULL;
	ck_assert_int_lt(hooks_run(a, &hooks, state), 0);
	ck_assert_str_eq(err_get()->text,
			 "error running poststart hook #0: exit status 1 of \"/bin/sh\" "
			 "(/hooks/poststart/0), stdout: [][], stderr: ");
}
END_TEST

START_TEST(only_three_descriptors)
{
	/* Not close-on-exec: the hook must not see it all the same. */
	int leak = fcntl(STDIN_FILENO, F_DUPFD, 20);
	ck_assert_int_ge(leak, 20);
	struct oci_hook h = shell(arena_printf(a,
					       "for i in 0 2 3 4 5 6 7 8 9 %d; do "
					       "[ -e /proc/$$/fd/$i ] && echo -n $i; done; exit 1",
					       leak));
	ck_assert_int_lt(run(&h, 1), 0);
	close(leak);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "stdout: 02, stderr: "));
}
END_TEST

START_TEST(failure_names_the_hook)
{
	struct oci_hook v[] = { shell("touch first"), shell("echo out; echo broken >&2; exit 3"),
				shell("touch second") };
	ck_assert_int_lt(run(v, 3), 0);
	ck_assert_str_eq(
		err_get()->text,
		"error running createRuntime hook #1: exit status 3 of \"/bin/sh\" "
			 "(/hooks/createRuntime/1), stdout: out, stderr: broken");
	content("first");
	ck_assert_int_ne(access(arena_printf(a, "%s/second", dir), F_OK), 0);
}
END_TEST

START_TEST(failure_by_signal)
{
	struct oci_hook h = shell("kill -TERM $$");
	ck_assert_int_lt(run(&h, 1), 0);
	ck_assert_str_eq(
		err_get()->text,
		"error running createRuntime hook #0: signal: terminated of \"/bin/sh\" "
			 "(/hooks/createRuntime/0), stdout: , stderr: ");
}
END_TEST

START_TEST(failure_to_run)
{
	struct oci_hook h = { .path = "/no/such/hook" };
	ck_assert_int_lt(run(&h, 1), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "error running createRuntime hook #0: "));
	ck_assert_ptr_nonnull(strstr(err_get()->text, "no such file or directory"));
}
END_TEST

START_TEST(timeout_kills_the_group)
{
	struct oci_hook h = shell("echo started; sleep 30 & wait");
	h.timeout = (struct oci_i64){ 1, true };
	uint64_t start = clock_mono_ns();
	ck_assert_int_lt(run(&h, 1), 0);
	ck_assert_uint_lt(clock_mono_ns() - start, 5000000000u);
	ck_assert_str_eq(
		err_get()->text,
		"error running createRuntime hook #0: hook ran past specified "
			 "timeout of 1.0s of \"/bin/sh\" "
			 "(/hooks/createRuntime/0), "
		"stdout: started, stderr: ");
}
END_TEST

START_TEST(warn_only_goes_on)
{
	struct oci_hook v[] = { shell("exit 1"), shell("touch second") };
	struct hooks h = { .kind = "poststop", .v = v, .n = 2, .cwd = dir, .warn_only = true };
	ck_assert_int_eq(hooks_run(a, &h, state), 0);
	ck_assert_int_eq(err_get()->kind, ERR_NONE);
	content("second");
}
END_TEST

START_TEST(unread_stdin_is_fine)
{
	struct oci_hook h = shell("exec 0<&-");
	char *big = arena_alloc(a, 500001);
	struct hooks hooks = { .kind = "prestart", .v = &h, .n = 1 };
	memset(big, ' ', 500000);
	ck_assert_msg(hooks_run(a, &hooks, big) == 0, "%s", err_get()->text);
}
END_TEST

START_TEST(done_hooks_are_left_out)
{
	struct oci_hook v[] = { shell("echo 1 >> first"), shell("echo 2 >> first; exit 4"),
				shell("exit 5"), shell("echo 4 >> first") };
	char done[] = "1000";
	struct hooks h = { .kind = "poststop", .v = v, .n = 4, .cwd = dir, .done = done };
	ck_assert_int_lt(hooks_run(a, &h, state), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "hook #1: exit status 4"));
	ck_assert_str_eq(done, "1001");
	ck_assert_str_eq(content("first"), "2\n4\n");
	v[1] = v[2] = shell("true");
	ck_assert_int_eq(hooks_run(a, &h, state), 0);
	ck_assert_str_eq(done, "1111");
	ck_assert_str_eq(content("first"), "2\n4\n");
}
END_TEST

START_TEST(long_output_is_cut)
{
	struct oci_hook h = shell("i=0; while [ $i -lt 500 ]; do printf 'out\\303\\244'; printf "
				  "'error ' >&2; i=$((i+1)); done; exit 1");
	ck_assert_int_lt(run(&h, 1), 0);
	const char *t = err_get()->text;
	ck_assert_uint_lt(strlen(t), 1000);
	ck_assert_ptr_nonnull(strstr(t, "out\303\244out\303\244, stderr: ..."));
	ck_assert_str_eq(t + strlen(t) - 11, "error error");
}
END_TEST

START_TEST(validation)
{
	const char *env[] = { "A=1", "B" };
	struct oci_hook h[] = { { .path = "/x" }, { .path = "x" } };
	struct oci_hooks hooks = { 0 };
	ck_assert_int_eq(hooks_validate(NULL), 0);
	ck_assert_int_eq(hooks_validate(&hooks), 0);
	hooks.start_container.v = h;
	hooks.start_container.n = 2;
	ck_assert_int_lt(hooks_validate(&hooks), 0);
	ck_assert_str_eq(err_get()->text,
			 "/hooks/startContainer/1/path: must be an absolute path, found \"x\"");
	h[1].path = "/y";
	h[1].timeout = (struct oci_i64){ 0, true };
	ck_assert_int_lt(hooks_validate(&hooks), 0);
	ck_assert_str_eq(err_get()->text,
			 "/hooks/startContainer/1/timeout: must be greater than 0, found 0");
	h[1].timeout.set = false;
	h[0].env = (struct oci_strs){ env, 2, true };
	ck_assert_int_lt(hooks_validate(&hooks), 0);
	ck_assert_str_eq(
		err_get()->text,
		"/hooks/startContainer/0/env/1: invalid environment variable: missing \"=\"");
	ck_assert_int_eq(err_get()->kind, ERR_CONFIG);
}
END_TEST

TCase *tcase_hooks_hooks(void);
TCase *tcase_hooks_hooks(void)
{
	TCase *t = tcase_create("hooks");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 15);
	tcase_add_test(t, state_cwd_argv_env);
	tcase_add_test(t, environment_is_exact);
	tcase_add_test(t, only_three_descriptors);
	tcase_add_test(t, failure_names_the_hook);
	tcase_add_test(t, failure_by_signal);
	tcase_add_test(t, failure_to_run);
	tcase_add_test(t, timeout_kills_the_group);
	tcase_add_test(t, warn_only_goes_on);
	tcase_add_test(t, unread_stdin_is_fine);
	tcase_add_test(t, done_hooks_are_left_out);
	tcase_add_test(t, long_output_is_cut);
	tcase_add_test(t, validation);
	return t;
}
