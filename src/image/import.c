/* SPDX-License-Identifier: Apache-2.0 */
/* import: a tar of a root file system becomes an image of one layer. The tar is read as strictly as
 * any layer, and kept byte for byte. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/derive.h"
#include "image/image.h"
#include "image/publish.h"
#include "layer/compress.h"
#include "layer/tar.h"

/* A feed that passes everything on, so that one reading parses and copies. */
struct tee {
	struct feed feed;
	struct feed *from;
	struct sink *to;
};

static int tee_next(struct feed *feed, const uint8_t **data, size_t *n)
{
	struct tee *t = (struct tee *)feed;
	int r = t->from->next(t->from, data, n);
	return r > 0 ? ({
		int w = sink_write(t->to, *data, *n);
		w < 0 ? w : 1;
	})
		     : r;
}

static int parse_all(struct feed *f, const char *what)
{
	struct tar_entry e;
	struct tar *t = tar_new(f, what, NULL);
	int r;
	while ((r = tar_next(t, &e)) > 0)
		;
	tar_free(t);
	return r;
}

static int open_tar(struct arena *a, const char *path, int *fd, struct region *r, enum codec *c)
{
	struct stat st;
	uint8_t magic[6];
	*fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return err_sys("open \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_msg(ERR_USAGE, "\"%s\" is not a regular file", path);
	*r = (struct region){ *fd, 0, (uint64_t)st.st_size };
	(void)a;
	if (r->size < sizeof(magic))
		return err_msg(ERR_CONFIG, "\"%s\" is no tar", path);
	TRY(region_read(r, path, 0, magic, sizeof(magic)));
	*c = codec_sniff(magic, sizeof(magic));
	return 0;
}

static int make_layer(struct arena *a, struct layout *l, const char *path, enum codec codec,
		      struct new_layer *out)
{
	_cleanup_close_ int fd = -1;
	struct sink *compress;
	struct region r;
	struct blob b;
	struct tee t = { .feed.next = tee_next };
	enum codec found = CODEC_PLAIN;
	uint64_t plain;
	TRY(open_tar(a, path, &fd, &r, &found));
	TRY(feed_open(a, &r, found, path, &t.from));
	int result = blob_begin(l, &b);
	if (result >= 0)
		result = compress_open(a, codec, 0, b.sink, &compress);
	if (result >= 0) {
		t.to = sink_hashing(a, compress, DIGEST_SHA256, &out->diff_id, &plain);
		result = parse_all(&t.feed, path);
		if (result >= 0)
			result = t.to->finish(t.to);
		if (t.to->close)
			t.to->close(t.to);
	}
	feed_close(t.from);
	if (result >= 0)
		result = blob_commit(&b);
	blob_abort(&b);
	out->codec = codec;
	out->blob = b.digest;
	out->size = b.size;
	return result;
}

static int make_config(struct arena *a, const struct new_layer *layer, const char *path,
		       const struct config_wishes *w, struct image *base)
{
	struct oci_image_config *c = arena_alloc(a, sizeof(*c));
	struct oci_image_history *h = arena_alloc(a, sizeof(*h));
	struct oci_platform host;
	const char **ids = arena_calloc(a, 1, sizeof(*ids));
	TRY(platform_parse(a, NULL, &host));
	TRY(derive_now(a, &c->created));
	ids[0] = digest_text(a, &layer->diff_id);
	h->created = c->created;
	h->created_by = arena_printf(a, "oci-image-tool import %s", path);
	c->architecture = host.architecture;
	c->variant = host.variant;
	c->os = host.os;
	c->rootfs = arena_alloc(a, sizeof(*c->rootfs));
	c->rootfs->type = "layers";
	c->rootfs->diff_ids = (struct oci_strs){ .v = ids, .n = 1, .present = true };
	c->history.v = h;
	c->history.n = 1;
	c->history.present = true;
	TRY(config_edit(a, c, w));
	base->config_text = oci_encode(a, oci_image_config_type(), c, NULL, &base->config_len);
	return base->config_text ? 0 : err_msg(ERR_BUG, "the config cannot be written");
}

static int run(struct image_tool *t, const char *tar, const struct reference *to,
	       const struct import_wishes *w, struct layout *l)
{
	struct image base = { .arena = t->arena, .name = tar };
	struct new_layer layer = { 0 };
	struct oci_descriptor d, made;
	enum codec codec = CODEC_GZIP;
	if (w->compress)
		TRY(codec_parse("--compress", w->compress, &codec));
	TRY(make_layer(t->arena, l, tar, codec, &layer));
	TRY(make_config(t->arena, &layer, tar, &w->config, &base));
	d = (struct oci_descriptor){ .media_type = derive_layer_type(&base, codec),
				     .digest = digest_text(t->arena, &layer.blob),
				     .size = (int64_t)layer.size };
	const struct publication p = { .layout = l,
				       .base = &base,
				       .config = base.config_text,
				       .config_len = base.config_len,
				       .layers = &d,
				       .n_layers = 1,
				       .ref = to->ref };
	TRY(publish(t->arena, &p, &made));
	puts(made.digest);
	return 0;
}

int image_import(struct image_tool *t, const char *tar, const char *to,
		 const struct import_wishes *w)
{
	struct reference target;
	struct layout *l;
	TRY(publish_target(t->arena, to, &target));
	TRY(layout_open(t->arena, target.path, true, &l));
	int r = run(t, tar, &target, w, l);
	layout_close(l);
	return r;
}
