/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacking layers into a store. A layer goes by its ChainID (image-spec config.md), because the
 * folders it does not list take their attributes from the layers below it. Two who unpack the same
 * layer at once both do, and the second finds the place taken. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/layerstore.h"
#include "image/staging.h"
#include "layer/diff_upper.h"

struct below {
	int *fds; /* bottom first */
	size_t n;
};

/* ChainID(n) = sha256(ChainID(n-1) " " DiffID(n)) */
static void chain(struct digest *c, const struct digest *diff_id, bool first)
{
	char a[DIGEST_TEXT_MAX], b[DIGEST_TEXT_MAX], both[2 * DIGEST_TEXT_MAX];
	if (first) {
		*c = *diff_id;
		return;
	}
	int n = snprintf(both, sizeof(both), "%s %s", digest_format(c, a),
			 digest_format(diff_id, b));
	digest_of(DIGEST_SHA256, both, (size_t)n, c);
}

enum found { FOUND_NOT_HERE = 0, FOUND = 1, FOUND_HIDDEN = 2 };

/* The folder in one layer. Hidden: what is not one, a whiteout too, and an opaque folder above it
 * keep what layers further down have from being seen. */
static int find_in(int layer_fd, const char *path, struct stat *st)
{
	_cleanup_close_ int fd = fcntl(layer_fd, F_DUPFD_CLOEXEC, 3);
	bool opaque = false;
	while (fd >= 0 && *path) {
		char part[256];
		size_t n = strcspn(path, "/");
		if (n >= sizeof(part))
			return FOUND_NOT_HERE;
		memcpy(part, path, n);
		part[n] = '\0';
		path += n + (path[n] == '/');
		opaque |= overlay_has_mark(fd, "opaque", "y");
		int next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0 && errno == ENOENT)
			return opaque ? FOUND_HIDDEN : FOUND_NOT_HERE;
		if (next < 0 && (errno == ENOTDIR || errno == ELOOP))
			return FOUND_HIDDEN;
		close_fd(&fd);
		fd = next;
	}
	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys("look at a folder of the layers below");
	return FOUND;
}

static int find_below(void *ctx, const char *path, struct stat *st)
{
	const struct below *b = ctx;
	for (size_t i = b->n; i > 0; i--) {
		int r = find_in(b->fds[i - 1], path, st);
		if (r != FOUND_NOT_HERE)
			return r == FOUND_HIDDEN ? 0 : r;
	}
	return 0;
}

static int unpack_layer(struct layerstore *s, const struct unpack_layer *l,
			const struct unpack_opts *o, const char *name, const struct below *b)
{
	struct unpack_opts opts = *o;
	struct staging st;
	opts.overlay = true;
	opts.below = find_below;
	opts.below_ctx = (void *)(uintptr_t)b;
	TRY(staging_begin(s->arena, arena_printf(s->arena, "%s/layers/%s", s->path, name), &st));
	int r = layers_unpack(&opts, l, 1, st.fd, NULL);
	if (r >= 0)
		r = staging_commit(&st, true);
	if (r >= 0)
		return 0;
	if (r == -ENOTEMPTY || r == -EEXIST) { /* somebody else was first */
		err_clear();
		r = 0;
	}
	staging_abort(&st);
	return r;
}

static int open_layer(struct layerstore *s, const char *name)
{
	return openat(s->layers_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int fill(struct layerstore *s, const struct image *i, const struct unpack_opts *o,
		struct below *b, const char **names)
{
	struct digest id = { 0 };
	for (size_t n = 0; n < i->n_layers; n++) {
		const struct unpack_layer *l = &i->layers[n].in;
		chain(&id, &l->diff_id, n == 0);
		names[n] = arena_printf(s->arena, "%s%s", digest_hex(s->arena, &id),
					o->devices ? "-devices" : "");
		int fd = open_layer(s, names[n]);
		if (fd < 0 && errno == ENOENT) {
			TRY(unpack_layer(s, l, o, names[n], b));
			fd = open_layer(s, names[n]);
		}
		if (fd < 0)
			return err_sys("open layer \"%s\" of the store \"%s\"", names[n], s->path);
		b->fds[b->n++] = fd;
	}
	return 0;
}

int layerstore_fill(struct layerstore *s, const struct image *i, struct unpack_opts *o,
		    struct oci_strs *out)
{
	struct below b = { .fds = arena_calloc(s->arena, i->n_layers, sizeof(*b.fds)) };
	const char **names = arena_calloc(s->arena, i->n_layers, sizeof(*names));
	int r = fill(s, i, o, &b, names);
	if (r < 0 && err_get()->kind == ERR_CONFIG && strstr(err_get()->text, "hard link"))
		err_hint("a hard link into a layer below needs a bundle without --overlay");
	while (b.n > 0)
		close_fd(&b.fds[--b.n]);
	TRY(r);
	*out = (struct oci_strs){ .v = names, .n = i->n_layers, .present = true };
	return 0;
}
