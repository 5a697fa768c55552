/* SPDX-License-Identifier: Apache-2.0 */
/* ls: a row per manifest. What cannot be read is a row too, with a dash: a list should not fail
 * because of one broken image. */
#include "base/cleanup.h"
#include "base/str.h"
#include "image/image.h"
#include "image/resolve_parts.h"

struct row {
	const char *name, *digest, *platform;
	int64_t size; /* of config and layers; -1 = unknown */
};

static const char *shown(struct arena *a, const char *text)
{
	struct str s;
	str_init(&s, a, 1024);
	str_add_quoted(&s, text ? text : "-");
	return s.v;
}

static int64_t size_of(const struct oci_manifest *m)
{
	int64_t sum = m->config->size;
	for (size_t i = 0; i < m->layers.n; i++)
		if (__builtin_add_overflow(sum, m->layers.v[i].size, &sum))
			return -1;
	return sum;
}

static struct row oci_row(struct image *i, const struct leaf *l)
{
	struct row r = { .name = l->ref, .digest = l->descriptor->digest, .size = -1 };
	struct oci_image_config *c;
	struct oci_manifest *m;
	if (l->platform)
		r.platform = platform_text(i->arena, l->platform);
	if (image_read_manifest(i, l->descriptor, &m) == 0) {
		r.size = size_of(m);
		if (!media_type_is_config(m->config->media_type))
			r.platform = m->artifact_type ? m->artifact_type : m->config->media_type;
		else if (!l->platform && image_read_config(i, m->config, &c) == 0)
			r.platform = platform_text(
				i->arena, &(struct oci_platform){ .os = c->os,
								  .architecture = c->architecture,
								  .variant = c->variant });
	}
	err_clear();
	return r;
}

/* The config's digest is what docker calls the image's id. */
static struct row docker_row(struct image *i, const struct oci_docker_archive_image *d)
{
	struct row r = { .size = -1, .digest = d->config };
	struct image one = *i;
	if (image_load_docker(&one, d) == 0) {
		r.digest = digest_text(i->arena, &one.config_digest);
		r.platform = platform_text(
			i->arena, &(struct oci_platform){ .os = one.config->os,
							  .architecture = one.config->architecture,
							  .variant = one.config->variant });
		r.size = (int64_t)one.config_len;
		for (size_t n = 0; n < one.n_layers; n++)
			r.size += (int64_t)one.layers[n].in.blob.size;
	}
	err_clear();
	return r;
}

static void print_table(struct arena *a, const struct row *rows, size_t n)
{
	int width = 4;
	for (size_t i = 0; i < n; i++) {
		int w = (int)strlen(shown(a, rows[i].name));
		width = w > width ? w : width;
	}
	if (n > 0)
		printf("%-*s  %-20s  %-19s  %12s\n", width, "NAME", "PLATFORM", "DIGEST", "SIZE");
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		printf("%-*s  %-20s  %-19.19s  ", width, shown(a, r->name), shown(a, r->platform),
		       r->digest);
		if (r->size < 0)
			printf("%12s\n", "-");
		else
			printf("%12lld\n", (long long)r->size);
	}
}

static void print_json(struct arena *a, const struct row *rows, size_t n)
{
	struct str s;
	str_init(&s, a, 0);
	str_addc(&s, '[');
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		const struct {
			const char *key, *value;
		} words[] = {
			{ "name", r->name },
			{ "digest", r->digest },
			{ "platform", r->platform },
		};
		str_add(&s, i ? ",{" : "{");
		for (size_t w = 0; w < ARRAY_SIZE(words); w++) {
			str_addf(&s, "%s\"%s\":", w ? "," : "", words[w].key);
			if (words[w].value)
				str_add_json(&s, words[w].value);
			else
				str_add(&s, "null");
		}
		if (r->size >= 0)
			str_addf(&s, ",\"size\":%lld", (long long)r->size);
		str_addc(&s, '}');
	}
	puts((str_addc(&s, ']'), s.v));
}

static int collect(struct image *i, const struct reference *ref, struct row **rows, size_t *n)
{
	const struct oci_docker_archive *d = source_docker(i->source);
	VEC(struct row) all = { 0 };
	struct leaves leaves;
	for (size_t k = 0; d && k < d->images.n; k++) {
		const struct oci_docker_archive_image *one = &d->images.v[k];
		struct row r = docker_row(i, one);
		for (size_t t = 0; t < one->repo_tags.n; t++) {
			r.name = one->repo_tags.v[t];
			vec_push(i->arena, &all, r);
		}
		if (one->repo_tags.n == 0)
			vec_push(i->arena, &all, r);
	}
	if (!d) {
		TRY(leaves_find(i->arena, i->source, ref, &leaves));
		for (size_t k = 0; k < leaves.list.n; k++)
			vec_push(i->arena, &all, oci_row(i, &leaves.list.v[k]));
	}
	*rows = all.v;
	*n = all.n;
	return 0;
}

int image_ls(struct image_tool *t, const char *place, bool json)
{
	struct image i = { .arena = t->arena, .name = place };
	struct reference ref;
	struct row *rows;
	size_t n;
	TRY(reference_parse(t->arena, place, &ref));
	TRY(source_open(t->arena, &ref, &i.source));
	int r = collect(&i, &ref, &rows, &n);
	source_close(i.source);
	TRY(r);
	if (json)
		print_json(t->arena, rows, n);
	else
		print_table(t->arena, rows, n);
	return 0;
}
