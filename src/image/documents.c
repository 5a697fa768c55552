/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and indexes: decoding, and the checks that keep one from passing for the other. */
#include "base/cleanup.h"
#include "image/resolve_parts.h"

static bool one_of(const char *t, const char *const *words)
{
	for (; *words; words++)
		if (streq(t, *words))
			return true;
	return false;
}

bool media_type_is_index(const char *t)
{
	static const char *const words[] = {
		"application/vnd.oci.image.index.v1+json",
		"application/vnd.docker.distribution.manifest.list.v2+json", NULL
	};
	return one_of(t, words);
}

bool media_type_is_manifest(const char *t)
{
	static const char *const words[] = { "application/vnd.oci.image.manifest.v1+json",
					     "application/vnd.docker.distribution.manifest.v2+json",
					     NULL };
	return one_of(t, words);
}

bool media_type_is_config(const char *t)
{
	static const char *const words[] = { "application/vnd.oci.image.config.v1+json",
					     "application/vnd.docker.container.image.v1+json",
					     NULL };
	return one_of(t, words);
}

static void note_key(void *ctx, const char *pointer)
{
	const char **wanted = ctx;
	if (streq(pointer, wanted[0]))
		wanted[1] = "found";
}

/* CVE-2021-41190: a text that is a manifest for one reader and an index for the other. */
static int refuse_both(const char *what, const struct oci_type *type, const char *text, size_t len)
{
	const char *const keys[] = { type == oci_index_type() ? "/layers" : "/manifests",
				     type == oci_index_type() ? "/config" : "/manifests" };
	struct oci_diag diag;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *wanted[2] = { keys[i], NULL };
		if (oci_list_unknown(type, text, len, note_key, wanted, &diag) < 0)
			return err_msg(ERR_CONFIG, "%s: %s", what, diag.text);
		if (wanted[1])
			return err_msg(
				ERR_CONFIG, "%s: it is %s and has the key %s, which only %s has",
				what, type == oci_index_type() ? "an index" : "a manifest",
				keys[i] + 1, type == oci_index_type() ? "a manifest" : "an index");
	}
	return 0;
}

static int check_head(const char *what, const char *outside, const char *inside, int64_t version)
{
	if (version != 2)
		return err_msg(ERR_UNSUPPORTED, "%s: schemaVersion %lld, expected 2", what,
			       (long long)version);
	if (outside && inside && *inside && !streq(inside, outside))
		return err_msg(ERR_CONFIG, "%s: its mediaType is %s, its descriptor says %s", what,
			       inside, outside);
	return 0;
}

static int check_data_of(struct arena *a, const struct document *doc, const char *key,
			 const struct oci_descriptor *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(descriptor_check_data(a, arena_printf(a, "%s: /%s/%zu", doc->what, key, i),
					  &v[i]));
	return 0;
}

static int check_data(struct arena *a, const struct document *doc, const char *key,
		      const struct oci_descriptor *d)
{
	return descriptor_check_data(a, arena_printf(a, "%s: /%s", doc->what, key), d);
}

int manifest_decode(struct arena *a, const struct document *doc, struct oci_manifest **out)
{
	struct oci_diag diag;
	TRY(refuse_both(doc->what, oci_manifest_type(), doc->text, doc->len));
	struct oci_manifest *m =
		oci_decode(a, oci_manifest_type(), doc->text, doc->len, OCI_KEEP_UNKNOWN, &diag);
	if (!m)
		return err_msg(ERR_CONFIG, "%s: %s", doc->what, diag.text);
	TRY(check_head(doc->what, doc->media_type, m->media_type, m->schema_version));
	TRY(check_data(a, doc, "config", m->config));
	TRY(check_data_of(a, doc, "layers", m->layers.v, m->layers.n));
	TRY(check_data(a, doc, "subject", m->subject));
	*out = m;
	return 0;
}

int index_decode(struct arena *a, const struct document *doc, struct oci_index **out)
{
	struct oci_diag diag;
	TRY(refuse_both(doc->what, oci_index_type(), doc->text, doc->len));
	struct oci_index *i =
		oci_decode(a, oci_index_type(), doc->text, doc->len, OCI_KEEP_UNKNOWN, &diag);
	if (!i)
		return err_msg(ERR_CONFIG, "%s: %s", doc->what, diag.text);
	TRY(check_head(doc->what, doc->media_type, i->media_type, i->schema_version));
	TRY(check_data_of(a, doc, "manifests", i->manifests.v, i->manifests.n));
	TRY(check_data(a, doc, "subject", i->subject));
	*out = i;
	return 0;
}

int config_decode(struct arena *a, const struct document *doc, struct oci_image_config **out)
{
	struct oci_diag diag;
	struct oci_image_config *c = oci_decode(a, oci_image_config_type(), doc->text, doc->len,
						OCI_KEEP_UNKNOWN, &diag);
	if (!c)
		return err_msg(ERR_CONFIG, "%s: %s", doc->what, diag.text);
	if (!streq(c->rootfs->type, "layers"))
		return err_msg(ERR_UNSUPPORTED, "%s: /rootfs/type is \"%s\", expected \"layers\"",
			       doc->what, c->rootfs->type);
	*out = c;
	return 0;
}
