/* SPDX-License-Identifier: Apache-2.0 */
/* The tar reader's loop: header blocks in, entries out. One entry may need several headers (pax,
 * GNU long names) in front of its own; each kind may come once.
 * Surprise: after the end blocks the feed is read to its end, because the diffID covers every byte;
 * what is found there must be zeros, or two readers could see two different archives. */
#include "layer/tar.h"

#include <stdarg.h>

#include "base/cleanup.h"
#include "layer/tar_parts.h"

static const struct tar_limits default_limits = { .max_map = 1000000, .max_pax = 1 << 20 };

int tar_bad(const struct tar *t, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_msg(ERR_CONFIG, "%s: entry %llu: %s", t->what, (unsigned long long)t->number,
		       text);
}

struct tar *tar_new(struct feed *f, const char *what, const struct tar_limits *limits)
{
	struct tar *t = calloc(1, sizeof(*t));
	if (!t) {
		arena_oom(sizeof(*t));
		return NULL;
	}
	t->feed = f;
	t->what = what;
	t->limits = limits ? *limits : default_limits;
	t->limits.max_map = t->limits.max_map ? t->limits.max_map : default_limits.max_map;
	t->limits.max_pax = t->limits.max_pax ? t->limits.max_pax : default_limits.max_pax;
	return t;
}

static void forget_headers(struct tar *t)
{
	free_ptr(&t->pax);
	free_ptr(&t->long_name);
	free_ptr(&t->long_link);
	t->pax = t->long_name = t->long_link = NULL;
	/* the array of xattrs is big and counted: no need to clear it */
	memset(&t->said, 0, offsetof(struct tar_said, xattrs));
	t->n_map = 0;
	t->map_i = 0;
	t->map_done = 0;
	t->sparse = false;
}

void tar_free(struct tar *t)
{
	if (!t)
		return;
	forget_headers(t);
	free(t->map);
	free(t);
}

void tar_position(const struct tar *t, uint64_t *header, uint64_t *payload)
{
	*header = t->header_at;
	*payload = t->payload_at;
}

/* Make sure there is at least a byte in the piece. 0 = the feed has ended. */
static int have_piece(struct tar *t)
{
	if (t->piece_len > 0)
		return 1;
	return t->feed->next(t->feed, &t->piece, &t->piece_len);
}

static void consume(struct tar *t, size_t n)
{
	t->piece += n;
	t->piece_len -= n;
	t->at += n;
}

static int too_early(const struct tar *t)
{
	return err_msg(ERR_CONFIG, "%s: the archive ends in the middle of entry %llu", t->what,
		       (unsigned long long)t->number);
}

int tar_exact(struct tar *t, void *into, size_t len)
{
	uint8_t *p = into;
	while (len > 0) {
		int r = have_piece(t);
		if (r < 0)
			return r;
		if (r == 0)
			return too_early(t);
		size_t n = t->piece_len < len ? t->piece_len : len;
		memcpy(p, t->piece, n);
		consume(t, n);
		p += n;
		len -= n;
	}
	return 0;
}

static int skip(struct tar *t, uint64_t len)
{
	while (len > 0) {
		uint64_t unread = 0;
		if (t->piece_len == 0 && t->feed->skip && len > TAR_BLOCK_SIZE)
			unread = t->feed->skip(t->feed, len);
		t->at += unread;
		len -= unread;
		if (len == 0)
			break;
		int r = have_piece(t);
		if (r < 0)
			return r;
		if (r == 0)
			return too_early(t);
		size_t n = t->piece_len < len ? t->piece_len : (size_t)len;
		consume(t, n);
		len -= n;
	}
	return 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Behind the first zero block. */
static int drain(struct tar *t)
{
	int r;
	while ((r = have_piece(t)) > 0) {
		if (!all_zero(t->piece, t->piece_len))
			return err_msg(ERR_CONFIG,
				       "%s: there is data behind the end of the archive", t->what);
		consume(t, t->piece_len);
	}
	t->ended = true;
	return r;
}

/* 1 = a header; 0 = the archive has ended. */
static int read_header(struct tar *t, struct tar_header *h)
{
	int r = have_piece(t);
	if (r <= 0) {
		t->ended = r == 0;
		return r;
	}
	TRY(tar_exact(t, h, sizeof(*h)));
	if (all_zero((const uint8_t *)h, sizeof(*h)))
		return drain(t);
	if (!tar_checksum_ok(h))
		return tar_bad(t, "the checksum of the header is wrong");
	return 1;
}

/* The payload of an extended header, NUL-terminated. */
static int payload_text(struct tar *t, uint64_t size, size_t max, char **out)
{
	if (*out)
		return tar_bad(t, "two extended headers of one kind in a row");
	if (size > max)
		return tar_bad(t, "an extended header of %llu bytes, more than %zu",
			       (unsigned long long)size, max);
	char *text = malloc((size_t)size + 1);
	if (!text)
		return err_sysno(ENOMEM, "read an extended header");
	*out = text;
	TRY(tar_exact(t, text, (size_t)size));
	text[size] = '\0';
	return skip(t, -size % TAR_BLOCK_SIZE);
}

/* GNU 'L' and 'K': a name with its NUL. */
static int long_name(struct tar *t, uint64_t size, char **into, const char **said)
{
	TRY(payload_text(t, size, TAR_NAME_MAX, into));
	if (strlen(*into) + 1 != size || size == 1)
		return tar_bad(t, "a GNU long name is empty or does not end with its NUL");
	*said = *into;
	return 0;
}

static int extended(struct tar *t, const struct tar_header *h, uint64_t size)
{
	if (h->type == 'g') {
		t->global_bytes += size;
		if (size > t->limits.max_pax || t->global_bytes > 16 * t->limits.max_pax)
			return tar_bad(t, "global headers of %llu bytes",
				       (unsigned long long)t->global_bytes);
		return skip(t, size + -size % TAR_BLOCK_SIZE);
	}
	if (h->type == 'L')
		return long_name(t, size, &t->long_name, &t->said.path);
	if (h->type == 'K')
		return long_name(t, size, &t->long_link, &t->said.link);
	TRY(payload_text(t, size, t->limits.max_pax, &t->pax));
	return tar_pax_parse(t, t->pax, (size_t)size);
}

static bool is_extended(char type)
{
	return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

/* ustar has a prefix; GNU's header has other things at that place. */
static const char *header_name(struct tar *t, const struct tar_header *h)
{
	size_t n = strnlen(h->name, sizeof(h->name)), at = 0;
	size_t p = memcmp(h->magic, "ustar", 6) == 0 ? strnlen(h->prefix, sizeof(h->prefix)) : 0;
	if (p > 0) {
		memcpy(t->name, h->prefix, p);
		t->name[p] = '/';
		at = p + 1;
	}
	memcpy(t->name + at, h->name, n);
	t->name[at + n] = '\0';
	return t->name;
}

/* The type, with the habits of old writers: '\0' and '7' are files, "name/" is a directory. */
static int entry_type(struct tar *t, const struct tar_header *h, const char *path,
		      enum tar_type *out)
{
	char type = h->type;
	size_t n = strlen(path);
	if (type == '\0' || type == '7' || type == 'S')
		type = '0';
	if (type == '0' && n > 0 && path[n - 1] == '/')
		type = '5';
	if (type < '0' || type > '6')
		return tar_bad(t, "unknown type '%c'", type >= ' ' && type <= '~' ? type : '?');
	*out = (enum tar_type)type;
	return 0;
}

static int numbers(struct tar *t, const struct tar_header *h, struct tar_entry *e)
{
	const struct tar_said *s = &t->said;
	uint64_t v;
	TRY(tar_number(t, TAR_FIELD(h, mode), UINT32_MAX, &v));
	e->mode = (mode_t)(v & 07777);
	e->uid = s->uid;
	e->gid = s->gid;
	e->mtime = s->mtime;
	if (!s->has_uid) {
		TRY(tar_number(t, TAR_FIELD(h, uid), UINT32_MAX - 1, &v));
		e->uid = (uint32_t)v;
	}
	if (!s->has_gid) {
		TRY(tar_number(t, TAR_FIELD(h, gid), UINT32_MAX - 1, &v));
		e->gid = (uint32_t)v;
	}
	if (!s->has_mtime)
		TRY(tar_mtime(t, TAR_FIELD(h, mtime), &e->mtime));
	if (e->type != TAR_CHAR && e->type != TAR_BLOCK)
		return 0;
	TRY(tar_number(t, TAR_FIELD(h, major), 0xfff, &v));
	e->major = (uint32_t)v;
	TRY(tar_number(t, TAR_FIELD(h, minor), 0xfffff, &v));
	e->minor = (uint32_t)v;
	return 0;
}

static int sparse(struct tar *t, const struct tar_header *h, struct tar_entry *e)
{
	const struct tar_said *s = &t->said;
	uint64_t real = s->real_size;
	if (h->type == 'S')
		TRY(tar_sparse_gnu(t, h, &real));
	else if (s->sparse_major > 1 || s->sparse_minor > 1 || !s->has_real_size)
		return tar_bad(t, "an unknown form of sparse file");
	else if (s->sparse_major == 1)
		TRY(tar_sparse_pax1(t));
	TRY(tar_sparse_check(t, real));
	t->sparse = e->sparse = true;
	e->size = real;
	e->map = t->map;
	e->n_map = t->n_map;
	return 0;
}

/* The entry itself: everything the headers in front of it said is in t->said. */
static int finish_entry(struct tar *t, const struct tar_header *h, uint64_t size,
			struct tar_entry *e)
{
	const struct tar_said *s = &t->said;
	const char *path = s->path ? s->path : header_name(t, h);
	*e = (struct tar_entry){ .number = t->number };
	if (s->sparse && s->sparse_name)
		path = s->sparse_name;
	TRY(entry_type(t, h, path, &e->type));
	size_t n = strlen(path);
	if (n == 0)
		return tar_bad(t, "it has no name");
	while (n > 1 && path[n - 1] == '/')
		n--;
	((char *)(uintptr_t)path)[n] = '\0'; /* all of them are ours */
	e->path = path;
	snprintf(t->link, sizeof(t->link), "%.100s", h->linkname);
	e->link = "";
	if (e->type == TAR_HARDLINK || e->type == TAR_SYMLINK)
		e->link = s->link ? s->link : t->link;
	e->xattrs = t->said.xattrs;
	e->n_xattrs = s->n_xattrs;
	TRY(numbers(t, h, e));
	/* links and nodes have no payload, whatever their size says */
	t->payload_left = e->type == TAR_FILE ? size : 0;
	t->padding = -t->payload_left % TAR_BLOCK_SIZE;
	e->size = t->payload_left;
	if (e->type == TAR_FILE && (h->type == 'S' || s->sparse))
		TRY(sparse(t, h, e));
	t->payload_at = t->at;
	return 1;
}

int tar_next(struct tar *t, struct tar_entry *e)
{
	struct tar_header h;
	if (t->ended)
		return 0;
	TRY(skip(t, t->payload_left + t->padding));
	t->payload_left = t->padding = 0;
	forget_headers(t);
	t->number++;
	for (;;) {
		uint64_t size = 0;
		t->header_at = t->at;
		int r = read_header(t, &h);
		if (r < 0)
			return r;
		if (r == 0 && (t->pax || t->long_name || t->long_link))
			return tar_bad(t, "the archive ends behind an extended header");
		if (r == 0)
			return 0;
		if (is_extended(h.type) || !t->said.has_size)
			TRY(tar_number(t, TAR_FIELD(&h, size), INT64_MAX, &size));
		else
			size = t->said.size;
		if (!is_extended(h.type))
			return finish_entry(t, &h, size, e);
		TRY(extended(t, &h, size));
	}
}

int tar_data(struct tar *t, const uint8_t **data, size_t *len, uint64_t *at)
{
	uint64_t most = t->payload_left;
	if (t->payload_left == 0)
		return 0;
	int r = have_piece(t);
	if (r < 0)
		return r;
	if (r == 0)
		return too_early(t);
	if (t->sparse) {
		most = t->map[t->map_i].len - t->map_done;
		*at = t->map[t->map_i].at + t->map_done;
	}
	size_t n = t->piece_len < most ? t->piece_len : (size_t)most;
	*data = t->piece;
	*len = n;
	consume(t, n);
	t->payload_left -= n;
	if (t->sparse && (t->map_done += n) == t->map[t->map_i].len) {
		t->map_i++;
		t->map_done = 0;
	}
	return 1;
}
