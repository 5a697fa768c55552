/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: one image, for people as a page, for programs as one object that has the manifest and
 * the config as they are in the image. */
#include "base/cleanup.h"
#include "base/str.h"
#include "image/image.h"
#include "image/resolve.h"

static void add_text(struct str *s, const char *key, const char *value)
{
	str_addf(s, "\"%s\":", key);
	if (value)
		str_add_json(s, value);
	else
		str_add(s, "null");
}

static void add_layers(struct str *s, const struct image *i)
{
	str_add(s, "\"layers\":[");
	for (size_t n = 0; n < i->n_layers; n++) {
		const struct image_layer *l = &i->layers[n];
		str_add(s, n ? ",{" : "{");
		add_text(s, "digest", l->descriptor ? l->descriptor->digest : NULL);
		str_addc(s, ',');
		add_text(s, "diffID", digest_text(i->arena, &l->in.diff_id));
		str_addc(s, ',');
		add_text(s, "mediaType", l->media_type);
		str_addc(s, ',');
		add_text(s, "compression", codec_name(l->in.codec));
		str_addf(s, ",\"size\":%llu}", (unsigned long long)l->in.blob.size);
	}
	str_addc(s, ']');
}

static void print_json(const struct image *i)
{
	struct str s;
	str_init(&s, i->arena, 64u << 20);
	str_addc(&s, '{');
	add_text(&s, "name", i->name);
	str_addc(&s, ',');
	add_text(&s, "ref", i->ref);
	str_addc(&s, ',');
	add_text(&s, "digest", i->descriptor ? i->descriptor->digest : NULL);
	str_addc(&s, ',');
	add_text(&s, "mediaType", i->descriptor ? i->descriptor->media_type : NULL);
	str_addc(&s, ',');
	add_layers(&s, i);
	str_add(&s, ",\"manifest\":");
	if (i->manifest_text)
		str_addn(&s, i->manifest_text, i->manifest_len);
	else
		str_add(&s, "null");
	str_add(&s, ",\"config\":");
	str_addn(&s, i->config_text, i->config_len);
	str_addc(&s, '}');
	puts(s.v);
}

static void line(const struct image *i, const char *what, const char *value)
{
	struct str s;
	if (!value || !*value)
		return;
	str_init(&s, i->arena, 4096);
	str_add_quoted(&s, value);
	printf("%-14s %s\n", what, s.v);
}

static void words(const struct image *i, const char *what, const struct oci_strs *list)
{
	struct str s;
	str_init(&s, i->arena, 4096);
	for (size_t n = 0; n < list->n; n++) {
		str_add(&s, n ? " " : "");
		str_add_json(&s, list->v[n]);
	}
	if (list->n)
		printf("%-14s %s\n", what, s.v);
}

static void print_process(const struct image *i, const struct oci_image_exec *x)
{
	line(i, "User:", x->user);
	line(i, "Working dir:", x->working_dir);
	words(i, "Entrypoint:", &x->entrypoint);
	words(i, "Cmd:", &x->cmd);
	for (size_t n = 0; n < x->env.n; n++)
		line(i, n ? "" : "Env:", x->env.v[n]);
	for (size_t n = 0; n < x->labels.n; n++)
		line(i, n ? "" : "Labels:",
		     arena_printf(i->arena, "%s=%s", x->labels.v[n].key, x->labels.v[n].value));
	for (size_t n = 0; n < x->exposed_ports.n; n++)
		line(i, n ? "" : "Ports:", x->exposed_ports.v[n].key);
	for (size_t n = 0; n < x->volumes.n; n++)
		line(i, n ? "" : "Volumes:", x->volumes.v[n].key);
	line(i, "Stop signal:", x->stop_signal);
}

static void print_layers(const struct image *i)
{
	printf("\n%-5s  %-12s  %12s  %s\n", "LAYER", "COMPRESSION", "SIZE", "DIGEST");
	for (size_t n = 0; n < i->n_layers; n++) {
		const struct image_layer *l = &i->layers[n];
		printf("%5zu  %-12s  %12llu  %s\n", n + 1, codec_name(l->in.codec),
		       (unsigned long long)l->in.blob.size,
		       l->descriptor ? l->descriptor->digest
				     : digest_text(i->arena, &l->in.diff_id));
	}
}

/* Entries without a layer have no number. */
static void print_history(const struct image *i)
{
	size_t layer = 0;
	if (i->config->history.n == 0)
		return;
	printf("\n%-5s  %-20s  %s\n", "LAYER", "CREATED", "CREATED BY");
	for (size_t n = 0; n < i->config->history.n; n++) {
		const struct oci_image_history *h = &i->config->history.v[n];
		struct str s;
		str_init(&s, i->arena, 200);
		str_add_quoted(&s, h->created_by ? h->created_by : h->comment ? h->comment : "");
		if (h->empty_layer)
			printf("%5s", "");
		else
			printf("%5zu", ++layer);
		printf("  %-20.20s  %s\n", h->created ? h->created : "", s.v);
	}
}

static void print_page(const struct image *i)
{
	const struct oci_image_config *c = i->config;
	struct oci_platform p = { .os = c->os,
				  .architecture = c->architecture,
				  .variant = c->variant };
	line(i, "Name:", i->ref);
	line(i, "Digest:", i->descriptor ? i->descriptor->digest : NULL);
	line(i, "Media type:", i->descriptor ? i->descriptor->media_type : NULL);
	line(i, "Config:", digest_text(i->arena, &i->config_digest));
	line(i, "Platform:", platform_text(i->arena, &p));
	line(i, "Created:", c->created);
	line(i, "Author:", c->author);
	for (size_t n = 0; i->manifest && n < i->manifest->annotations.n; n++)
		line(i, n ? "" : "Annotations:",
		     arena_printf(i->arena, "%s=%s", i->manifest->annotations.v[n].key,
				  i->manifest->annotations.v[n].value));
	if (c->config)
		print_process(i, c->config);
	print_layers(i);
	print_history(i);
}

int image_inspect(struct image_tool *t, const char *image, const char *platform, bool json)
{
	struct image i;
	TRY(image_open(t->arena, image, platform, &i));
	if (json)
		print_json(&i);
	else
		print_page(&i);
	image_close(&i);
	return 0;
}
