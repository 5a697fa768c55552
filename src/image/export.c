/* SPDX-License-Identifier: Apache-2.0 */
/* export: an image as one tar. It is unpacked to a private folder first: which of several layers a
 * hard link's content comes from, only a tree can say. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "image/image.h"
#include "image/progress.h"
#include "image/resolve.h"
#include "image/staging.h"
#include "layer/compress.h"
#include "layer/pack.h"
#include "layer/snapshot.h"
#include "layer/xattrs.h"

/* Against a snapshot of the empty folder everything is new. */
static int all_of(struct arena *a, const struct diff_opts *o, int root_fd, int work_fd,
		  struct changes *out)
{
	struct snapshot *nothing;
	int r = snapshot_open(work_fd, &nothing);
	if (r != 0)
		return r < 0 ? r : err_msg(ERR_BUG, "the snapshot of the empty folder is missing");
	r = diff_tree(a, o, root_fd, nothing, out);
	snapshot_close(nothing);
	return r;
}

static int pack(struct image_tool *t, const struct diff_opts *d, int work_fd, int root_fd, int fd)
{
	struct pack_opts o = { .rootless = d->rootless,
			       .xattrs = xattr_classes(root_fd, d->rootless, false) };
	struct changes c = { 0 };
	TRY(all_of(t->arena, d, root_fd, work_fd, &c));
	if (d->rootless)
		TRY(diff_read_layers(t->arena, d, root_fd, &c));
	struct sink *out = sink_fd(t->arena, fd, "the archive");
	int r = pack_changes(&o, root_fd, &c, tarwriter_new(t->arena, out));
	if (r >= 0)
		r = out->finish(out);
	if (out->close)
		out->close(out);
	return r;
}

static int unpack_and_pack(struct image_tool *t, const struct image *i, int work_fd, int fd)
{
	struct unpack_layer *layers = arena_calloc(t->arena, i->n_layers, sizeof(*layers));
	struct unpack_opts o = { .rootless = geteuid() != 0, .devices = geteuid() == 0 };
	struct progress p;
	uint64_t total = 0;
	for (size_t n = 0; n < i->n_layers; n++) {
		layers[n] = i->layers[n].in;
		total += layers[n].blob.size;
	}
	if (mkdirat(work_fd, "rootfs", 0700) < 0)
		return err_sys("make a folder for the image");
	_cleanup_close_ int root_fd =
		openat(work_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys("open the folder for the image");
	TRY(snapshot_write(root_fd, work_fd));
	progress_begin(&p, "unpacking", total, t->quiet);
	o.progress = progress_step;
	o.ctx = &p;
	int r = layers_unpack(&o, layers, i->n_layers, root_fd, NULL);
	progress_end(&p);
	TRY(r);
	const struct diff_opts d = { .layers = layers,
				     .n_layers = i->n_layers,
				     .rootless = o.rootless };
	return pack(t, &d, work_fd, root_fd, fd);
}

static int open_output(const char *path)
{
	if (!path || streq(path, "-"))
		return isatty(STDOUT_FILENO)
			       ? err_msg(ERR_USAGE, "export: a tar does not belong on a terminal")
			       : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd < 0 ? err_sys("create \"%s\"", path) : fd;
}

int image_export(struct image_tool *t, const char *image, const char *platform, const char *output)
{
	const char *dir = getenv("TMPDIR");
	struct staging s;
	struct image i;
	_cleanup_close_ int fd = open_output(output);
	if (fd < 0)
		return fd;
	TRY(image_open(t->arena, image, platform, &i));
	int r = staging_begin(t->arena,
			      arena_printf(t->arena, "%s/oci-image-tool.export.%d",
					   dir && *dir ? dir : "/var/tmp", getpid()),
			      &s);
	if (r >= 0) {
		r = unpack_and_pack(t, &i, s.fd, fd);
		staging_abort(&s);
	}
	image_close(&i);
	if (r < 0 && output && !streq(output, "-"))
		unlink(output);
	return r;
}
