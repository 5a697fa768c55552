/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in word tables, and the signals.
 * Surprise: RTMIN is the C library's SIGRTMIN (34 with glibc), as engines count, not the kernel's.
 */
#include <signal.h>

#include "base/names.h"

#include "base/parse.h"

bool name_find(const struct name *t, const char *word, uint64_t *out)
{
	for (; t->word; t++) {
		if (streq(t->word, word)) {
			*out = t->value;
			return true;
		}
	}
	return false;
}

const char *name_of(const struct name *t, uint64_t value)
{
	for (; t->word; t++)
		if (t->value == value)
			return t->word;
	return NULL;
}

/* The first word of a number is the one that is printed. */
const struct name signal_names[] = {
	{ "HUP", SIGHUP },       { "INT", SIGINT },   { "QUIT", SIGQUIT },     { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },     { "ABRT", SIGABRT }, { "IOT", SIGABRT },      { "BUS", SIGBUS },
	{ "FPE", SIGFPE },       { "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
	{ "CHLD", SIGCHLD },     { "CLD", SIGCHLD },  { "CONT", SIGCONT },     { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },     { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },
	{ "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },   { "IO", SIGIO },     { "POLL", SIGIO },       { "PWR", SIGPWR },
	{ "SYS", SIGSYS },       { NULL, 0 }
};

static const char *after_prefix_any_case(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncasecmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* "RTMIN", "RTMIN+3", "RTMAX-1" */
static int parse_realtime(const char *word)
{
	const char *rest = after_prefix_any_case(word, "RTMIN");
	int base = rest ? SIGRTMIN : SIGRTMAX, signo;
	uint64_t off = 0;

	if (!rest)
		rest = after_prefix_any_case(word, "RTMAX");
	if (!rest)
		return -1;
	if (*rest) {
		if (*rest != (base == SIGRTMIN ? '+' : '-'))
			return -1;
		if (parse_u64("signal", rest + 1, 64, &off) < 0) {
			err_clear();
			return -1;
		}
	}
	signo = base == SIGRTMIN ? base + (int)off : base - (int)off;
	return signo >= SIGRTMIN && signo <= SIGRTMAX ? signo : -1;
}

int signal_parse(const char *text)
{
	const char *word = after_prefix_any_case(text, "SIG");
	uint64_t number;

	if (*text >= '0' && *text <= '9') {
		if (parse_u64("signal", text, (uint64_t)SIGRTMAX, &number) < 0) {
			err_clear();
			return -1;
		}
		return (int)number;
	}
	if (!word)
		word = text;
	for (const struct name *t = signal_names; t->word; t++)
		if (strcasecmp(t->word, word) == 0)
			return (int)t->value;
	return parse_realtime(word);
}

const char *signal_name(int signo)
{
	const char *word = name_of(signal_names, (uint64_t)signo);
	static char text[24];

	snprintf(text, sizeof(text), word ? "SIG%s" : "signal %.0s%d", word ? word : "", signo);
	return text;
}
