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

void clock_rfc3339_nano(char out[CLOCK_TEXT_MAX])
{
	struct timespec t;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	n = strftime(out, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
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
