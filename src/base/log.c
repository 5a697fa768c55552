/* SPDX-License-Identifier: Apache-2.0 */
/* Log records and error reports. A record is made in a static buffer and leaves with one write, so
 * that records of several processes in one file do not mix, and so that an error can be told when
 * memory is gone.
 * Surprise: the default level depends on the sink: warnings are for people at a terminal. */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/io.h"
#include "base/names.h"
#include "base/quote.h"
#include "base/sock.h"

enum sink { SINK_STDERR, SINK_FILE, SINK_JOURNALD, SINK_SYSLOG };

#define MESSAGE_MAX 2048
#define RECORD_MAX  8192
#define IDENT_MAX   128

static struct {
	enum sink sink;
	int fd; /* of the file or the datagram socket */
	bool json;
	enum log_level level;
	char ident[IDENT_MAX]; /* journald:ID, syslog:ID */
} lg = { .fd = -1, .level = LOG_LVL_WARNING };

static const struct name levels[] = { { "error", LOG_LVL_ERROR },
				      { "warning", LOG_LVL_WARNING },
				      { "debug", LOG_LVL_DEBUG },
				      { NULL, 0 } };

/* A text under construction in a fixed buffer; what does not fit is cut. */
struct record {
	char v[RECORD_MAX];
	size_t n;
};

static void put(struct record *r, const char *text, size_t n)
{
	/* three bytes stay free for the end of the record */
	size_t room = sizeof(r->v) - 4 - r->n;

	n = n < room ? n : room;
	memcpy(r->v + r->n, text, n);
	r->n += n;
}

static void put_text(struct record *r, const char *text)
{
	put(r, text, strlen(text));
}

static void put_escaped(struct record *r, enum quote_style style, const char *text)
{
	char piece[QUOTE_MAX];

	while (*text) {
		size_t n = quote_next(style, &text, piece);

		/* an escape is put as a whole or not at all */
		if (r->n + n + 4 > sizeof(r->v) - 64)
			return;
		put(r, piece, n);
	}
}

static void end_record(struct record *r, const char *end)
{
	size_t n = strlen(end);

	memcpy(r->v + r->n, end, n);
	r->n += n;
}

static void send_record(int fd, const struct record *r)
{
	/* A log that cannot be written has nobody to be reported to. */
	if (io_write_all(fd, r->v, r->n) < 0)
		return;
}

static void write_json(struct record *r, const char *level, const char *now, const char *msg)
{
	put_text(r, "{\"level\":\"");
	put_text(r, level);
	put_text(r, "\",\"msg\":\"");
	put_escaped(r, QUOTE_JSON, msg);
	put_text(r, "\",\"time\":\"");
	put_text(r, now);
	end_record(r, "\"}\n");
}

static void write_logfmt(struct record *r, const char *level, const char *now, const char *msg)
{
	put_text(r, "time=\"");
	put_text(r, now);
	put_text(r, "\" level=");
	put_text(r, level);
	put_text(r, " msg=\"");
	put_escaped(r, QUOTE_LOGFMT, msg);
	end_record(r, "\"\n");
}

/* Priorities of syslog(3), which journald shares. */
static char priority(enum log_level level)
{
	return level == LOG_LVL_ERROR ? '3' : level == LOG_LVL_WARNING ? '4' : '7';
}

/* The native protocol: KEY=VALUE lines, or KEY, length and bytes for a value with newlines. */
static void write_journald(struct record *r, enum log_level level, const char *msg)
{
	uint64_t len = strnlen(msg, MESSAGE_MAX);
	unsigned char le[8];

	for (int i = 0; i < 8; i++)
		le[i] = (unsigned char)(len >> (8 * i));
	put_text(r, "PRIORITY=");
	put(r, (char[]){ priority(level), '\n' }, 2);
	put_text(r, "SYSLOG_IDENTIFIER=");
	put_escaped(r, QUOTE_SHOWN, lg.ident);
	put_text(r, "\nMESSAGE\n");
	put(r, (const char *)le, sizeof(le));
	put(r, msg, len);
	end_record(r, "\n");
}

static void write_syslog(struct record *r, enum log_level level, const char *msg)
{
	/* facility daemon (3) */
	put_text(r, "<");
	put(r,
	    (char[]){ level == LOG_LVL_DEBUG ? '3' : '2',
		      level == LOG_LVL_DEBUG ? '1' : (char)(priority(level) + 4) },
	    2);
	put_text(r, ">");
	put_escaped(r, QUOTE_SHOWN, lg.ident);
	put_text(r, ": ");
	put_escaped(r, QUOTE_SHOWN, msg);
}

static void emit(enum log_level level, const char *msg)
{
	static struct record r;
	char now[CLOCK_TEXT_MAX];
	struct err saved = *err_get();

	r.n = 0;
	if (lg.sink == SINK_JOURNALD) {
		write_journald(&r, level, msg);
	} else if (lg.sink == SINK_SYSLOG) {
		write_syslog(&r, level, msg);
	} else {
		clock_rfc3339(now);
		(lg.json ? write_json : write_logfmt)(&r, name_of(levels, level), now, msg);
	}
	send_record(lg.sink == SINK_STDERR ? STDERR_FILENO : lg.fd, &r);
	/* logging must not change what is recorded */
	err_clear();
	if (saved.kind != ERR_NONE && err_set(&saved) < 0)
		return;
}

static void emit_va(enum log_level level, const char *fmt, va_list ap)
{
	char msg[MESSAGE_MAX];

	if (level > lg.level)
		return;
	vsnprintf(msg, sizeof(msg), fmt, ap);
	emit(level, msg);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_va(LOG_LVL_DEBUG, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_va(LOG_LVL_WARNING, fmt, ap);
	va_end(ap);
}

bool log_debug_on(void)
{
	return lg.level >= LOG_LVL_DEBUG;
}

int log_fd(void)
{
	return lg.sink == SINK_STDERR ? -1 : lg.fd;
}

static void report_plain(const char *label, const char *msg)
{
	static struct record r;

	r.n = 0;
	put_text(&r, label);
	put_escaped(&r, QUOTE_PLAIN, msg);
	end_record(&r, "\n");
	send_record(STDERR_FILENO, &r);
}

void err_report(const char *prefix)
{
	struct err e = *err_get();
	char msg[MESSAGE_MAX];

	if (e.kind == ERR_NONE)
		snprintf(e.text, sizeof(e.text), "failed without saying why");
	snprintf(msg, sizeof(msg), "%s%s%s", prefix ? prefix : "", prefix ? ": " : "", e.text);
	emit(LOG_LVL_ERROR, msg);
	if (lg.sink != SINK_STDERR)
		report_plain("", msg);
	if (e.hint[0] && isatty(STDERR_FILENO))
		report_plain("hint: ", e.hint);
}

static int open_datagram(enum sink sink, const char *ident, const char *path)
{
	_cleanup_close_ int fd = -1;

	if (!*ident || strlen(ident) >= IDENT_MAX)
		return err_msg(ERR_USAGE, "invalid log destination: the name is empty or too long");
	TRY_AS(sock_connect(-1, path, SOCK_DGRAM, &fd), "open the log");
	TRY(fd_dup_high(fd, &lg.fd));
	snprintf(lg.ident, sizeof(lg.ident), "%s", ident);
	lg.sink = sink;
	return 0;
}

static int open_file(const char *path)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0)
		return err_sys("open the log \"%s\"", path);
	TRY(fd_dup_high(fd, &lg.fd));
	lg.sink = SINK_FILE;
	return 0;
}

static int open_sink(const char *path)
{
	const char *rest;

	if ((rest = after_prefix(path, "journald:")))
		return open_datagram(SINK_JOURNALD, rest, "/run/systemd/journal/socket");
	if ((rest = after_prefix(path, "syslog:")))
		return open_datagram(SINK_SYSLOG, rest, "/dev/log");
	rest = after_prefix(path, "file:");
	return open_file(rest ? rest : path);
}

int log_open(const struct log_opts *o)
{
	uint64_t level = o->path && *o->path ? LOG_LVL_ERROR : LOG_LVL_WARNING;

	if (o->format && !streq(o->format, "text") && !streq(o->format, "json"))
		return err_msg(ERR_USAGE, "invalid log-format: %s", o->format);
	if (o->level && *o->level && !name_find(levels, o->level, &level))
		return err_msg(ERR_USAGE, "invalid log-level: %s", o->level);
	if (o->path && *o->path)
		TRY(open_sink(o->path));
	lg.json = o->format && streq(o->format, "json");
	lg.level = o->debug ? LOG_LVL_DEBUG : (enum log_level)level;
	return 0;
}
