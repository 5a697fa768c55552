/* SPDX-License-Identifier: Apache-2.0 */
/* Walking indexes: from index.json down through nested ones, breadth bounded, every digest once. */
#include "base/cleanup.h"
#include "base/str.h"
#include "image/resolve.h"

enum { MAX_DEPTH = 4, MAX_VISITED = 10000 };

struct walk {
	struct arena *arena;
	struct source *source;
	struct leaves *out;
	VEC(const char *) seen;
};

const char *descriptor_annotation(const struct oci_descriptor *d, const char *key)
{
	for (size_t i = 0; i < d->annotations.n; i++)
		if (streq(d->annotations.v[i].key, key))
			return d->annotations.v[i].value;
	return NULL;
}

const char *descriptor_ref(const struct oci_descriptor *d)
{
	const char *full = descriptor_annotation(d, "io.containerd.image.name");
	return full ? full : descriptor_annotation(d, "org.opencontainers.image.ref.name");
}

/* Build tools keep attestations beside images, as manifests for nobody's platform. */
static bool is_attestation(const struct oci_descriptor *d)
{
	const char *type = descriptor_annotation(d, "vnd.docker.reference.type");
	return (type && streq(type, "attestation-manifest")) ||
	       (d->platform && streq(d->platform->os, "unknown") &&
		streq(d->platform->architecture, "unknown"));
}

static bool seen_before(struct walk *w, const char *digest)
{
	for (size_t i = 0; i < w->seen.n; i++)
		if (streq(w->seen.v[i], digest))
			return true;
	vec_push(w->arena, &w->seen, digest);
	return false;
}

static int read_index(struct walk *w, const struct oci_descriptor *d, struct oci_index **out)
{
	struct document doc = { .what = d->digest, .media_type = d->media_type };
	char *text;
	TRY(source_document(w->source, d, MAX_MANIFEST, &text, &doc.len));
	doc.text = text;
	return index_decode(w->arena, &doc, out);
}

static int walk_index(struct walk *w, const struct oci_index *index, const struct leaf *above,
		      unsigned depth);

static int walk_descriptor(struct walk *w, const struct oci_descriptor *d, const struct leaf *above,
			   unsigned depth)
{
	struct oci_index *nested;
	if (++w->out->visited > MAX_VISITED)
		return err_msg(ERR_CONFIG, "%s: more than %d descriptors in its indexes",
			       source_path(w->source), MAX_VISITED);
	if (is_attestation(d))
		return 0;
	if (media_type_is_manifest(d->media_type)) {
		struct leaf *l = vec_add(w->arena, &w->out->list);
		*l = *above;
		l->descriptor = d;
		l->platform = d->platform;
		return 0;
	}
	if (!media_type_is_index(d->media_type) || seen_before(w, d->digest))
		return 0;
	if (depth == MAX_DEPTH)
		return err_msg(ERR_CONFIG, "%s: more than %d indexes one in the other",
			       source_path(w->source), MAX_DEPTH);
	TRY(read_index(w, d, &nested));
	return walk_index(w, nested, above, depth + 1);
}

static int walk_index(struct walk *w, const struct oci_index *index, const struct leaf *above,
		      unsigned depth)
{
	for (size_t i = 0; i < index->manifests.n; i++)
		TRY(walk_descriptor(w, &index->manifests.v[i], above, depth));
	return 0;
}

static bool is_named(const struct oci_descriptor *d, const char *ref)
{
	const char *short_name = descriptor_annotation(d, "org.opencontainers.image.ref.name");
	const char *full_name = descriptor_annotation(d, "io.containerd.image.name");
	return (short_name && reference_names(short_name, ref)) ||
	       (full_name && reference_names(full_name, ref));
}

static bool is_wanted(const struct oci_descriptor *d, const struct reference *ref)
{
	return !ref->ref || is_named(d, ref->ref);
}

static int nothing_found(struct source *s, const struct reference *ref)
{
	struct str list;
	const struct oci_index *index = source_index(s);
	struct arena *a = arena_new();
	str_init(&list, a, 600);
	for (size_t i = 0; i < index->manifests.n; i++) {
		const char *name = descriptor_ref(&index->manifests.v[i]);
		str_addf(&list, "%s", i ? ", " : "");
		str_add_quoted(&list, name ? name : index->manifests.v[i].digest);
	}
	int r = err_msg(ERR_USAGE, "%s has no image \"%s\"; it has %s", source_path(s),
			ref->ref ? ref->ref : "of that digest", list.n ? list.v : "none at all");
	arena_free(a);
	return r;
}

int leaves_find(struct arena *a, struct source *s, const struct reference *ref, struct leaves *out)
{
	struct walk w = { .arena = a, .source = s, .out = out };
	const struct oci_index *index = source_index(s);
	*out = (struct leaves){ 0 };
	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct oci_descriptor *d = &index->manifests.v[i];
		struct leaf above = { .ref = descriptor_ref(d), .entry = i };
		if (!is_wanted(d, ref))
			continue;
		w.seen.n = 0;
		TRY(walk_descriptor(&w, d, &above, 0));
	}
	if (ref->has_digest) {
		const char *want = digest_text(a, &ref->digest);
		size_t kept = 0;
		for (size_t i = 0; i < out->list.n; i++) {
			const struct leaf *l = &out->list.v[i];
			bool top = streq(index->manifests.v[l->entry].digest, want);
			if (top || streq(l->descriptor->digest, want))
				out->list.v[kept++] = *l;
		}
		out->list.n = kept;
	}
	return out->list.n || (!ref->ref && !ref->has_digest) ? 0 : nothing_found(s, ref);
}
