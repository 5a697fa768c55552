/* SPDX-License-Identifier: Apache-2.0 */
/* create --overlay, and what belongs to such bundles: mount, delete, and gc of the store.
 * The rootfs is mounted for a moment while config.json is made, because users are looked up in it,
 * and for good when the bundle has its place: nothing of ours is ever renamed while mounted. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "image/create_parts.h"
#include "image/overlay.h"
#include "image/progress.h"
#include "image/staging.h"
#include "layer/rmtree.h"

static int open_root(int bundle_fd)
{
	return openat(bundle_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int configure(struct arena *a, const struct image *i, const struct runtime_wishes *config,
		     const struct oci_bundle_overlay *o, int bundle_fd)
{
	TRY(overlay_mount(a, bundle_fd, o));
	int root_fd = open_root(bundle_fd);
	int r = root_fd < 0 ? err_sys("open the bundle's rootfs")
			    : create_write_config(a, i, config, root_fd, bundle_fd);
	close_fd(&root_fd);
	TRY(r);
	return overlay_umount(bundle_fd, "the new bundle");
}

static int fill_bundle(struct layerstore *s, const struct image *i,
		       const struct runtime_wishes *config, struct oci_bundle_overlay *o,
		       int bundle_fd)
{
	struct unpack_opts none = { 0 };
	TRY(overlay_folders(s, &o->layers, bundle_fd));
	TRY(configure(s->arena, i, config, o, bundle_fd));
	return bundle_record_write(i, &none, o, bundle_fd);
}

static int mount_bundle(struct arena *a, const char *bundle, const struct oci_bundle_overlay *o)
{
	_cleanup_close_ int fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open bundle \"%s\"", bundle);
	return overlay_is_mounted(fd) ? 0 : overlay_mount(a, fd, o);
}

static int stage(struct layerstore *s, const struct image *i, const struct runtime_wishes *config,
		 const char *bundle, struct oci_bundle_overlay *o)
{
	struct staging st;
	TRY(staging_begin(s->arena, bundle, &st));
	int r = layerstore_refer(s, bundle, o);
	if (r >= 0)
		r = fill_bundle(s, i, config, o, st.fd);
	if (r >= 0)
		r = staging_commit(&st, false); /* the layers are on disk, a bundle is soon made */
	if (r < 0) {
		staging_abort(&st);
		struct err why = *err_get();
		err_dropped(o->id ? layerstore_unrefer(s, o->id) : 0);
		return err_set(&why);
	}
	return mount_bundle(s->arena, bundle, o);
}

static int refuse_others(const struct unpack_wishes *w)
{
	if (w->rootless || w->uid_maps.n || w->gid_maps.n || w->keep_dirlinks)
		return err_msg(ERR_USAGE,
			       "--overlay: layers that are shared have their own owners; "
			       "--rootless, --uid-map, --gid-map and --keep-dirlinks "
			       "are for bundles of their own");
	return 0;
}

static uint64_t blob_bytes(const struct image *i)
{
	uint64_t sum = 0;
	for (size_t n = 0; n < i->n_layers; n++)
		sum += i->layers[n].in.blob.size;
	return sum;
}

int create_overlay(struct image_tool *t, const struct image *i, const struct runtime_wishes *config,
		   const char *bundle, const struct create_wishes *w)
{
	struct oci_bundle_overlay o = { 0 };
	struct unpack_opts opts;
	struct progress p;
	struct layerstore s;
	const char *path = path_absolute(t->arena, bundle);
	TRY(refuse_others(&w->unpack));
	TRY(create_parse_wishes(t->arena, &w->unpack, &opts));
	TRY(layerstore_open(t->arena, w->store, false, &s));
	progress_begin(&p, "unpacking", blob_bytes(i), t->quiet);
	opts.progress = progress_step;
	opts.ctx = &p;
	int r = layerstore_fill(&s, i, &opts, &o.layers);
	progress_end(&p);
	o.store = s.path;
	if (r >= 0)
		r = path ? stage(&s, i, config, path, &o) : err_sys("find the working directory");
	layerstore_close(&s);
	return r;
}

static int open_bundle(struct arena *a, const char *bundle, struct oci_bundle **out)
{
	_cleanup_close_ int fd = open(bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open bundle \"%s\"", bundle);
	TRY(bundle_record_read(a, fd, bundle, out));
	return take_fd(&fd);
}

int image_mount(struct image_tool *t, const char *bundle)
{
	struct oci_bundle *b;
	_cleanup_close_ int fd = open_bundle(t->arena, bundle, &b);
	if (fd < 0)
		return fd;
	if (!b->overlay)
		return err_msg(ERR_USAGE,
			       "bundle \"%s\" has its own files, there is nothing to mount",
			       bundle);
	return overlay_is_mounted(fd) ? 0 : overlay_mount(t->arena, fd, b->overlay);
}

/* The reference goes last: who is killed before has left a bundle that still holds its layers. */
static int delete_overlay(struct image_tool *t, const char *bundle, int fd,
			  const struct oci_bundle_overlay *o)
{
	struct layerstore s;
	TRY(overlay_umount(fd, bundle));
	TRY(rmtree(AT_FDCWD, bundle));
	TRY(layerstore_open(t->arena, o->store, false, &s));
	int r = layerstore_unrefer(&s, o->id);
	layerstore_close(&s);
	return r;
}

int image_delete(struct image_tool *t, const char *bundle)
{
	struct oci_bundle *b;
	const char *path = path_absolute(t->arena, bundle);
	if (!path)
		return err_sys("find the working directory");
	_cleanup_close_ int fd = open_bundle(t->arena, path, &b);
	if (fd < 0)
		return fd;
	return b->overlay ? delete_overlay(t, path, fd, b->overlay) : rmtree(AT_FDCWD, path);
}

int image_store_gc(struct image_tool *t, const char *store, bool dry_run)
{
	struct layerstore_freed f;
	struct layerstore s;
	TRY(layerstore_open(t->arena, store, true, &s));
	int r = layerstore_gc(&s, dry_run, &f);
	layerstore_close(&s);
	TRY(r);
	printf("%s %zu layers and %zu references of bundles that are gone\n",
	       dry_run ? "would remove" : "removed", f.layers, f.references);
	return 0;
}
