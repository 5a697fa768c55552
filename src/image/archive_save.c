/* SPDX-License-Identifier: Apache-2.0 */
/* save: one tar that is an oci-archive and a docker-archive at once: the blobs are there once, and
 * index.json and manifest.json both point to them. Always the same bytes for the same images.
 * As a docker-archive alone its layers are not compressed, as `docker save` has them. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/newfile.h"
#include "base/path.h"
#include "base/str.h"
#include "image/derive.h"
#include "image/image.h"
#include "image/resolve.h"
#include "layer/feed.h"
#include "layer/pathset.h"
#include "layer/compress.h"
#include "layer/tarwrite.h"

enum { PIECE = 1 << 20, MAX_DEPTH = 8 };
enum format { BOTH, OCI, DOCKER };

struct save {
	struct arena *arena;
	enum format format;
	int fd;
	bool whole;   /* entries of indexes, with all their platforms */
	bool is_file; /* of ours alone: headers can be corrected */
	struct sink *out;
	struct tarwriter *tar;
	struct pathset written; /* names in the archive */
	struct oci_index index;
	struct str docker; /* manifest.json as it grows */
	uint8_t *piece;
};

/* ---- entries */

static int begin(struct save *s, const char *name, uint64_t size)
{
	const struct tar_entry e = {
		.type = TAR_FILE, .path = name, .link = "", .size = size, .mode = 0644
	};
	return tarwriter_entry(s->tar, &e);
}

/* 1 = it is there already. */
static int claim(struct save *s, const char *name)
{
	if (pathset_has(&s->written, name, strlen(name)))
		return 1;
	return pathset_add_one(&s->written, name, strlen(name));
}

static int put_text(struct save *s, const char *name, const char *text, size_t len)
{
	int r = claim(s, name);
	if (r != 0)
		return r < 0 ? r : 0;
	TRY(begin(s, name, len));
	return tarwriter_data(s->tar, text, len);
}

/* The bytes as they are; their digest must hold. */
static int put_region(struct save *s, const char *name, const struct unpack_layer *l)
{
	struct hasher *h = hasher_new(l->digest.algo);
	struct digest got;
	int r = begin(s, name, l->blob.size);
	for (uint64_t at = 0; r >= 0 && at < l->blob.size;) {
		size_t n = l->blob.size - at < PIECE ? (size_t)(l->blob.size - at) : PIECE;
		r = region_read(&l->blob, l->name, at, s->piece, n);
		if (r >= 0) {
			hasher_add(h, s->piece, n);
			r = tarwriter_data(s->tar, s->piece, n);
		}
		at += n;
	}
	hasher_end(h, &got);
	hasher_free(h);
	if (r >= 0 && l->has_digest && !digest_equal(&got, &l->digest))
		r = err_msg(ERR_CONFIG, "%s: the content has digest %s", l->name,
			    digest_text(s->arena, &got));
	return r;
}

/* How long the plain tar is: a compressed layer has to be read for that. */
static int plain_size(struct save *s, const struct unpack_layer *l, uint64_t *out)
{
	const uint8_t *data;
	struct feed *f;
	size_t n;
	int r;
	*out = 0;
	TRY(feed_open(s->arena, &l->blob, l->codec, l->name, &f));
	while ((r = f->next(f, &data, &n)) > 0)
		*out += n;
	feed_close(f);
	return r;
}

/* The plain bytes; their digest must hold. */
static int put_unpacked(struct save *s, const struct unpack_layer *l, uint64_t *size)
{
	struct digest got;
	const uint8_t *data;
	struct feed *f;
	size_t n;
	int r;
	*size = 0;
	TRY(feed_open(s->arena, &l->blob, l->codec, l->name, &f));
	feed_want_digest(f, l->diff_id.algo, &got);
	while ((r = f->next(f, &data, &n)) > 0) {
		*size += n;
		r = tarwriter_data(s->tar, data, n);
		if (r < 0)
			break;
	}
	feed_close(f);
	if (r >= 0 && !digest_equal(&got, &l->diff_id))
		r = err_msg(ERR_CONFIG, "%s: it unpacks to %s, which is not its diff_id", l->name,
			    digest_text(s->arena, &got));
	return r;
}

/* The size stands in front of a layer and is known behind it. In a file the header is corrected;
 * for a pipe the layer is read twice. */
static int put_plain(struct save *s, const char *name, const struct unpack_layer *l)
{
	struct tar_entry e = { .type = TAR_FILE, .path = name, .link = "", .mode = 0644 };
	uint8_t header[512];
	e.size = l->codec == CODEC_PLAIN ? l->blob.size : UINT64_MAX;
	if (e.size == UINT64_MAX && !s->is_file)
		TRY(plain_size(s, l, &e.size));
	bool late = e.size == UINT64_MAX;
	TRY(tarwriter_begin(s->tar, &e));
	off_t behind = late ? lseek(s->fd, 0, SEEK_CUR) : 0;
	TRY(put_unpacked(s, l, &e.size));
	tarwriter_end(s->tar, &e, header);
	if (late && (behind < 0 || pwrite(s->fd, header, sizeof(header),
					  behind - (off_t)sizeof(header)) != sizeof(header)))
		return err_sys("write the size of %s", l->name);
	return 0;
}

/* ---- images */

static const char *blob_name(struct save *s, const struct digest *d)
{
	return arena_printf(s->arena, "blobs/%s/%s", digest_algo_name(d->algo),
			    digest_hex(s->arena, d));
}

static int save_layer(struct save *s, const struct image_layer *l, const char **name)
{
	bool plain = s->format == DOCKER;
	*name = plain ? arena_printf(s->arena, "%s.tar", digest_hex(s->arena, &l->in.diff_id))
		      : blob_name(s, &l->in.digest);
	int r = claim(s, *name);
	if (r != 0)
		return r < 0 ? r : 0;
	return plain ? put_plain(s, *name, &l->in) : put_region(s, *name, &l->in);
}

/* docker wants a name with a tag; a bare word is a tag of a repository without a name. */
static const char *docker_name(struct arena *a, const char *ref)
{
	const char *slash = strrchr(ref, '/');
	return strchr(slash ? slash : ref, ':') ? ref : arena_printf(a, "%s:latest", ref);
}

static void docker_entry(struct save *s, const char *config, const char *ref,
			 const char *const *layers, size_t n)
{
	str_addf(&s->docker, "%s{\"Config\":", s->docker.n ? "," : "[");
	str_add_json(&s->docker, config);
	str_add(&s->docker, ",\"RepoTags\":[");
	if (ref)
		str_add_json(&s->docker, docker_name(s->arena, ref));
	str_add(&s->docker, "],\"Layers\":[");
	for (size_t i = 0; i < n; i++) {
		str_add(&s->docker, i ? "," : "");
		str_add_json(&s->docker, layers[i]);
	}
	str_add(&s->docker, "]}");
}

static void add_entry(struct save *s, const struct oci_descriptor *entry, const char *ref)
{
	struct oci_descriptor *v = arena_calloc(s->arena, s->index.manifests.n + 1, sizeof(*v));
	struct oci_descriptor *d = &v[s->index.manifests.n];
	if (s->index.manifests.n > 0)
		memcpy(v, s->index.manifests.v, s->index.manifests.n * sizeof(*v));
	*d = *entry;
	if (ref) {
		struct oci_pair name = { "org.opencontainers.image.ref.name", ref };
		d->annotations = (struct oci_map){ .v = arena_memdup(s->arena, &name, sizeof(name)),
						   .n = 1,
						   .present = true };
	}
	s->index.manifests.v = v;
	s->index.manifests.n++;
}

static int oci_entry(struct save *s, const struct image *i)
{
	struct digest digest;
	add_entry(s, i->descriptor, i->ref);
	TRY(digest_parse(i->name, i->descriptor->digest, &digest));
	return put_text(s, blob_name(s, &digest), i->manifest_text, i->manifest_len);
}

static int save_image(struct save *s, const struct image *i)
{
	const char **layers = arena_calloc(s->arena, i->n_layers, sizeof(*layers));
	const char *config =
		s->format == DOCKER
			? arena_printf(s->arena, "%s.json", digest_hex(s->arena, &i->config_digest))
			: blob_name(s, &i->config_digest);
	if (!i->descriptor && s->format != DOCKER)
		return err_msg(ERR_USAGE, "%s is in a docker-archive: load it into a layout first",
			       i->name);
	TRY(put_text(s, config, i->config_text, i->config_len));
	for (size_t n = 0; n < i->n_layers; n++)
		TRY(save_layer(s, &i->layers[n], &layers[n]));
	if (s->format != OCI)
		docker_entry(s, config, i->ref, layers, i->n_layers);
	return s->format == DOCKER ? 0 : oci_entry(s, i);
}

/* ---- images for several platforms: an entry of index.json, with all below it */

static int put_tree(struct save *s, struct source *from, const struct oci_descriptor *d,
		    unsigned depth);

static int put_document(struct save *s, struct source *from, const struct oci_descriptor *d,
			unsigned depth)
{
	struct document doc = { .what = d->digest, .media_type = d->media_type };
	struct oci_manifest *m;
	struct oci_index *x;
	struct digest digest;
	char *text;
	TRY(source_document(from, d, MAX_MANIFEST, &text, &doc.len));
	doc.text = text;
	if (media_type_is_index(d->media_type)) {
		TRY(index_decode(s->arena, &doc, &x));
		for (size_t i = 0; i < x->manifests.n; i++)
			TRY(put_tree(s, from, &x->manifests.v[i], depth + 1));
	} else {
		TRY(manifest_decode(s->arena, &doc, &m));
		TRY(put_tree(s, from, m->config, depth + 1));
		for (size_t i = 0; i < m->layers.n; i++)
			TRY(put_tree(s, from, &m->layers.v[i], depth + 1));
	}
	TRY(digest_parse(doc.what, d->digest, &digest));
	return put_text(s, blob_name(s, &digest), text, doc.len);
}

static int put_tree(struct save *s, struct source *from, const struct oci_descriptor *d,
		    unsigned depth)
{
	struct unpack_layer blob = { .name = d->digest, .has_digest = true };
	if (depth > MAX_DEPTH)
		return err_msg(ERR_CONFIG, "%s: more than %d documents one in the other", d->digest,
			       MAX_DEPTH);
	if (media_type_is_index(d->media_type) || media_type_is_manifest(d->media_type))
		return put_document(s, from, d, depth);
	TRY(digest_parse("descriptor", d->digest, &blob.digest));
	const char *name = blob_name(s, &blob.digest);
	int r = claim(s, name);
	if (r != 0)
		return r < 0 ? r : 0;
	TRY(source_blob(from, &blob.digest, (uint64_t)d->size, &blob.blob));
	r = put_region(s, name, &blob);
	source_forget_blobs(from);
	return r;
}

static int put_entries(struct save *s, struct source *from, const struct reference *ref)
{
	const struct oci_index *x = source_index(from);
	size_t before = s->index.manifests.n;
	for (size_t i = 0; x && i < x->manifests.n; i++) {
		const struct oci_descriptor *d = &x->manifests.v[i];
		const char *name = descriptor_ref(d);
		if (ref->ref && !(name && reference_names(name, ref->ref)))
			continue;
		if (ref->has_digest && !streq(d->digest, digest_text(s->arena, &ref->digest)))
			continue;
		TRY(put_tree(s, from, d, 0));
		add_entry(s, d, name);
	}
	if (s->index.manifests.n > before)
		return 0;
	return err_msg(ERR_USAGE, "%s has no entry %s in its index.json", source_path(from),
		       ref->ref ? ref->ref : "of that kind");
}

static int save_entries(struct save *s, const char *text)
{
	struct reference ref;
	struct source *from;
	TRY(reference_parse(s->arena, text, &ref));
	TRY(source_open(s->arena, &ref, &from));
	int r = put_entries(s, from, &ref);
	source_close(from);
	return r;
}

/* ---- all of it */

static int save_one(struct save *s, const char *text, const char *platform)
{
	struct image i;
	if (s->whole)
		return save_entries(s, text);
	TRY(image_open(s->arena, text, platform, &i));
	int r = save_image(s, &i);
	image_close(&i);
	return r;
}

static int save_all(struct save *s, const struct oci_strs *images, const char *platform)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	size_t len;
	if (s->format != DOCKER)
		TRY(put_text(s, "oci-layout", layout, sizeof(layout) - 1));
	for (size_t n = 0; n < images->n; n++)
		TRY(save_one(s, images->v[n], platform));
	s->index.schema_version = 2;
	s->index.media_type = "application/vnd.oci.image.index.v1+json";
	s->index.manifests.present = true;
	const char *text = oci_encode(s->arena, oci_index_type(), &s->index, NULL, &len);
	if (s->format != DOCKER)
		TRY(text ? put_text(s, "index.json", text, len)
			 : err_msg(ERR_BUG, "the index cannot be written"));
	str_add(&s->docker, "]");
	if (s->format != OCI)
		TRY(put_text(s, "manifest.json", s->docker.v, s->docker.n));
	TRY(tarwriter_finish(s->tar));
	return s->out->finish(s->out);
}

/* ---- the file */

static int write_to(struct image_tool *t, int fd, const char *what, const struct oci_strs *images,
		    const struct save_wishes *w)
{
	struct save s = { .arena = t->arena, .fd = fd, .is_file = fd != STDOUT_FILENO };
	_cleanup_free_ uint8_t *piece = malloc(PIECE);
	if (!piece)
		return err_sysno(ENOMEM, "save");
	if (w->format && streq(w->format, "oci-archive"))
		s.format = OCI;
	else if (w->format && streq(w->format, "docker-archive"))
		s.format = DOCKER;
	else if (w->format && !streq(w->format, "both"))
		return err_msg(
			ERR_USAGE,
			"--format: expected both, oci-archive or docker-archive, found \"%s\"",
			w->format);
	s.whole = w->platform && streq(w->platform, "all");
	if (s.whole && w->format && s.format != OCI)
		return err_msg(ERR_USAGE, "--platform all needs --format oci-archive: "
					  "docker-archives have one platform");
	s.format = s.whole ? OCI : s.format;
	s.piece = piece;
	s.out = sink_fd(t->arena, fd, what);
	s.tar = tarwriter_new(t->arena, s.out);
	str_init(&s.docker, t->arena, 16u << 20);
	TRY(pathset_open(&s.written));
	int r = save_all(&s, images, w->platform);
	if (s.out->close)
		s.out->close(s.out);
	pathset_close(&s.written);
	return r;
}

/* A file gets its name when it is whole; an existing one is replaced. */
static int save_to_file(struct image_tool *t, const char *path, const struct oci_strs *images,
			const struct save_wishes *w)
{
	char *full = path_absolute(t->arena, path);
	struct newfile f;
	if (!full)
		return err_sys("find the working directory");
	_cleanup_close_ int dir_fd =
		open(path_dir(t->arena, full), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys("open the folder of \"%s\"", path);
	TRY_AS(newfile_open(dir_fd, 0644, &f), "save to \"%s\"", path);
	int r = write_to(t, f.fd, path, images, w);
	if (r >= 0 && newfile_name(&f, dir_fd, path_base(full)) < 0)
		r = err_wrap("save to \"%s\"", path);
	newfile_close(&f);
	return r;
}

int image_save(struct image_tool *t, const struct oci_strs *images, const struct save_wishes *w)
{
	if (!w->output)
		return err_msg(ERR_USAGE, "save: --output FILE is missing (\"-\" is stdout)");
	if (!streq(w->output, "-"))
		return save_to_file(t, w->output, images, w);
	if (isatty(STDOUT_FILENO))
		return err_msg(ERR_USAGE, "save: an archive does not belong on a terminal");
	return write_to(t, STDOUT_FILENO, "stdout", images, w);
}
