/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the base's documents, changed in memory. */
#include "image/derive.h"

#include <stdlib.h>
#include <time.h>

#include "base/parse.h"
#include "base/vec.h"

#define OCI_PREFIX "application/vnd.oci.image."
#define DOCKER_PREFIX "application/vnd.docker."
#define DOCKER_LAYER DOCKER_PREFIX "image.rootfs.diff.tar"

int source_date_epoch(int64_t *out)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	if (!text || !*text)
		return 0;
	/* to the end of the year 9999, so that it can be written */
	TRY(parse_i64("SOURCE_DATE_EPOCH", text, 0, 253402300799, out));
	return 1;
}

int derive_now(struct arena *a, const char **out)
{
	int64_t epoch;
	char text[32];
	struct tm tm;
	int r = TRY(source_date_epoch(&epoch));
	time_t now = r > 0 ? (time_t)epoch : time(NULL);
	if (!gmtime_r(&now, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return err_msg(ERR_BUG, "the time cannot be written");
	*out = arena_strdup(a, text);
	return 0;
}

/* ---- config */

static int add_history(struct arena *a, struct oci_image_config *c, bool empty,
		       const struct history_wishes *w)
{
	struct oci_image_history *v = arena_calloc(a, c->history.n + 1, sizeof(*v));
	if (c->history.n > 0)
		memcpy(v, c->history.v, c->history.n * sizeof(*v));
	struct oci_image_history *h = &v[c->history.n];
	h->created = w->created ? w->created : c->created;
	h->created_by = w->created_by ? w->created_by : "oci-image-tool repack";
	h->author = w->author;
	h->comment = w->comment;
	h->empty_layer = empty;
	c->history.v = v;
	c->history.n++;
	c->history.present = true;
	return 0;
}

/* An image whose history is not complete is better without one than with a wrong one: only lines
 * that are not empty count, and they must be as many as there are layers. */
static bool history_fits(const struct oci_image_config *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->history.n; i++)
		n += !c->history.v[i].empty_layer;
	return n == c->rootfs->diff_ids.n;
}

static void add_diff_id(struct arena *a, struct oci_image_config *c, const struct digest *d)
{
	struct oci_strs *ids = &c->rootfs->diff_ids;
	const char **v = arena_calloc(a, ids->n + 1, sizeof(*v));
	if (ids->n > 0)
		memcpy(v, ids->v, ids->n * sizeof(*v));
	v[ids->n] = digest_text(a, d);
	*ids = (struct oci_strs){ .v = v, .n = ids->n + 1, .present = true };
}

int derive_config(const struct image *base, const struct new_layer *layer,
		  const struct history_wishes *w, const char **text, size_t *len)
{
	struct arena *a = base->arena;
	struct oci_image_config *c = oci_copy(a, oci_image_config_type(), base->config);
	bool fits = history_fits(c);
	TRY(derive_now(a, &c->created));
	if (layer)
		add_diff_id(a, c, &layer->diff_id);
	if (!w->none && fits)
		TRY(add_history(a, c, !layer, w));
	*text = oci_encode(a, oci_image_config_type(), c, NULL, len);
	return *text ? 0 : err_msg(ERR_BUG, "the new config cannot be written");
}

/* ---- manifest */

static bool is_docker(const struct image *base)
{
	const char *type = base->descriptor ? base->descriptor->media_type : "";
	return after_prefix(type, DOCKER_PREFIX) != NULL;
}

const char *derive_layer_type(const struct image *base, enum codec c)
{
	static const char *const oci[] = {
		[CODEC_PLAIN] = OCI_PREFIX "layer.v1.tar",
		[CODEC_GZIP] = OCI_PREFIX "layer.v1.tar+gzip",
		[CODEC_ZSTD] = OCI_PREFIX "layer.v1.tar+zstd",
	};
	static const char *const docker[] = {
		[CODEC_PLAIN] = DOCKER_LAYER,
		[CODEC_GZIP] = DOCKER_LAYER ".gzip",
		[CODEC_ZSTD] = DOCKER_LAYER ".zstd",
	};
	return is_docker(base) ? docker[c] : oci[c];
}

int derive_manifest(const struct image *base, const struct oci_descriptor *config,
		    const struct oci_descriptor *layers, size_t n_layers, struct oci_manifest *out)
{
	struct arena *a = base->arena;
	struct oci_manifest *m = arena_alloc(a, sizeof(*m));
	if (base->manifest)
		m = oci_copy(a, oci_manifest_type(), base->manifest);
	m->schema_version = 2;
	if (!m->media_type)
		m->media_type = OCI_PREFIX "manifest.v1+json";
	m->config = oci_copy(a, oci_descriptor_type(), config);
	m->config->media_type = is_docker(base) ? DOCKER_PREFIX "container.image.v1+json"
						: OCI_PREFIX "config.v1+json";
	m->layers.v = arena_calloc(a, n_layers, sizeof(*m->layers.v));
	for (size_t i = 0; i < n_layers; i++)
		m->layers.v[i] = layers[i];
	m->layers.n = n_layers;
	m->layers.present = true;
	*out = *m;
	return 0;
}
