/* SPDX-License-Identifier: Apache-2.0 */
/* gzip files are members one after the other (RFC 1952 2.2; eStargz has thousands); tar and tape
 * habits put zeros behind the last one. Anything else there is refused: another reader may not see
 * the same file as we. */
#include "base/cleanup.h"
#include "layer/codec_ops.h"
#include "layer/inflate.h"

enum place { BETWEEN, INSIDE, PADDING };

struct gunzip {
	struct inflate *inflate;
	enum place place;
	uint64_t members;
};

static void *make(void)
{
	struct gunzip *g = calloc(1, sizeof(*g));
	if (g)
		g->inflate = inflate_new();
	if (g && g->inflate)
		return g;
	free(g);
	return NULL;
}

static void gunzip_free(void *state)
{
	struct gunzip *g = state;
	inflate_free(g->inflate);
	free(g);
}

static int padding(struct buffer *b)
{
	while (b->in_len > 0 && *b->in == 0) {
		b->in++;
		b->in_len--;
	}
	if (b->in_len > 0)
		return err_msg(ERR_CONFIG, "there is data behind the last gzip member");
	return 0;
}

static int between(struct gunzip *g, struct buffer *b)
{
	if (b->in_len == 0)
		return 0;
	if (g->members > 0 && *b->in != 0x1f) {
		g->place = PADDING;
		return padding(b);
	}
	if (g->members > 0)
		inflate_restart(g->inflate);
	g->place = INSIDE;
	return 0;
}

static int step(void *state, struct buffer *b)
{
	struct gunzip *g = state;
	if (g->place == BETWEEN)
		TRY(between(g, b));
	if (g->place == PADDING)
		return padding(b);
	if (g->place != INSIDE)
		return 0;
	int r = inflate_run(g->inflate, b);
	if (r != INFLATE_MEMBER_END)
		return r;
	g->members++;
	g->place = BETWEEN;
	return 0;
}

static bool at_end(const void *state)
{
	const struct gunzip *g = state;
	return g->members > 0 && g->place != INSIDE;
}

const struct codec_ops gunzip_ops = { make, step, at_end, gunzip_free };
