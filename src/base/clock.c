/* SPDX-License-Identifier: Apache-2.0 */
/* Stamps for tracing and the two time texts that engines parse. */
#include "base/clock.h"

#include <time.h>

uint64_t clock_mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Days since 1970 to a date of the Gregorian calendar, counted in years that begin in March, so
 * that the odd day is the last one. gmtime_r would read the time zone's file first. */
static void date_of(int64_t days, int *year, int *month, int *day)
{
	int64_t d = days + 719468; /* since 0000-03-01 */
	int64_t era = d / 146097;
	int64_t of_era = d % 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

void clock_format_utc(int64_t seconds, char out[CLOCK_TEXT_MAX])
{
	int year, month, day, rest = (int)(seconds % 86400);

	date_of(seconds / 86400, &year, &month, &day);
	snprintf(out, CLOCK_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
		 rest / 3600, rest / 60 % 60, rest % 60);
}

void clock_rfc3339_nano(char out[CLOCK_TEXT_MAX])
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	clock_format_utc(t.tv_sec, out);
	size_t n = strlen(out);
	snprintf(out + n, CLOCK_TEXT_MAX - n, ".%09ldZ", t.tv_nsec);
}

void clock_rfc3339(char out[CLOCK_TEXT_MAX])
{
	time_t now = time(NULL);
	struct tm tm;
	size_t n;
	long off;

	localtime_r(&now, &tm);
	n = strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	off = tm.tm_gmtoff / 60;
	if (!off) {
		snprintf(out + n, CLOCK_TEXT_MAX - n, "Z");
		return;
	}
	snprintf(out + n, CLOCK_TEXT_MAX - n, "%c%02ld:%02ld", off < 0 ? '-' : '+',
		 labs(off) / 60 % 100, labs(off) % 60);
}
