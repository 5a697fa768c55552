/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test runner: one suite per room, one test case per file of tests.
 * `tests/unit/run rootfs` runs one room only. The last line is "units: N passed, N failed". */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TCASE(name) TCase *tcase_##name(void);
#include "suites.h"
#undef TCASE

static const struct unit {
	const char *name; /* room_file */
	TCase *(*make)(void);
} units[] = {
#define TCASE(name) { #name, tcase_##name },
#include "suites.h"
#undef TCASE
};

static bool in_room(const char *name, const char *room)
{
	size_t n = strcspn(name, "_");

	return strlen(room) == n && strncmp(name, room, n) == 0;
}

static Suite *suite_of(const char *room)
{
	Suite *s = suite_create(room);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (in_room(units[i].name, room))
			suite_add_tcase(s, units[i].make());
	return s;
}

/* check keeps the pointer, so the text must live as long as the runner. */
static const char *room_of(size_t i)
{
	static char rooms[sizeof(units) / sizeof(*units)][64];

	snprintf(rooms[i], sizeof(rooms[i]), "%.*s", (int)strcspn(units[i].name, "_"),
		 units[i].name);
	return rooms[i];
}

static bool is_first_of_room(size_t i, const char *room)
{
	for (size_t j = 0; j < i; j++) {
		if (in_room(units[j].name, room))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	SRunner *runner = srunner_create(NULL);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		const char *room = room_of(i);

		if (is_first_of_room(i, room) && (!only || strcmp(only, room) == 0))
			srunner_add_suite(runner, suite_of(room));
	}
	srunner_run_all(runner, CK_NORMAL);

	int run = srunner_ntests_run(runner), failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	printf("units: %d passed, %d failed\n", run - failed, failed);
	return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
