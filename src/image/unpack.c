/* SPDX-License-Identifier: Apache-2.0 */
/* unpack and create: resolve, stage, unpack, configure, rename. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "base/parse.h"
#include "image/bundle.h"
#include "image/create_parts.h"
#include "image/image.h"
#include "image/progress.h"
#include "image/runtime_config.h"
#include "image/staging.h"
#include "layer/snapshot.h"

/* "CONTAINER:HOST:COUNT" */
static int parse_map(struct arena *a, const char *what, const char *text, struct unpack_map *out)
{
	char *inside = arena_strdup(a, text), *outside = strchr(inside, ':');
	char *count = outside ? strchr(outside + 1, ':') : NULL;
	if (!count)
		return err_msg(ERR_USAGE, "%s: expected CONTAINER:HOST:COUNT, found \"%s\"", what,
			       text);
	*outside++ = '\0';
	*count++ = '\0';
	TRY(parse_id(what, inside, &out->inside));
	TRY(parse_id(what, outside, &out->outside));
	TRY(parse_id(what, count, &out->count));
	if (out->count == 0 || out->count > UINT32_MAX - out->inside ||
	    out->count > UINT32_MAX - out->outside)
		return err_msg(ERR_USAGE, "%s: \"%s\" maps nothing, or ids beyond 32 bits", what,
			       text);
	return 0;
}

static int parse_maps(struct arena *a, const char *what, const struct oci_strs *texts,
		      struct unpack_map **out)
{
	*out = arena_calloc(a, texts->n, sizeof(**out));
	for (size_t i = 0; i < texts->n; i++)
		TRY(parse_map(a, what, texts->v[i], &(*out)[i]));
	return 0;
}

int create_parse_wishes(struct arena *a, const struct unpack_wishes *w, struct unpack_opts *o)
{
	struct unpack_map *uids, *gids;
	int64_t size = 0;
	*o = (struct unpack_opts){ .rootless = w->rootless,
				   .devices = w->devices,
				   .keep_dirlinks = w->keep_dirlinks };
	TRY(parse_maps(a, "--uid-map", &w->uid_maps, &uids));
	TRY(parse_maps(a, "--gid-map", &w->gid_maps, &gids));
	o->uids = uids;
	o->gids = gids;
	o->n_uids = w->uid_maps.n;
	o->n_gids = w->gid_maps.n;
	if (w->rootless && (o->n_uids || o->n_gids))
		return err_msg(ERR_USAGE,
			       "--rootless and --uid-map or --gid-map exclude each other");
	if (w->max_size)
		TRY(parse_size("--max-size", w->max_size, &size));
	if (size < 0)
		return err_msg(ERR_USAGE, "--max-size: expected a size, found \"%s\"", w->max_size);
	o->max_bytes = (uint64_t)size;
	if (w->max_entries)
		TRY(parse_u64("--max-entries", w->max_entries, UINT64_MAX, &o->max_entries));
	return 0;
}

static void warn_of(const struct unpack_report *r)
{
	if (r->devices_skipped)
		log_warn("%llu devices of the image were left out (--devices makes them)",
			 (unsigned long long)r->devices_skipped);
	if (r->xattrs_dropped)
		log_warn("%llu extended attributes of the image were left out",
			 (unsigned long long)r->xattrs_dropped);
	if (r->owners_dropped)
		log_warn("%llu files belong to you instead of their owners (--rootless)",
			 (unsigned long long)r->owners_dropped);
}

/* All layers of i below root_fd, with a progress bar. */
static int unpack_into(const struct image_tool *t, const struct image *i, struct unpack_opts *o,
		       int root_fd)
{
	struct unpack_layer *layers = arena_calloc(i->arena, i->n_layers, sizeof(*layers));
	struct unpack_report report;
	struct progress p;
	uint64_t total = 0;
	for (size_t n = 0; n < i->n_layers; n++) {
		layers[n] = i->layers[n].in;
		total += layers[n].blob.size;
	}
	progress_begin(&p, "unpacking", total, t->quiet);
	o->progress = progress_step;
	o->ctx = &p;
	int r = layers_unpack(o, layers, i->n_layers, root_fd, &report);
	progress_end(&p);
	if (r >= 0)
		warn_of(&report);
	return r;
}

static int stage_rootfs(struct image_tool *t, const struct image *i, struct unpack_opts *o,
			const char *dest, bool sync)
{
	struct staging s;
	TRY(staging_begin(t->arena, dest, &s));
	int r = unpack_into(t, i, o, s.fd);
	if (r >= 0)
		r = staging_commit(&s, sync);
	if (r < 0)
		staging_abort(&s);
	return r;
}

int image_unpack(struct image_tool *t, const char *image, const char *dest,
		 const struct unpack_wishes *w)
{
	struct unpack_opts o;
	struct image i;
	TRY(create_parse_wishes(t->arena, w, &o));
	TRY(image_open(t->arena, image, w->platform, &i));
	int r = stage_rootfs(t, &i, &o, dest, !w->no_sync);
	image_close(&i);
	return r;
}

int create_write_config(struct arena *a, const struct image *i, const struct runtime_wishes *w,
			int root_fd, int bundle_fd)
{
	struct oci_config *c;
	size_t len;
	TRY_AS(runtime_config_make(a, i->config, w, root_fd, &c), "%s", i->name);
	const char *text = oci_encode(a, oci_config_type(), c, "\t", &len);
	if (!text)
		return err_msg(ERR_BUG, "config.json cannot be written");
	return io_replace_file(bundle_fd, "config.json", text, len, 0644);
}

static int fill_bundle(struct image_tool *t, const struct image *i, struct unpack_opts *o,
		       const struct runtime_wishes *w, int bundle_fd)
{
	_cleanup_close_ int root_fd = -1;
	if (mkdirat(bundle_fd, "rootfs", 0700) == 0)
		root_fd = openat(bundle_fd, "rootfs",
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys("make the bundle's rootfs");
	TRY(unpack_into(t, i, o, root_fd));
	TRY(create_write_config(t->arena, i, w, root_fd, bundle_fd));
	TRY(snapshot_write(root_fd, bundle_fd));
	return bundle_record_write(i, o, NULL, bundle_fd);
}

static int stage_bundle(struct image_tool *t, const struct image *i,
			const struct runtime_wishes *config, const char *bundle,
			const struct unpack_wishes *w)
{
	struct unpack_opts o;
	struct staging s;
	TRY(create_parse_wishes(t->arena, w, &o));
	TRY(staging_begin(t->arena, bundle, &s));
	int r = fill_bundle(t, i, &o, config, s.fd);
	if (r >= 0)
		r = staging_commit(&s, !w->no_sync);
	if (r < 0)
		staging_abort(&s);
	return r;
}

int image_create(struct image_tool *t, const char *image, const char *bundle,
		 const struct oci_strs *command, const struct create_wishes *w)
{
	struct runtime_wishes config = {
		.args = w->args,
		.command = *command,
		.env = w->env,
		.user = w->user,
		.cwd = w->cwd,
		.hostname = w->hostname,
		.volumes = w->volumes,
		.read_only = w->read_only,
		.terminal = w->terminal,
		.rootless = w->unpack.rootless,
	};
	struct image i;
	TRY(image_open(t->arena, image, w->unpack.platform, &i));
	int r = w->overlay ? create_overlay(t, &i, &config, bundle, w) :
			     stage_bundle(t, &i, &config, bundle, &w->unpack);
	image_close(&i);
	return r;
}
