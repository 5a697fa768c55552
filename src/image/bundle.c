/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a bundle, by its table. */
#include "image/bundle.h"

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"

/* clang-format off */
#include <ocispec/tables_on.h>
#include "image/bundle.def"
#include <ocispec/structs_off.h>
/* clang-format on */

static struct oci_bundle_map *maps_of(struct arena *a, const struct unpack_map *m, size_t n)
{
	struct oci_bundle_map *v = arena_calloc(a, n, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = (struct oci_bundle_map){ .inside = m[i].inside,
						.outside = m[i].outside,
						.count = m[i].count };
	return v;
}

/* Where it is, from any working directory. */
static const char *place_of(const struct image *i)
{
	static const char *const kinds[] = {
		[SOURCE_ANY] = "", [SOURCE_LAYOUT] = "oci:",
		[SOURCE_OCI_ARCHIVE] = "oci-archive:", [SOURCE_DOCKER_ARCHIVE] = "docker-archive:",
	};
	const char *path = path_absolute(i->arena, source_path(i->source));
	if (!path)
		return i->name;
	return arena_printf(i->arena, "%s%s%s%s", kinds[source_kind(i->source)], path,
			    i->ref ? ":" : "", i->ref ? i->ref : "");
}

int bundle_record_write(const struct image *i, const struct unpack_opts *o,
			struct oci_bundle_overlay *overlay, int bundle_fd)
{
	size_t len;
	struct oci_bundle b = {
		.version = BUNDLE_VERSION,
		.image = place_of(i),
		.ref = i->ref,
		.manifest = i->descriptor ? i->descriptor->digest : NULL,
		.config = digest_text(i->arena, &i->config_digest),
		.layers = i->config->rootfs->diff_ids,
		.rootless = o->rootless,
		.devices = o->devices,
		.overlay = overlay,
	};
	b.uids.v = maps_of(i->arena, o->uids, o->n_uids);
	b.uids.n = o->n_uids;
	b.gids.v = maps_of(i->arena, o->gids, o->n_gids);
	b.gids.n = o->n_gids;
	const char *text = oci_encode(i->arena, oci_bundle_type(), &b, "\t", &len);
	if (!text)
		return err_msg(ERR_BUG, "the record of the bundle cannot be written as JSON");
	return io_replace_file(bundle_fd, BUNDLE_RECORD, text, len, 0600);
}

int bundle_record_read(struct arena *a, int bundle_fd, const char *path, struct oci_bundle **out)
{
	struct oci_diag diag;
	char *text;
	size_t len;
	int r = io_read_file(a, bundle_fd, BUNDLE_RECORD, MAX_MANIFEST, &text, &len);
	if (r == -ENOENT) {
		r = err_msg(ERR_USAGE, "\"%s\" is not a bundle made by oci-image-tool create",
			    path);
		err_hint("there is no %s in it", BUNDLE_RECORD);
	}
	TRY(r);
	struct oci_bundle *b = oci_decode(a, oci_bundle_type(), text, len, 0, &diag);
	if (!b)
		return err_msg(ERR_CONFIG, "%s/%s: %s", path, BUNDLE_RECORD, diag.text);
	if (b->version != BUNDLE_VERSION)
		return err_msg(ERR_UNSUPPORTED, "%s/%s: version %u, expected %d", path,
			       BUNDLE_RECORD, b->version, BUNDLE_VERSION);
	*out = b;
	return 0;
}
