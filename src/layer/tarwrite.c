/* SPDX-License-Identifier: Apache-2.0 */
/* A header block, before it an extended one where ustar's fields are too small. */
#include "layer/tarwrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "layer/tar_parts.h"

#define OCTAL_8 07777777         /* 7 digits */
#define OCTAL_12 077777777777LL  /* 11 digits */

struct pair {
	const char *key, *value;
	size_t len;
};

struct pairs { struct pair *v; size_t n, cap; };

struct tarwriter {
	struct sink *to;
	uint64_t left; /* of the payload */
	size_t padding;
};

struct tarwriter *tarwriter_new(struct arena *a, struct sink *to)
{
	struct tarwriter *w = arena_alloc(a, sizeof(*w));
	w->to = to;
	return w;
}

static const char zeros[TAR_BLOCK_SIZE * 2];

static int pad(struct tarwriter *w)
{
	size_t n = w->padding;
	w->padding = 0;
	return n > 0 ? sink_write(w->to, zeros, n) : 0;
}

static size_t padding_of(uint64_t size)
{
	return (size_t)((TAR_BLOCK_SIZE - size % TAR_BLOCK_SIZE) % TAR_BLOCK_SIZE);
}

/* ---- the header block */

static void put_octal(char *field, size_t size, uint64_t v)
{
	snprintf(field, size, "%0*llo", (int)size - 1, (unsigned long long)v);
}

static void sum(struct tar_header *h)
{
	const uint8_t *p = (const uint8_t *)h;
	unsigned total = 0;
	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		total += p[i];
	snprintf(h->checksum, 7, "%06o", total);
}

static void begin_header(struct tar_header *h, char type)
{
	memset(h, 0, sizeof(*h));
	h->type = type;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	put_octal(h->major, sizeof(h->major), 0);
	put_octal(h->minor, sizeof(h->minor), 0);
}

/* In one field, or in two cut at a '/'. false: it does not fit. */
static bool put_name(struct tar_header *h, const char *name)
{
	size_t n = strlen(name);
	if (n <= sizeof(h->name)) {
		memcpy(h->name, name, n);
		return true;
	}
	if (n > sizeof(h->prefix) + 1 + sizeof(h->name))
		return false;
	for (size_t i = n - sizeof(h->name) - 1; i < n - 1 && i <= sizeof(h->prefix); i++)
		if (name[i] == '/' && i > 0) {
			memcpy(h->prefix, name, i);
			memcpy(h->name, name + i + 1, n - i - 1);
			return true;
		}
	return false;
}

/* ---- extended headers */

static void add_pair(struct arena *a, struct pairs *p, const char *key, const char *value)
{
	vec_push(a, p, ((struct pair){ key, value, strlen(value) }));
}

static void add_number(struct arena *a, struct pairs *p, const char *key, uint64_t v)
{
	add_pair(a, p, key, arena_printf(a, "%llu", (unsigned long long)v));
}

/* -1.5 is { -2, 500000000 }. */
static const char *time_text(struct arena *a, const struct timespec *t)
{
	long long sec = t->tv_sec;
	long ns = t->tv_nsec;
	const char *sign = "";
	if (sec < 0) {
		sign = "-";
		sec = ns > 0 ? -(sec + 1) : -sec;
		ns = ns > 0 ? 1000000000 - ns : 0;
	}
	if (ns == 0)
		return arena_printf(a, "%s%lld", sign, sec);
	char *text = arena_printf(a, "%s%lld.%09ld", sign, sec, ns);
	for (char *end = text + strlen(text) - 1; *end == '0'; end--)
		*end = '\0';
	return text;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

/* "LEN key=value\n", LEN counting itself. */
static void add_record(struct str *s, const struct pair *p)
{
	size_t rest = strlen(p->key) + p->len + 3, len = rest + 1;
	char digits[24];
	while ((size_t)snprintf(digits, sizeof(digits), "%zu", len) + rest != len)
		len = (size_t)snprintf(digits, sizeof(digits), "%zu", len) + rest;
	str_addf(s, "%zu %s=", len, p->key);
	str_addn(s, p->value, p->len);
	str_addc(s, '\n');
}

static int write_extended(struct tarwriter *w, struct arena *a, struct pairs *p)
{
	struct tar_header h;
	struct str s;
	str_init(&s, a, 0);
	qsort(p->v, p->n, sizeof(*p->v), by_key);
	for (size_t i = 0; i < p->n; i++)
		add_record(&s, &p->v[i]);
	if (s.truncated)
		return err_msg(ERR_UNSUPPORTED, "its extended attributes are too big for a layer");
	begin_header(&h, 'x');
	put_name(&h, "PaxHeaders.0/entry");
	put_octal(h.mode, sizeof(h.mode), 0644);
	put_octal(h.uid, sizeof(h.uid), 0);
	put_octal(h.gid, sizeof(h.gid), 0);
	put_octal(h.size, sizeof(h.size), s.n);
	put_octal(h.mtime, sizeof(h.mtime), 0);
	sum(&h);
	TRY(sink_write(w->to, &h, sizeof(h)));
	TRY(sink_write(w->to, s.v, s.n));
	w->padding = padding_of(s.n);
	return pad(w);
}

/* ---- entries */

static void put_names(struct arena *a, struct tar_header *h, const struct tar_entry *e,
		      struct pairs *p)
{
	const char *name = e->type == TAR_DIR ? arena_printf(a, "%s/", e->path) : e->path;
	if (!put_name(h, name)) {
		add_pair(a, p, "path", name);
		memcpy(h->name, name, sizeof(h->name));
	}
	size_t n = strlen(e->link);
	memcpy(h->linkname, e->link, n < sizeof(h->linkname) ? n : sizeof(h->linkname));
	if (n > sizeof(h->linkname))
		add_pair(a, p, "linkpath", e->link);
}

static void put_numbers(struct arena *a, struct tar_header *h, const struct tar_entry *e,
			struct pairs *p)
{
	uint64_t size = e->type == TAR_FILE ? e->size : 0;
	bool plain = e->mtime.tv_sec >= 0 && e->mtime.tv_sec <= OCTAL_12 && e->mtime.tv_nsec == 0;
	bool fits = e->mtime.tv_sec >= 0 && e->mtime.tv_sec <= OCTAL_12;
	put_octal(h->mode, sizeof(h->mode), e->mode & 07777);
	put_octal(h->uid, sizeof(h->uid), e->uid <= OCTAL_8 ? e->uid : 0);
	put_octal(h->gid, sizeof(h->gid), e->gid <= OCTAL_8 ? e->gid : 0);
	put_octal(h->size, sizeof(h->size), size <= OCTAL_12 ? size : 0);
	put_octal(h->mtime, sizeof(h->mtime), fits ? (uint64_t)e->mtime.tv_sec : 0);
	put_octal(h->major, sizeof(h->major), e->major & OCTAL_8);
	put_octal(h->minor, sizeof(h->minor), e->minor & OCTAL_8);
	if (e->uid > OCTAL_8)
		add_number(a, p, "uid", e->uid);
	if (e->gid > OCTAL_8)
		add_number(a, p, "gid", e->gid);
	if (size > OCTAL_12)
		add_number(a, p, "size", size);
	if (!plain)
		add_pair(a, p, "mtime", time_text(a, &e->mtime));
}

static int write_entry(struct tarwriter *w, struct arena *a, const struct tar_entry *e)
{
	struct tar_header h;
	struct pairs p = { 0 };
	begin_header(&h, (char)e->type);
	put_names(a, &h, e, &p);
	put_numbers(a, &h, e, &p);
	for (size_t i = 0; i < e->n_xattrs; i++)
		vec_push(a, &p, ((struct pair){
			arena_printf(a, "SCHILY.xattr.%s", e->xattrs[i].name),
			e->xattrs[i].value, e->xattrs[i].len }));
	if (p.n > 0)
		TRY(write_extended(w, a, &p));
	sum(&h);
	w->left = e->type == TAR_FILE ? e->size : 0;
	w->padding = padding_of(w->left);
	return sink_write(w->to, &h, sizeof(h));
}

int tarwriter_entry(struct tarwriter *w, const struct tar_entry *e)
{
	if (w->left > 0)
		return err_msg(ERR_BUG, "an entry before the last one was whole");
	TRY(pad(w));
	struct arena *a = arena_new();
	int r = write_entry(w, a, e);
	arena_free(a);
	return r;
}

/* Sizes beyond octal digits are binary ones (GNU), as there is one block. */
static void short_header(struct tar_header *h, const struct tar_entry *e)
{
	begin_header(h, TAR_FILE);
	put_name(h, e->path);
	put_octal(h->mode, sizeof(h->mode), e->mode & 07777);
	put_octal(h->uid, sizeof(h->uid), 0);
	put_octal(h->gid, sizeof(h->gid), 0);
	put_octal(h->mtime, sizeof(h->mtime), 0);
	if (e->size <= OCTAL_12) {
		put_octal(h->size, sizeof(h->size), e->size);
	} else {
		h->size[0] = (char)0x80;
		for (size_t i = 0; i < 8; i++)
			h->size[11 - i] = (char)(e->size >> 8 * i);
	}
	sum(h);
}

int tarwriter_begin(struct tarwriter *w, const struct tar_entry *e)
{
	struct tar_header h;
	if (w->left > 0)
		return err_msg(ERR_BUG, "an entry before the last one was whole");
	TRY(pad(w));
	short_header(&h, e);
	w->left = e->size;
	w->padding = padding_of(e->size);
	return sink_write(w->to, &h, sizeof(h));
}

void tarwriter_end(struct tarwriter *w, const struct tar_entry *e, uint8_t header[512])
{
	struct tar_header h;
	short_header(&h, e);
	memcpy(header, &h, sizeof(h));
	w->left = 0;
	w->padding = padding_of(e->size);
}

int tarwriter_data(struct tarwriter *w, const void *data, size_t len)
{
	if (len > w->left)
		return err_msg(ERR_BUG, "more payload than the header said");
	w->left -= len;
	return sink_write(w->to, data, len);
}

int tarwriter_finish(struct tarwriter *w)
{
	if (w->left > 0)
		return err_msg(ERR_BUG, "the archive ends inside an entry");
	TRY(pad(w));
	return sink_write(w->to, zeros, sizeof(zeros));
}
