/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the program: the texts are what engines match, so they are compared whole. Also the
 * working directory, which has the same kind of texts. */
#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "process/process.h"

static struct arena *a;
static char dir[] = "/tmp/ocirun-exec-XXXXXX";
static char before[PATH_MAX];

static void make_file(const char *name, mode_t mode, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void setup(void)
{
	a = arena_new();
	err_clear();
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_ptr_nonnull(getcwd(before, sizeof(before)));
	make_file("good", 0755, "#!/bin/sh\n");
	make_file("plain", 0644, "text");
	make_file("odd", 0755, "\177not a program");
	make_file("orphan", 0755, "#!/no/such/interpreter\n");
}

static void teardown(void)
{
	static const char *const names[] = { "good", "plain", "odd", "orphan" };
	char path[256];
	ck_assert_int_eq(chdir(before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
	arena_free(a);
}

static const char *outcome(const char *name, const char *path_var)
{
	const char *argv[] = { name, NULL }, *env[] = { "XPATH=/no", path_var, NULL },
		   *found = NULL;
	struct process_plan p = { .argv = argv, .nargs = 1 };
	return process_find_program(a, &p, env, &found) < 0 ? err_get()->text : found;
}

static const char *in_dir(const char *name)
{
	return arena_printf(a, "%s/%s", dir, name);
}

START_TEST(by_path)
{
	const char *path_var = arena_printf(a, "PATH=/nowhere:%s:/bin", dir);
	ck_assert_str_eq(outcome("good", path_var), in_dir("good"));
	ck_assert_str_eq(outcome("sh", path_var), "/bin/sh");
	ck_assert_str_eq(outcome("nope", path_var),
			 "exec: \"nope\": executable file not found in $PATH");
	ck_assert_str_eq(err_get()->hint, "");
	ck_assert_str_eq(outcome("plain", path_var),
			 "exec: \"plain\": executable file not found in $PATH");
	ck_assert_ptr_nonnull(strstr(err_get()->hint, in_dir("plain")));
	ck_assert_str_eq(outcome("sh", NULL), "exec: \"sh\": executable file not found in $PATH");
	ck_assert_str_eq(outcome("sh", "PATH="),
			 "exec: \"sh\": executable file not found in $PATH");
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_str_eq(outcome("good", "PATH=/bin:"), "./good");
}
END_TEST

START_TEST(by_name)
{
	ck_assert_str_eq(outcome(in_dir("good"), NULL), in_dir("good"));
	ck_assert_str_eq(outcome("/no/such", "PATH=/bin"),
			 "exec: \"/no/such\": stat /no/such: no such file or directory");
	ck_assert_str_eq(outcome("/bin/sh/x", NULL),
			 "exec: \"/bin/sh/x\": stat /bin/sh/x: not a directory");
	ck_assert_str_eq(outcome(dir, NULL), arena_printf(a, "exec: \"%s\": is a directory", dir));
	ck_assert_str_eq(outcome("/dev/null", NULL), "exec: \"/dev/null\": is not a regular file");
	ck_assert_str_eq(outcome(in_dir("plain"), NULL),
			 arena_printf(a, "exec: \"%s\": permission denied", in_dir("plain")));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_str_eq(outcome("./good", "PATH=/bin"), "./good");
}
END_TEST

START_TEST(execve_fails)
{
	const char *argv[] = { "x", NULL }, *env[] = { NULL };
	struct process_plan p = { .argv = argv, .nargs = 1 };
	ck_assert_int_eq(process_exec(&p, in_dir("odd"), env), -ENOEXEC);
	ck_assert_str_eq(err_get()->text,
			 arena_printf(a, "exec: \"%s\": exec format error", in_dir("odd")));
	ck_assert_int_eq(process_exec(&p, in_dir("orphan"), env), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "no such file or directory"));
	ck_assert_ptr_nonnull(strstr(err_get()->hint, "interpreter"));
}
END_TEST

START_TEST(cwd_is_made)
{
	char here[PATH_MAX];
	struct process_plan p = { .cwd = in_dir("new//deep") };
	int early = process_cwd_early(&p);
	ck_assert_int_eq(early, 0);
	ck_assert_int_eq(process_cwd(&p, early), 0);
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_str_eq(here, in_dir("new/deep"));
	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(rmdir("new/deep") | rmdir("new"), 0);
}
END_TEST

START_TEST(cwd_texts)
{
	struct process_plan p = { .cwd = in_dir("plain") };
	ck_assert_int_eq(process_cwd_early(&p), -ENOTDIR);
	ck_assert_str_eq(err_get()->text,
			 arena_printf(a, "/process/cwd: chdir to \"%s\": not a directory", p.cwd));
	p.cwd = "/proc/no/such";
	ck_assert_int_lt(process_cwd_early(&p), 0);
	ck_assert_ptr_nonnull(strstr(err_get()->text, "/process/cwd: make \"/proc/no\": "));
}
END_TEST

TCase *tcase_process_exec(void);
TCase *tcase_process_exec(void)
{
	TCase *t = tcase_create("process exec");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, by_path);
	tcase_add_test(t, by_name);
	tcase_add_test(t, execve_fails);
	tcase_add_test(t, cwd_is_made);
	tcase_add_test(t, cwd_texts);
	return t;
}
