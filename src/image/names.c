/* SPDX-License-Identifier: Apache-2.0 */
/* init, tag and rm: the names in index.json. A name is given to an entry as a whole, so an image
 * for several platforms keeps all of them. */
#include "base/cleanup.h"
#include "image/image.h"
#include "image/layout.h"
#include "image/resolve.h"

int image_init(struct image_tool *t, const char *layout)
{
	return layout_create(t->arena, layout);
}

static bool is_meant(struct arena *a, const struct oci_descriptor *d, const struct reference *ref)
{
	const char *name = descriptor_ref(d);
	if (ref->has_digest && !streq(d->digest, digest_text(a, &ref->digest)))
		return false;
	return !ref->ref || (name && reference_names(name, ref->ref));
}

/* The entry of index.json, or a manifest below it, that the reference means. */
static int find_entry(struct arena *a, struct layout *l, const struct reference *ref,
		      const struct oci_descriptor **out)
{
	const struct oci_index *x = layout_index(l);
	const struct oci_descriptor *found = NULL;
	for (size_t i = 0; i < x->manifests.n; i++) {
		const struct oci_descriptor *d = &x->manifests.v[i];
		if (!is_meant(a, d, ref))
			continue;
		if (found && !streq(found->digest, d->digest))
			return err_msg(ERR_USAGE, "%s has several such images, say which",
				       ref->path);
		found = d;
	}
	if (!found)
		return err_msg(ERR_USAGE, "%s has no image \"%s\"", ref->path,
			       ref->ref          ? ref->ref
			       : ref->has_digest ? digest_text(a, &ref->digest)
						 : "at all");
	*out = found;
	return 0;
}

int image_tag(struct image_tool *t, const char *image, const char *name)
{
	struct reference ref;
	struct layout *l;
	const struct oci_descriptor *d = NULL;
	TRY(reference_parse(t->arena, image, &ref));
	if (!*name)
		return err_msg(ERR_USAGE, "the new name is empty");
	TRY(layout_open(t->arena, ref.path, false, &l));
	int r = find_entry(t->arena, l, &ref, &d);
	if (r >= 0) {
		struct oci_descriptor copy = *d;
		r = layout_tag(l, &copy, name);
	}
	if (r >= 0)
		r = layout_commit(l);
	layout_close(l);
	return r;
}

static int remove_entries(struct arena *a, struct layout *l, const struct reference *ref)
{
	struct oci_index *x = layout_index(l);
	const struct oci_descriptor *one;
	size_t kept = 0;
	TRY(find_entry(a, l, ref, &one));
	for (size_t i = 0; i < x->manifests.n; i++)
		if (!is_meant(a, &x->manifests.v[i], ref))
			x->manifests.v[kept++] = x->manifests.v[i];
	x->manifests.n = kept;
	return layout_commit(l);
}

int image_rm(struct image_tool *t, const char *image)
{
	struct reference ref;
	struct layout *l;
	TRY(reference_parse(t->arena, image, &ref));
	if (!ref.ref && !ref.has_digest)
		return err_msg(ERR_USAGE, "rm: say which image of \"%s\": LAYOUT:REF", image);
	TRY(layout_open(t->arena, ref.path, false, &l));
	int r = remove_entries(t->arena, l, &ref);
	layout_close(l);
	return r;
}
