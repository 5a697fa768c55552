/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text made safe to show, a character at a time; the caller decides where the bytes go. */
#pragma once

#include <stddef.h>

enum quote_style {
	QUOTE_SHOWN,  /* for messages: control bytes, quotes and broken UTF-8 become \xNN */
	QUOTE_LOGFMT, /* inside "..": also backslash, newline, return and tab */
	QUOTE_JSON,   /* inside ".." of JSON; broken UTF-8 becomes U+FFFD */
	QUOTE_PLAIN,  /* for a terminal: newline and tab stay, the rest becomes '?' */
};

#define QUOTE_MAX 24 /* bytes one character may need */

/* Escapes the character at *s (not at the end) into out, moves *s on, gives the length; no NUL. */
size_t quote_next(enum quote_style style, const char **s, char out[QUOTE_MAX]);
