/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of ps(1): the header says which column is the pid, whatever options the user gave; columns
 * before it never contain blanks in any format that ps knows. */
#include "runtime/ps_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define BLANKS " \t"

/* The field number `index` of a line of n bytes; NULL when the line has fewer. */
static const char *field(const char *line, size_t n, size_t index, size_t *len)
{
	const char *end = line + n;
	for (size_t i = 0;; i++) {
		while (line < end && strchr(BLANKS, *line))
			line++;
		*len = 0;
		while (line + *len < end && !strchr(BLANKS, line[*len]))
			(*len)++;
		if (!*len)
			return NULL;
		if (i == index)
			return line;
		line += *len;
	}
}

static int pid_column(const char *header, size_t n, size_t *out)
{
	size_t len;
	const char *f;
	for (size_t i = 0; (f = field(header, n, i, &len)); i++)
		if (len == 3 && memcmp(f, "PID", 3) == 0) {
			*out = i;
			return 0;
		}
	return err_msg(ERR_USAGE, "couldn't find PID field in ps output: "
				  "the options must let ps print a header with it");
}

static bool is_asked(const struct ps_question *q, pid_t pid)
{
	for (size_t low = 0, high = q->n; low < high;) {
		size_t middle = (low + high) / 2;
		if (q->pids[middle] == pid)
			return true;
		if (q->pids[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool is_row(const struct ps_question *q, const char *line, size_t n, size_t column)
{
	size_t len;
	char text[16], *end;
	const char *f = field(line, n, column, &len);
	if (!f || len >= sizeof(text))
		return false;
	memcpy(text, f, len);
	text[len] = '\0';
	long pid = strtol(text, &end, 10);
	return !*end && is_asked(q, (pid_t)pid);
}

int ps_table_filter(const struct ps_question *q, const char *text, struct str *out)
{
	size_t n = strcspn(text, "\n"), column = 0;
	TRY(pid_column(text, n, &column));
	str_addn(out, text, n);
	str_addc(out, '\n');
	for (text += n; *text; text += n) {
		text += *text == '\n';
		n = strcspn(text, "\n");
		if (!n || !is_row(q, text, n, column))
			continue;
		str_addn(out, text, n);
		str_addc(out, '\n');
	}
	return 0;
}
