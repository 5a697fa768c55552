/* SPDX-License-Identifier: Apache-2.0 */
/* Log records as engines decode them. Each test runs in a process of its own, because the log is
 * opened once per process. */
#include <check.h>
#include <fcntl.h>
#include <regex.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"

static char path[] = "/tmp/ocirun-log-......";

static void setup(void)
{
	int fd;

	memset(path + sizeof(path) - 7, 'X', 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void teardown(void)
{
	ck_assert_int_eq(unlink(path), 0);
}

/* A run that warns, debugs and fails, with stderr in a pipe; gives log file and stderr texts. */
static void failing_run(struct log_opts o, char *logged, char *shown, size_t size)
{
	int p[2], fd, status;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 2);
		if (log_open(&o) < 0)
			_exit(9);
		log_debug("looking");
		log_warn("careful");
		if (err_msg(ERR_STATE, "container \"%s\" is\x1b odd", "a\nb") < 0)
			err_report("create failed");
		_exit(0);
	}
	close(p[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	n = read(p[0], shown, size - 1);
	shown[n > 0 ? n : 0] = '\0';
	close(p[0]);
	fd = open(path, O_RDONLY);
	n = read(fd, logged, size - 1);
	logged[n > 0 ? n : 0] = '\0';
	close(fd);
}

static bool matches(const char *text, const char *pattern)
{
	regex_t re;
	bool yes;

	ck_assert_int_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	yes = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(Z|[+-][0-9]{2}:[0-9]{2})"

START_TEST(json_is_one_object)
{
	struct log_opts o = { .path = path, .format = "json" };
	char logged[4096], shown[4096];

	failing_run(o, logged, shown, sizeof(shown));
	ck_assert_msg(
		matches(logged,
			"^\\{\"level\":\"error\",\"msg\":\"create failed: container \\\\\"a\\\\nb"
			"\\\\\" is\\\\u001b odd\",\"time\":\"" TIME "\"\\}\n$"),
		"%s", logged);
	ck_assert_str_eq(shown, "create failed: container \"a\nb\" is? odd\n");
}
END_TEST

START_TEST(text_is_logfmt)
{
	struct log_opts o = { .path = path };
	char logged[4096], shown[4096];

	failing_run(o, logged, shown, sizeof(shown));
	ck_assert_msg(matches(logged,
			      "^time=\"" TIME "\" level=error msg=\"create failed: container "
			      "\\\\\"a\\\\nb\\\\\" is\\\\x1b odd\"\n$"),
		      "%s", logged);
}
END_TEST

START_TEST(stderr_is_the_default_sink)
{
	char logged[4096], shown[4096];

	failing_run((struct log_opts){ 0 }, logged, shown, sizeof(shown));
	ck_assert_str_eq(logged, "");
	ck_assert_msg(matches(shown,
			      "^time=\"" TIME "\" level=warning msg=\"careful\"\n"
			      "time=\"" TIME "\" level=error msg=\"create failed: [^\n]*\n$"),
		      "%s", shown);
}
END_TEST

START_TEST(levels)
{
	struct log_opts o = { .path = path, .debug = true };
	char logged[4096], shown[4096];

	failing_run(o, logged, shown, sizeof(shown));
	ck_assert_ptr_nonnull(strstr(logged, "level=debug msg=\"looking\""));
	ck_assert_ptr_nonnull(strstr(logged, "level=warning msg=\"careful\""));
	ck_assert_int_eq(truncate(path, 0), 0);
	o = (struct log_opts){ .path = path, .level = "warning" };
	failing_run(o, logged, shown, sizeof(shown));
	ck_assert_ptr_null(strstr(logged, "level=debug"));
	ck_assert_ptr_nonnull(strstr(logged, "level=warning"));
}
END_TEST

START_TEST(refusals)
{
	ck_assert_int_lt(log_open(&(struct log_opts){ .format = "xml" }), 0);
	ck_assert_str_eq(err_get()->text, "invalid log-format: xml");
	ck_assert_int_lt(log_open(&(struct log_opts){ .level = "loud" }), 0);
	ck_assert_str_eq(err_get()->text, "invalid log-level: loud");
	ck_assert_int_eq(log_open(&(struct log_opts){ .path = "/nonexistent/x" }), -ENOENT);
}
END_TEST

START_TEST(logging_keeps_the_recorded_error)
{
	ck_assert_int_eq(err_sysno(EPERM, "mount"), -EPERM);
	err_hint("be root");
	log_debug("this is not shown");
	ck_assert_str_eq(err_get()->text, "mount: operation not permitted");
	ck_assert_str_eq(err_get()->hint, "be root");
	ck_assert_int_eq(err_get()->no, EPERM);
}
END_TEST

START_TEST(clocks)
{
	char text[CLOCK_TEXT_MAX];
	uint64_t before = clock_mono_ns();

	clock_rfc3339(text);
	ck_assert_msg(matches(text, "^" TIME "$"), "%s", text);
	clock_rfc3339_nano(text);
	ck_assert_msg(matches(text, "^[0-9-]{10}T[0-9:]{8}\\.[0-9]{9}Z$"), "%s", text);
	ck_assert(clock_mono_ns() >= before);
}
END_TEST

TCase *tcase_base_log(void)
{
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, json_is_one_object);
	tcase_add_test(t, text_is_logfmt);
	tcase_add_test(t, stderr_is_the_default_sink);
	tcase_add_test(t, levels);
	tcase_add_test(t, refusals);
	tcase_add_test(t, logging_keeps_the_recorded_error);
	tcase_add_test(t, clocks);
	return t;
}
