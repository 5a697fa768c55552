/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing one image among those a reference may mean. */
#include "image/resolve.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "image/resolve_parts.h"

/* An entry that does not say its platform: its config does. */
static int platform_of(struct image *i, const struct leaf *l, struct oci_platform *out)
{
	struct oci_manifest *m;
	struct oci_image_config *c;
	if (l->platform) {
		*out = *l->platform;
		return 0;
	}
	TRY(image_read_manifest(i, l->descriptor, &m));
	if (!media_type_is_config(m->config->media_type))
		return 1; /* an artifact: of no platform */
	TRY(image_read_config(i, m->config, &c));
	*out = (struct oci_platform){ .os = c->os,
				      .architecture = c->architecture,
				      .variant = c->variant };
	return 0;
}

static const char *list_of(struct image *i, const struct leaves *all)
{
	struct str s;
	str_init(&s, i->arena, 600);
	for (size_t n = 0; n < all->list.n; n++) {
		const struct leaf *l = &all->list.v[n];
		struct oci_platform p;
		str_add(&s, n ? ", " : "");
		if (l->ref)
			str_add_quoted(&s, l->ref);
		str_addf(&s, "%s%.19s", l->ref ? " " : "", l->descriptor->digest);
		if (platform_of(i, l, &p) == 0)
			str_addf(&s, " (%s)", platform_text(i->arena, &p));
		err_clear();
	}
	return s.n ? s.v : "none";
}

/* Without a name: the only entry, or the one called latest. */
static int narrow_unnamed(struct image *i, struct leaves *all)
{
	size_t kept = 0, entries = 0;
	for (size_t n = 0; n < all->list.n; n++)
		entries += n == 0 || all->list.v[n].entry != all->list.v[n - 1].entry;
	if (entries <= 1)
		return 0;
	for (size_t n = 0; n < all->list.n; n++) {
		const char *ref = all->list.v[n].ref;
		size_t len = ref ? strlen(ref) : 0;
		if (len >= 6 && streq(ref + len - 6, "latest"))
			all->list.v[kept++] = all->list.v[n];
	}
	if (kept == 0)
		return err_msg(ERR_USAGE, "%s has several images, say which: %s",
			       source_path(i->source), list_of(i, all));
	all->list.n = kept;
	return 0;
}

static int no_platform(struct image *i, const struct leaves *all, const struct oci_platform *want)
{
	return err_msg(ERR_USAGE, "%s: nothing for %s; there is %s", i->name,
		       platform_text(i->arena, want), list_of(i, all));
}

/* The best match, the first of equals in one entry (image-spec index.md); equals in two entries are
 * ambiguous unless they are the same manifest. */
static int choose(struct image *i, const struct leaves *all, const char *platform,
		  const struct leaf **out)
{
	struct oci_platform want, have;
	const struct leaf *best = NULL;
	int best_score = 0;
	TRY(platform_parse(i->arena, platform, &want));
	for (size_t n = 0; n < all->list.n; n++) {
		const struct leaf *l = &all->list.v[n];
		int r = platform_of(i, l, &have);
		if (r < 0)
			return r;
		int score = r == 0 ? platform_match(&want, &have) : 0;
		if (score > 0 && score == best_score && l->entry != best->entry &&
		    !streq(l->descriptor->digest, best->descriptor->digest))
			return err_msg(ERR_USAGE, "%s means several images: %s", i->name,
				       list_of(i, all));
		if (score > best_score) {
			best = l;
			best_score = score;
		}
	}
	if (best) {
		*out = best;
		return 0;
	}
	/* A lone image for another machine can still be looked at and unpacked. */
	if (all->list.n != 1 || platform)
		return no_platform(i, all, &want);
	*out = &all->list.v[0];
	if (platform_of(i, *out, &have) == 0)
		log_warn("%s is for %s, this host is %s", i->name, platform_text(i->arena, &have),
			 platform_text(i->arena, &want));
	err_clear();
	return 0;
}

static int resolve_oci(struct image *i, const struct reference *ref, const char *platform)
{
	struct leaves all;
	const struct leaf *l = NULL;
	TRY(leaves_find(i->arena, i->source, ref, &all));
	if (all.list.n == 0)
		return err_msg(ERR_USAGE, "%s has no images", source_path(i->source));
	if (!ref->ref && !ref->has_digest)
		TRY(narrow_unnamed(i, &all));
	TRY(choose(i, &all, platform, &l));
	i->ref = l->ref ? l->ref : ref->ref;
	i->descriptor = l->descriptor;
	return image_load(i);
}

static const char *find_tag(const struct oci_docker_archive_image *d, const char *ref)
{
	for (size_t n = 0; n < d->repo_tags.n; n++)
		if (!ref || reference_names(d->repo_tags.v[n], ref))
			return d->repo_tags.v[n];
	return NULL;
}

static int resolve_docker(struct image *i, const struct reference *ref)
{
	const struct oci_docker_archive *d = source_docker(i->source);
	const struct oci_docker_archive_image *found = NULL;
	struct str names;
	if (ref->has_digest)
		return err_msg(ERR_USAGE, "%s: a docker-archive knows no digests of manifests",
			       i->name);
	str_init(&names, i->arena, 600);
	for (size_t n = 0; n < d->images.n; n++) {
		const struct oci_docker_archive_image *one = &d->images.v[n];
		for (size_t t = 0; t < one->repo_tags.n; t++)
			str_addf(&names, "%s%s", names.n ? ", " : "", one->repo_tags.v[t]);
		if (ref->ref && !find_tag(one, ref->ref))
			continue;
		if (found)
			return err_msg(ERR_USAGE, "%s has several such images, say which: %s...",
				       i->name, names.v);
		found = one;
	}
	if (!found)
		return err_msg(ERR_USAGE, "%s: there is no such image; it has %s", i->name,
			       names.n ? names.v : "none with a name");
	i->ref = find_tag(found, ref->ref);
	return image_load_docker(i, found);
}

int image_open(struct arena *a, const char *text, const char *platform, struct image *out)
{
	struct image i = { .arena = a, .name = text };
	struct reference ref;
	TRY(reference_parse(a, text, &ref));
	TRY(source_open(a, &ref, &i.source));
	int r = source_kind(i.source) == SOURCE_DOCKER_ARCHIVE ? resolve_docker(&i, &ref)
							       : resolve_oci(&i, &ref, platform);
	if (r < 0) {
		source_close(i.source);
		return r;
	}
	*out = i;
	return 0;
}

void image_close(struct image *i)
{
	source_close(i->source);
	i->source = NULL;
}
