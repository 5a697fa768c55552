/* SPDX-License-Identifier: Apache-2.0 */
/* The attacker of race tests: swap A B exchanges two names with renameat2 as fast as it can until
 * SIGTERM, then prints how often it did, so that a test can tell that there was a race at all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_term(int signo)
{
	stop = signo;
}

static long exchange(const char *a, const char *b)
{
	return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

int main(int argc, char **argv)
{
	unsigned long swaps = 0;
	struct sigaction sa = { .sa_handler = on_term };

	if (argc != 3) {
		fprintf(stderr, "usage: swap A B\n");
		return 1;
	}
	sigaction(SIGTERM, &sa, NULL);
	while (!stop) {
		if (exchange(argv[1], argv[2]) < 0) {
			fprintf(stderr, "swap: %s\n", strerror(errno));
			return 1;
		}
		swaps++;
	}
	/* an even number leaves both names as they were */
	if (swaps % 2 && exchange(argv[1], argv[2]) < 0)
		return 1;
	printf("%lu\n", swaps);
	return 0;
}
