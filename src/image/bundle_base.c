/* SPDX-License-Identifier: Apache-2.0 */
/* The image of a bundle need not have a name any more: `repack` to the same name takes it away. So
 * the manifest is opened by its digest, without index.json. */
#include "image/bundle_base.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/vec.h"
#include "image/resolve_parts.h"
#include "layer/diff_upper.h"

#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"

static struct unpack_map *maps_of(struct arena *a, const struct oci_bundle_map *v, size_t n)
{
	struct unpack_map *m = arena_calloc(a, n, sizeof(*m));
	for (size_t i = 0; i < n; i++)
		m[i] = (struct unpack_map){ v[i].inside, v[i].outside, v[i].count };
	return m;
}

int bundle_tree_open(struct arena *a, const char *path, struct bundle_tree *out)
{
	struct bundle_tree b = { .arena = a, .path = path, .fd = -1, .root_fd = -1 };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open bundle \"%s\"", path);
	TRY(bundle_record_read(a, fd, path, &b.record));
	b.uids = maps_of(a, b.record->uids.v, b.record->uids.n);
	b.gids = maps_of(a, b.record->gids.v, b.record->gids.n);
	const char *own = b.record->overlay ? "upper" : "rootfs";
	b.root_fd = openat(fd, own, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (b.root_fd < 0)
		return err_sys("open \"%s/%s\"", path, own);
	b.fd = take_fd(&fd);
	*out = b;
	return 0;
}

void bundle_tree_close(struct bundle_tree *b)
{
	close_fd(&b->root_fd);
	close_fd(&b->fd);
}

/* ---- the image */

/* What the manifest calls itself; nothing else is taken from here. */
static const char *media_type_of(struct arena *a, const char *text, size_t len)
{
	struct oci_diag diag;
	struct oci_manifest *m = oci_decode(a, oci_manifest_type(), text, len, 0, &diag);
	return m && m->media_type ? m->media_type : OCI_MANIFEST;
}

static int describe(struct image *i, const struct digest *d, struct oci_descriptor **out)
{
	struct oci_descriptor *o = arena_alloc(i->arena, sizeof(*o));
	struct region r;
	char *text;
	TRY(source_blob(i->source, d, SOURCE_SIZE_UNKNOWN, &r));
	*o = (struct oci_descriptor){ .digest = digest_text(i->arena, d),
				      .size = (int64_t)r.size };
	TRY(region_text(i->arena, &r, o->digest, MAX_MANIFEST, &text));
	o->media_type = media_type_of(i->arena, text, r.size);
	*out = o;
	return 0;
}

/* 1 = it is not there. */
static int open_by_digest(const struct bundle_tree *b, const struct reference *place,
			  struct image *out)
{
	struct image i = { .arena = b->arena, .ref = b->record->ref };
	struct oci_descriptor *d = NULL;
	struct digest digest;
	TRY(digest_parse("the bundle's manifest", b->record->manifest, &digest));
	TRY(source_open(b->arena, place, &i.source));
	i.name = arena_printf(b->arena, "%s@%.19s", place->path, b->record->manifest);
	if (!source_has_blob(i.source, &digest)) {
		source_close(i.source);
		return 1;
	}
	int r = describe(&i, &digest, &d);
	i.descriptor = d;
	if (r == 0)
		r = image_load(&i);
	if (r < 0) {
		image_close(&i);
		return r;
	}
	*out = i;
	return 0;
}

static int same_image(const struct bundle_tree *b, const struct image *i)
{
	char text[DIGEST_TEXT_MAX];
	if (streq(digest_format(&i->config_digest, text), b->record->config))
		return 0;
	return err_msg(ERR_STATE, "%s is not the image that the bundle was made of (%s) any more",
		       i->name, b->record->config);
}

static int try_place(const struct bundle_tree *b, const char *text, struct image *out)
{
	struct reference ref;
	TRY(reference_parse(b->arena, text, &ref));
	if (b->record->manifest)
		return open_by_digest(b, &ref, out);
	TRY(image_open(b->arena, text, NULL, out));
	return 0;
}

int bundle_base_open(const struct bundle_tree *b, const char *place, struct image *out)
{
	struct image i;
	int r = 1;
	if (place && b->record->manifest)
		r = try_place(b, place, &i);
	if (r < 0)
		err_dropped(r); /* a layout that is still to be made */
	if (r != 0)
		r = TRY_AS(try_place(b, b->record->image, &i), "the image of the bundle \"%s\"",
			   b->path);
	if (r > 0)
		return err_msg(ERR_STATE, "the image that the bundle was made of, %s, is not in %s "
					  "any more", b->record->manifest, b->record->image);
	r = same_image(b, &i);
	if (r < 0)
		image_close(&i);
	else
		*out = i;
	return r;
}

/* ---- what changed */

static struct oci_strs masks_of(struct arena *a, const struct image *base,
				const struct change_wishes *w)
{
	VEC(const char *) v = { 0 };
	for (size_t i = 0; i < w->masks.n; i++)
		vec_push(a, &v, path_clean(a, w->masks.v[i]));
	const struct oci_image_exec *c = base ? base->config->config : NULL;
	for (size_t i = 0; c && !w->no_mask_volumes && i < c->volumes.n; i++)
		vec_push(a, &v, path_clean(a, c->volumes.v[i].key));
	return (struct oci_strs){ .v = v.v, .n = v.n, .present = true };
}

static void set_layers(struct arena *a, const struct image *base, struct diff_opts *o)
{
	struct unpack_layer *v = arena_calloc(a, base->n_layers, sizeof(*v));
	for (size_t i = 0; i < base->n_layers; i++)
		v[i] = base->layers[i].in;
	o->layers = v;
	o->n_layers = base->n_layers;
}

static int open_lowers(const struct oci_bundle_overlay *o, struct arena *a, int *fds)
{
	const char *path = arena_printf(a, "%s/layers", o->store);
	_cleanup_close_ int store = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store < 0)
		return err_sys("open the store \"%s\"", o->store);
	for (size_t i = 0; i < o->layers.n; i++) {
		const char *name = o->layers.v[o->layers.n - 1 - i]; /* topmost first */
		fds[i] = openat(store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fds[i] < 0)
			return err_sys("open layer \"%s\" of the store", name);
	}
	return 0;
}

static int diff_overlay(const struct bundle_tree *b, struct bundle_changes *c)
{
	const struct oci_bundle_overlay *o = b->record->overlay;
	int *fds = arena_calloc(b->arena, o->layers.n, sizeof(int));
	struct lower_layers lowers = { fds, o->layers.n };
	for (size_t i = 0; i < lowers.n; i++)
		fds[i] = -1;
	int r = open_lowers(o, b->arena, fds);
	if (r == 0)
		r = diff_upper(b->arena, &c->how, b->root_fd, &lowers, &c->list);
	for (size_t i = 0; i < lowers.n; i++)
		close_fd(&fds[i]);
	return r;
}

static int diff_own(const struct bundle_tree *b, struct bundle_changes *c)
{
	struct snapshot *s;
	int r = TRY(snapshot_open(b->fd, &s));
	if (r > 0)
		return err_msg(ERR_STATE, "\"%s\" has no %s, so changes cannot be found", b->path,
			       SNAPSHOT_NAME);
	r = diff_tree(b->arena, &c->how, b->root_fd, s, &c->list);
	snapshot_close(s);
	return r < 0 ? err_wrap("\"%s\"", b->path) : 0;
}

int bundle_diff(const struct bundle_tree *b, const struct image *base,
		const struct change_wishes *w, struct snapshot_writer *refresh,
		struct bundle_changes *out)
{
	struct bundle_changes c = { .how = {
		.masks = masks_of(b->arena, base, w),
		.rootless = b->record->rootless,
		.mapped = b->record->uids.n > 0 || b->record->gids.n > 0,
		.refresh = refresh,
	} };
	if (base)
		set_layers(b->arena, base, &c.how);
	TRY(b->record->overlay ? diff_overlay(b, &c) : diff_own(b, &c));
	*out = c;
	return 0;
}
