/* SPDX-License-Identifier: Apache-2.0 */
/* validate: goes on after a fault, and so does not share the walk of leaves.c, which ends at the
 * first. Every blob is hashed, every layer unpacked to its diffID and parsed as a tar. */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "image/faults.h"
#include "image/image.h"
#include "image/progress.h"
#include "layer/tar.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 4, MAX_VISITED = 10000 };

struct check {
	struct faults f;
	struct source *source;
	struct progress progress;
	uint64_t done;
	VEC(const char *) seen;
};

static bool seen_before(struct check *c, const char *digest)
{
	for (size_t i = 0; i < c->seen.n; i++)
		if (streq(c->seen.v[i], digest))
			return true;
	vec_push(c->f.arena, &c->seen, digest);
	return false;
}

/* A small document; false when there is a fault in it. */
static bool read_document(struct check *c, const struct oci_descriptor *d, size_t max,
			  struct document *doc)
{
	char *text;
	c->f.checked++;
	doc->what = d->digest;
	doc->media_type = d->media_type;
	if (fault_taken(&c->f, source_document(c->source, d, max, &text, &doc->len)))
		return false;
	doc->text = text;
	return true;
}

/* All entries of the tar, and the digest of its bytes. */
static int read_tar(struct check *c, const struct unpack_layer *l, struct digest *got)
{
	struct tar_entry e;
	struct feed *f;
	int r;
	TRY(feed_open(c->f.arena, &l->blob, l->codec, l->name, &f));
	feed_want_digest(f, l->diff_id.algo, got);
	struct tar *t = tar_new(f, l->name, NULL);
	while ((r = tar_next(t, &e)) > 0 && (r = progress_step(&c->progress, c->done)) >= 0)
		;
	tar_free(t);
	feed_close(f);
	return r;
}

static int check_layer(struct check *c, const struct oci_descriptor *d, const char *diff_id)
{
	struct unpack_layer l = { .name = d->digest };
	struct digest got;
	uint8_t magic[6] = { 0 };
	c->f.checked++;
	TRY(digest_parse(l.name, d->digest, &l.digest));
	TRY(source_blob(c->source, &l.digest, (uint64_t)d->size, &l.blob));
	TRY(region_verify(&l.blob, l.name, &l.digest));
	c->done += l.blob.size;
	if (!diff_id)
		return 0;
	TRY(digest_parse(l.name, diff_id, &l.diff_id));
	if (!codec_of_media_type(d->media_type, &l.codec))
		return err_msg(ERR_UNSUPPORTED, "%s: \"%s\" is no layer we know", l.name,
			       d->media_type);
	if (l.blob.size >= sizeof(magic))
		TRY(region_read(&l.blob, l.name, 0, magic, sizeof(magic)));
	if (codec_sniff(magic, sizeof(magic)) != l.codec)
		return err_msg(ERR_CONFIG, "%s: its media type says %s, its content is %s", l.name,
			       codec_name(l.codec), codec_name(codec_sniff(magic, sizeof(magic))));
	TRY(read_tar(c, &l, &got));
	if (digest_equal(&got, &l.diff_id))
		return 0;
	return err_msg(ERR_CONFIG, "%s: it unpacks to %s, but the config's diff_id is %s", l.name,
		       digest_text(c->f.arena, &got), diff_id);
}

static void check_layers(struct check *c, const struct oci_manifest *m,
			 const struct oci_image_config *config)
{
	for (size_t i = 0; i < m->layers.n; i++) {
		const char *id = config && i < config->rootfs->diff_ids.n
					 ? config->rootfs->diff_ids.v[i]
					 : NULL;
		fault_taken(&c->f, check_layer(c, &m->layers.v[i], id));
		source_forget_blobs(c->source);
	}
}

static void check_manifest(struct check *c, const struct oci_descriptor *d)
{
	struct oci_image_config *config = NULL;
	struct oci_manifest *m;
	struct document doc;
	if (!read_document(c, d, MAX_MANIFEST, &doc) ||
	    fault_taken(&c->f, manifest_decode(c->f.arena, &doc, &m)))
		return;
	bool image = media_type_is_config(m->config->media_type);
	if (read_document(c, m->config, MAX_IMAGE_CONFIG, &doc) && image &&
	    !fault_taken(&c->f, config_decode(c->f.arena, &doc, &config))) {
		validate_config(&c->f, doc.what, config, m->layers.n);
		if (config->rootfs->diff_ids.n != m->layers.n)
			fault_add(&c->f, "%s: %zu layers, but %zu diff_ids in the config",
				  d->digest, m->layers.n, config->rootfs->diff_ids.n);
	}
	check_layers(c, m, config);
}

static void check_index(struct check *c, const struct oci_index *index, unsigned depth);

static void check_descriptor(struct check *c, const struct oci_descriptor *d, unsigned depth)
{
	struct oci_index *nested;
	struct document doc;
	if (seen_before(c, d->digest))
		return;
	if (media_type_is_manifest(d->media_type)) {
		check_manifest(c, d);
	} else if (!media_type_is_index(d->media_type)) {
		fault_taken(&c->f, check_layer(c, d, NULL)); /* of no kind we know: its bytes */
		source_forget_blobs(c->source);
	} else if (depth == MAX_DEPTH) {
		fault_add(&c->f, "%s: more than %d indexes one in the other", d->digest, MAX_DEPTH);
	} else if (read_document(c, d, MAX_MANIFEST, &doc) &&
		   !fault_taken(&c->f, index_decode(c->f.arena, &doc, &nested))) {
		check_index(c, nested, depth + 1);
	}
}

static void check_index(struct check *c, const struct oci_index *index, unsigned depth)
{
	for (size_t i = 0; i < index->manifests.n && c->seen.n < MAX_VISITED; i++)
		check_descriptor(c, &index->manifests.v[i], depth);
	if (c->seen.n >= MAX_VISITED && depth == 0)
		fault_add(&c->f, "more than %d descriptors", MAX_VISITED);
}

/* A docker-archive knows no digests but the diffIDs. */
static int check_docker(struct check *c, const struct oci_docker_archive_image *d)
{
	struct document doc = { .what = d->config };
	struct oci_image_config *config;
	struct region r;
	char *text;
	TRY(source_member(c->source, d->config, &r));
	TRY(region_text(c->f.arena, &r, doc.what, MAX_IMAGE_CONFIG, &text));
	doc.text = text;
	doc.len = (size_t)r.size;
	c->f.checked++;
	TRY(config_decode(c->f.arena, &doc, &config));
	validate_config(&c->f, doc.what, config, d->layers.n);
	if (config->rootfs->diff_ids.n != d->layers.n)
		return err_msg(ERR_CONFIG, "%s: %zu layers, but %zu diff_ids in the config",
			       d->config, d->layers.n, config->rootfs->diff_ids.n);
	for (size_t n = 0; n < d->layers.n; n++) {
		struct unpack_layer l = { .name = d->layers.v[n] };
		struct digest got;
		uint8_t magic[6] = { 0 };
		c->f.checked++;
		TRY(digest_parse(l.name, config->rootfs->diff_ids.v[n], &l.diff_id));
		TRY(source_member(c->source, l.name, &l.blob));
		if (l.blob.size >= sizeof(magic))
			TRY(region_read(&l.blob, l.name, 0, magic, sizeof(magic)));
		l.codec = codec_sniff(magic, sizeof(magic));
		TRY(read_tar(c, &l, &got));
		if (!digest_equal(&got, &l.diff_id))
			return err_msg(ERR_CONFIG, "%s: it unpacks to %s, but its diff_id is %s",
				       l.name, digest_text(c->f.arena, &got),
				       config->rootfs->diff_ids.v[n]);
	}
	return 0;
}

static int check_place(struct check *c, const struct reference *ref)
{
	struct leaves leaves;
	TRY(source_open(c->f.arena, ref, &c->source));
	c->f.checked++;
	const struct oci_docker_archive *d = source_docker(c->source);
	for (size_t i = 0; d && i < d->images.n; i++)
		fault_taken(&c->f, check_docker(c, &d->images.v[i]));
	if (d)
		return 0;
	if (!ref->ref && !ref->has_digest) {
		check_index(c, source_index(c->source), 0);
		return 0;
	}
	TRY(leaves_find(c->f.arena, c->source, ref, &leaves));
	for (size_t i = 0; i < leaves.list.n; i++)
		check_descriptor(c, leaves.list.v[i].descriptor, 0);
	return 0;
}

/* A file that is one document. */
static int check_file(struct check *c, const char *path, const char *type)
{
	struct document doc = { .what = path };
	struct oci_image_config *config;
	struct oci_manifest *manifest;
	struct oci_index *index;
	char *text;
	TRY(io_read_file(c->f.arena, AT_FDCWD, path, MAX_IMAGE_CONFIG, &text, &doc.len));
	doc.text = text;
	c->f.checked++;
	if (streq(type, "config")) {
		TRY(config_decode(c->f.arena, &doc, &config));
		validate_config(&c->f, path, config, config->rootfs->diff_ids.n);
		return 0;
	}
	if (streq(type, "manifest"))
		return manifest_decode(c->f.arena, &doc, &manifest);
	return index_decode(c->f.arena, &doc, &index);
}

static void print_result(const struct check *c, const char *what, bool json)
{
	const struct faults *f = &c->f;
	struct str s;
	str_init(&s, f->arena, 64u << 20);
	if (json) {
		str_add(&s, "{\"path\":");
		str_add_json(&s, what);
		str_addf(&s, ",\"checked\":%zu,\"errors\":[", f->checked);
		for (size_t i = 0; i < f->list.n; i++) {
			str_add(&s, i ? "," : "");
			str_add_json(&s, f->list.v[i]);
		}
		str_add(&s, "]}\n");
	} else if (f->list.n == 0) {
		str_addf(&s, "%s: OK (%zu documents and blobs)\n", what, f->checked);
	} else {
		str_addf(&s, "%s: %zu error%s detected:\n", what, f->list.n,
			 f->list.n == 1 ? "" : "s");
		for (size_t i = 0; i < f->list.n; i++) {
			str_add(&s, "  ");
			str_add_quoted(&s, f->list.v[i]);
			str_addc(&s, '\n');
		}
	}
	fputs(s.v, stdout);
}

int image_validate(struct image_tool *t, const char *what, const char *type, bool json)
{
	static const char *const files[] = { "manifest", "imageIndex", "config" };
	struct check c = { .f.arena = t->arena };
	struct reference ref;
	bool file = false;
	for (size_t i = 0; type && i < ARRAY_SIZE(files); i++)
		file |= streq(type, files[i]);
	if (type && !file && !streq(type, "image") && !streq(type, "imageLayout"))
		return err_msg(ERR_USAGE,
			       "--type: expected image, imageLayout, manifest, imageIndex or "
			       "config, found \"%s\"",
			       type);
	TRY(reference_parse(t->arena, what, &ref));
	progress_begin(&c.progress, "validating", 0, t->quiet);
	fault_taken(&c.f, file ? check_file(&c, what, type) : check_place(&c, &ref));
	source_close(c.source);
	print_result(&c, what, json);
	return c.f.list.n > 0;
}
