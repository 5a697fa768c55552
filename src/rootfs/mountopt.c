/* SPDX-License-Identifier: Apache-2.0 */
/* Option words -> bits, from the one table in mountopt.def, and back for `explain` and `features`.
 * Surprise: later words win over earlier ones, but a propagation word is an action and all of them
 * are kept in order. */
#include "sys/sys.h"

#include "base/str.h"
#include "base/vec.h"
#include "rootfs/op.h"

enum row_kind { ROW_ATTR, ROW_REC, ROW_SB, ROW_PROP, ROW_EXT };

struct row {
	const char *word;
	enum row_kind kind;
	uint64_t set, mask;
};

#define ATTR(word_, set_, mask_) { word_, ROW_ATTR, set_, mask_ },
#define REC(word_, set_, mask_)  { word_, ROW_REC, set_, mask_ },
#define SB(word_, flag_, on_)    { word_, ROW_SB, (on_) ? (flag_) : 0, flag_ },
#define PROP(word_, flags_)      { word_, ROW_PROP, flags_, 0 },
#define EXT(word_, bits_)        { word_, ROW_EXT, bits_, 0 },
static const struct row rows[] = {
#include "rootfs/mountopt.def"
};
#undef ATTR
#undef REC
#undef SB
#undef PROP
#undef EXT

#define ATTR(word_, set_, mask_) word_,
#define REC(word_, set_, mask_)  word_,
#define SB(word_, flag_, on_)    word_,
#define PROP(word_, flags_)      word_,
#define EXT(word_, bits_)        word_,
static const char *const words_list[] = {
#include "rootfs/mountopt.def"
};

const char *const *rootfs_mount_options(size_t *n)
{
	*n = ARRAY_SIZE(words_list);
	return words_list;
}

static const struct row *find_row(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (streq(rows[i].word, word))
			return &rows[i];
	return NULL;
}

static int apply_row(const struct row *row, const char *where, struct mountopt *o)
{
	switch (row->kind) {
	case ROW_ATTR:
		o->attr_set = (o->attr_set & ~row->mask) | row->set;
		o->attr_clear |= row->mask;
		return 0;
	case ROW_REC:
		o->rec_set = (o->rec_set & ~row->mask) | row->set;
		o->rec_clear |= row->mask;
		return 0;
	case ROW_SB:
		o->sb_set = (o->sb_set & ~row->mask) | row->set;
		o->sb_clear |= row->mask;
		return 0;
	case ROW_PROP:
		if (o->npropagation == MAX_PROPAGATION)
			return err_msg(ERR_CONFIG, "%s: more than %d propagation options", where,
				       MAX_PROPAGATION);
		o->propagation[o->npropagation++] = row->set;
		return 0;
	case ROW_EXT:
		/* "bind" after "rbind" (or "idmap" after "ridmap") makes it shallow again. */
		if (row->set & MOUNTOPT_BIND)
			o->ext &= ~MOUNTOPT_RECURSIVE;
		if (row->set & MOUNTOPT_IDMAP)
			o->ext &= ~MOUNTOPT_RIDMAP;
		o->ext |= row->set;
		return 0;
	}
	return err_msg(ERR_BUG, "%s: mount option table has an unknown kind", where);
}

int mountopt_parse(struct arena *a, const struct oci_strs *words, const char *where,
		   struct mountopt *out)
{
	struct mountopt o = { .data = arena_calloc(a, words->n + 1, sizeof(char *)) };

	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->v[i];
		const char *maps = after_prefix(w, "idmap=");
		const char *rmaps = after_prefix(w, "ridmap=");
		const struct row *row = find_row(maps ? "idmap" : rmaps ? "ridmap" : w);

		if (!*w)
			continue;
		if (row)
			TRY(apply_row(row, where, &o));
		else
			o.data[o.ndata++] = w;
		if (maps || rmaps)
			o.idmap = maps ? maps : rmaps;
	}
	*out = o;
	return 0;
}

/* The next word of a comma-separated list; the list starts at column `start` of the text. */
static void print_word(struct str *s, size_t start, const char *word)
{
	if (s->n > start)
		str_addc(s, ',');
	str_add_quoted(s, word);
}

static void print_bits(struct str *s, size_t start, enum row_kind kind, uint64_t set, uint64_t mask)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows) && mask; i++) {
		const struct row *r = &rows[i];

		if (r->kind != kind || (mask & r->mask) != r->mask || (set & r->mask) != r->set)
			continue;
		/* "atime", "norelatime" and "nostrictatime" are other names of relatime. */
		if (r->mask == MOUNT_ATTR__ATIME && !r->set && !strstr(r->word, "relatime"))
			continue;
		print_word(s, start, r->word);
		mask &= ~r->mask;
	}
}

static bool ext_is_shown(const struct row *r, unsigned ext)
{
	if (r->kind != ROW_EXT || !r->set || (r->set & (MOUNTOPT_BIND | MOUNTOPT_REMOUNT)))
		return false; /* those are the kind of the line */
	if (r->set == MOUNTOPT_IDMAP && (ext & MOUNTOPT_RIDMAP))
		return false;
	return (ext & r->set) == r->set;
}

void mountopt_print(const struct mountopt *o, struct str *s)
{
	size_t start = s->n;

	print_bits(s, start, ROW_ATTR, o->attr_set, o->attr_clear);
	print_bits(s, start, ROW_REC, o->rec_set, o->rec_clear);
	print_bits(s, start, ROW_SB, o->sb_set, o->sb_clear);
	for (unsigned i = 0; i < o->npropagation; i++)
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
			if (rows[k].kind == ROW_PROP && rows[k].set == o->propagation[i])
				print_word(s, start, rows[k].word);
	for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
		if (ext_is_shown(&rows[k], o->ext))
			print_word(s, start, rows[k].word);
	for (size_t i = 0; i < o->ndata; i++)
		print_word(s, start, o->data[i]);
}

unsigned long mountopt_legacy(uint64_t attr)
{
	unsigned long ms = 0;

	ms |= attr & MOUNT_ATTR_RDONLY ? MS_RDONLY : 0;
	ms |= attr & MOUNT_ATTR_NOSUID ? MS_NOSUID : 0;
	ms |= attr & MOUNT_ATTR_NODEV ? MS_NODEV : 0;
	ms |= attr & MOUNT_ATTR_NOEXEC ? MS_NOEXEC : 0;
	ms |= attr & MOUNT_ATTR_NODIRATIME ? MS_NODIRATIME : 0;
	ms |= attr & MOUNT_ATTR_NOSYMFOLLOW ? MS_NOSYMFOLLOW : 0;
	if ((attr & MOUNT_ATTR__ATIME) == MOUNT_ATTR_NOATIME)
		ms |= MS_NOATIME;
	if ((attr & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME)
		ms |= MS_STRICTATIME;
	return ms;
}

const char *mountopt_data(struct arena *a, const struct mountopt *o)
{
	struct str s;

	if (!o->ndata)
		return NULL;
	str_init(&s, a, 0);
	for (size_t i = 0; i < o->ndata; i++) {
		const char *w = o->data[i];
		const char *eq = strchr(w, '=');
		/* A label has commas of its own; the classic parser wants it in quotes then. */
		bool quote = eq && eq - w >= 7 && memcmp(eq - 7, "context", 7) == 0 &&
			     strchr(eq, ',') && eq[1] != '"';

		if (i)
			str_addc(&s, ',');
		if (quote)
			str_addf(&s, "%.*s=\"%s\"", (int)(eq - w), w, eq + 1);
		else
			str_add(&s, w);
	}
	return s.v;
}
