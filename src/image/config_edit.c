/* SPDX-License-Identifier: Apache-2.0 */
/* config: an image with other words in its config or manifest. Layers stay as they are; keys that
 * we do not know are kept. */
#include "base/cleanup.h"
#include "base/vec.h"
#include "image/derive.h"
#include "image/image.h"
#include "image/publish.h"

/* "K=V" into a map; without "=" the key goes. */
static int edit_map(struct arena *a, struct oci_map *m, const char *what, const char *text,
		    bool set)
{
	VEC(struct oci_pair) v = { 0 };
	const char *equal = strchr(text, '=');
	if (set && (!equal || equal == text))
		return err_msg(ERR_USAGE, "%s: expected NAME=VALUE, found \"%s\"", what, text);
	const char *key = set ? arena_strndup(a, text, (size_t)(equal - text)) : text;
	for (size_t i = 0; i < m->n; i++)
		if (!streq(m->v[i].key, key))
			vec_push(a, &v, m->v[i]);
	if (set)
		vec_push(a, &v, ((struct oci_pair){ key, equal + 1 }));
	*m = (struct oci_map){ .v = v.v, .n = v.n, .present = v.n > 0 };
	return 0;
}

static int edit_maps(struct arena *a, struct oci_map *m, const char *what,
		     const struct oci_strs *set, const struct oci_strs *unset)
{
	for (size_t i = 0; i < unset->n; i++)
		TRY(edit_map(a, m, what, unset->v[i], false));
	for (size_t i = 0; i < set->n; i++)
		TRY(edit_map(a, m, what, set->v[i], true));
	return 0;
}

static size_t name_len(const char *pair)
{
	return strcspn(pair, "=");
}

static void edit_env(struct arena *a, struct oci_strs *env, const char *pair, bool set)
{
	VEC(const char *) v = { 0 };
	bool placed = !set;
	for (size_t i = 0; i < env->n; i++) {
		bool same = name_len(env->v[i]) == name_len(pair) &&
			    strncmp(env->v[i], pair, name_len(pair)) == 0;
		if (!same)
			vec_push(a, &v, env->v[i]);
		else if (!placed)
			vec_push(a, &v, pair);
		placed |= same;
	}
	if (!placed)
		vec_push(a, &v, pair);
	*env = (struct oci_strs){ .v = v.v, .n = v.n, .present = v.n > 0 };
}

static int edit_envs(struct arena *a, struct oci_strs *env, const struct config_wishes *w)
{
	for (size_t i = 0; i < w->unset_env.n; i++)
		edit_env(a, env, w->unset_env.v[i], false);
	for (size_t i = 0; i < w->env.n; i++) {
		if (!strchr(w->env.v[i], '=') || *w->env.v[i] == '=')
			return err_msg(ERR_USAGE, "--env: expected NAME=VALUE, found \"%s\"",
				       w->env.v[i]);
		edit_env(a, env, w->env.v[i], true);
	}
	return 0;
}

static void set_text(const char **field, const char *wish)
{
	if (wish)
		*field = *wish ? wish : NULL;
}

static void set_list(struct oci_strs *field, const struct oci_strs *wish)
{
	if (wish->n > 0)
		*field = (struct oci_strs){ .v = wish->v, .n = wish->n, .present = true };
}

#define ADD_KEYS(arena_, map_, names_)                                                  \
	({                                                                              \
		__typeof__((map_)->v) v_ =                                              \
			arena_calloc((arena_), (map_)->n + (names_)->n, sizeof(*v_));   \
		if ((map_)->n > 0)                                                      \
			memcpy(v_, (map_)->v, (map_)->n * sizeof(*v_));                 \
		(map_)->v = v_;                                                         \
		for (size_t i_ = 0; i_ < (names_)->n; i_++) {                           \
			size_t at_ = 0;                                                 \
			while (at_ < (map_)->n && !streq(v_[at_].key, (names_)->v[i_])) \
				at_++;                                                  \
			if (at_ == (map_)->n)                                           \
				v_[(map_)->n++].key = (names_)->v[i_];                  \
		}                                                                       \
		(map_)->present |= (map_)->n > 0;                                       \
	})

static int clear(struct oci_image_config *c, struct oci_image_exec *x, const char *field)
{
	static const struct oci_strs none;
	if (streq(field, "env"))
		x->env = none;
	else if (streq(field, "cmd"))
		x->cmd = none;
	else if (streq(field, "entrypoint"))
		x->entrypoint = none;
	else if (streq(field, "labels"))
		x->labels = (struct oci_map){ 0 };
	else if (streq(field, "exposed-ports"))
		x->exposed_ports.n = 0, x->exposed_ports.present = false;
	else if (streq(field, "volumes"))
		x->volumes.n = 0, x->volumes.present = false;
	else if (streq(field, "history"))
		c->history.n = 0, c->history.present = false;
	else
		return err_msg(ERR_USAGE,
			       "--clear: expected env, cmd, entrypoint, labels, exposed-ports, "
			       "volumes or history, found \"%s\"",
			       field);
	return 0;
}

static int edit_exec(struct arena *a, struct oci_image_exec *x, const struct config_wishes *w)
{
	set_text(&x->user, w->user);
	set_text(&x->working_dir, w->workdir);
	set_text(&x->stop_signal, w->stop_signal);
	set_list(&x->entrypoint, &w->entrypoint);
	set_list(&x->cmd, &w->cmd);
	TRY(edit_envs(a, &x->env, w));
	TRY(edit_maps(a, &x->labels, "--label", &w->labels, &w->unset_labels));
	ADD_KEYS(a, &x->exposed_ports, &w->ports);
	ADD_KEYS(a, &x->volumes, &w->volumes);
	return 0;
}

int config_edit(struct arena *a, struct oci_image_config *c, const struct config_wishes *w)
{
	if (!c->config)
		c->config = arena_alloc(a, sizeof(*c->config));
	for (size_t i = 0; i < w->clear.n; i++)
		TRY(clear(c, c->config, w->clear.v[i]));
	set_text(&c->author, w->author);
	set_text(&c->created, w->created);
	set_text(&c->variant, w->variant);
	if (w->os && *w->os)
		c->os = w->os;
	if (w->architecture && *w->architecture)
		c->architecture = w->architecture;
	return edit_exec(a, c->config, w);
}

static int publish_edited(struct image_tool *t, const struct image *i, const struct reference *to,
			  const struct config_wishes *w, struct layout *l)
{
	struct arena *a = t->arena;
	struct oci_image_config *c = oci_copy(a, oci_image_config_type(), i->config);
	struct oci_descriptor *layers = arena_calloc(a, i->n_layers, sizeof(*layers));
	struct oci_map annotations = { 0 };
	struct oci_descriptor made;
	size_t len;
	TRY(config_edit(a, c, w));
	if (!w->created)
		TRY(derive_now(a, &c->created));
	const char *text = oci_encode(a, oci_image_config_type(), c, NULL, &len);
	if (!text)
		return err_msg(ERR_BUG, "the new config cannot be written");
	for (size_t n = 0; n < i->n_layers; n++)
		TRY(publish_layer(l, i, &i->layers[n], &layers[n]));
	if (i->manifest)
		annotations = i->manifest->annotations;
	TRY(edit_maps(a, &annotations, "--annotation", &w->annotations, &w->unset_annotations));
	const struct publication p = { .layout = l,
				       .base = i,
				       .config = text,
				       .config_len = len,
				       .layers = layers,
				       .n_layers = i->n_layers,
				       .ref = to->ref,
				       .annotations = &annotations };
	TRY(publish(a, &p, &made));
	puts(made.digest);
	return 0;
}

int image_config(struct image_tool *t, const char *image, const struct config_wishes *w)
{
	struct reference from, to;
	struct layout *l;
	struct image i;
	TRY(reference_parse(t->arena, image, &from));
	to = from;
	TRY(image_open(t->arena, image, w->platform, &i));
	to.ref = w->tag ? w->tag : i.ref ? i.ref : "latest";
	int r = source_kind(i.source) == SOURCE_LAYOUT
			? layout_open(t->arena, from.path, false, &l)
			: err_msg(ERR_USAGE, "\"%s\" is an archive; load it into a layout first",
				  from.path);
	if (r >= 0) {
		r = publish_edited(t, &i, &to, w, l);
		layout_close(l);
	}
	image_close(&i);
	return r;
}
