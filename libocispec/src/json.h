/* SPDX-License-Identifier: Apache-2.0 */
/* The seam in front of the JSON library: tokens in, text out. The tokens come from json_yajl.c, the
 * only file that includes yajl; the writer is our own (write.c).
 * Surprise: strings without escapes are not copied. They lie in the caller's text, and the caller
 * may overwrite their closing quote with a NUL as soon as it has the token. */
#pragma once

#include <ocispec/arena.h>

#include <stdbool.h>
#include <stddef.h>

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_OBJECT,
	JSON_KEY,
	JSON_OBJECT_END,
	JSON_LIST,
	JSON_LIST_END,
};

struct json_token {
	enum json_kind kind;
	char *text; /* NUMBER: its digits; STRING, KEY: unescaped; not terminated */
	size_t len;
	bool in_place; /* STRING, KEY: text lies in the caller's document, text[len] is its quote */
	bool yes;      /* BOOL */
	size_t start, end; /* where the token stands in the document */
};

/* A syntax error: where, and what. */
struct json_fault {
	size_t at;
	char text[160];
};

/* 0 go on, -1 stop. */
typedef int json_fn(void *ctx, const struct json_token *t);

/* Cut the document into tokens. 0; -1 with *fault filled; JSON_STOPPED when `fn` said so. */
enum { JSON_STOPPED = 1 };
int json_parse(char *text, size_t len, json_fn *fn, void *ctx, struct json_fault *fault);

/* The writer. Any failed allocation makes `buf` NULL and every later call a no-op. */
struct json_writer {
	struct arena *arena;
	const char *indent; /* NULL: all on one line */
	char *buf;
	size_t len, room;
	unsigned depth;
	bool first; /* nothing stands yet in the open object or list */
};

void json_begin(struct json_writer *w, struct arena *a, const char *indent);
void json_open(struct json_writer *w, char bracket);  /* { or [ */
void json_close(struct json_writer *w, char bracket); /* } or ] */
void json_key(struct json_writer *w, const char *key);
void json_element(struct json_writer *w); /* before every element of a list */
void json_string(struct json_writer *w, const char *s);
void json_plain(struct json_writer *w, const char *word); /* true, 12 */
void json_raw(struct json_writer *w, const char *json);   /* compact JSON, re-indented */

/* Bytes of the well-formed UTF-8 sequence at s (at most n bytes there); 0 when it is not one. */
size_t json_utf8(const unsigned char *s, size_t n);
/* Offset of the first byte that is not part of well-formed UTF-8, or n. */
size_t json_utf8_check(const char *s, size_t n);
