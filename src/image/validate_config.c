/* SPDX-License-Identifier: Apache-2.0 */
/* What image-spec config.md says in words. */
#include <stdarg.h>

#include "base/cleanup.h"
#include "image/faults.h"

bool fault_taken(struct faults *f, int r)
{
	if (r >= 0)
		return false;
	vec_push(f->arena, &f->list, arena_strdup(f->arena, err_get()->text));
	err_clear();
	return true;
}

void fault_add(struct faults *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vec_push(f->arena, &f->list, arena_vprintf(f->arena, fmt, ap));
	va_end(ap);
}

static bool digits(const char *p, size_t n)
{
	while (n--)
		if (*p < '0' || *p++ > '9')
			return false;
	return true;
}

/* RFC 3339: 2026-11-25T09:00:00[.fraction](Z|+01:00) */
static bool is_time(const char *t)
{
	if (strlen(t) < 20 || !digits(t, 4) || t[4] != '-' || !digits(t + 5, 2) || t[7] != '-' ||
	    !digits(t + 8, 2) || (t[10] != 'T' && t[10] != 't') || !digits(t + 11, 2) ||
	    t[13] != ':' || !digits(t + 14, 2) || t[16] != ':' || !digits(t + 17, 2))
		return false;
	t += 19;
	if (*t == '.') {
		size_t n = strspn(t + 1, "0123456789");
		if (n == 0)
			return false;
		t += 1 + n;
	}
	if (streq(t, "Z") || streq(t, "z"))
		return true;
	return (*t == '+' || *t == '-') && strlen(t) == 6 && digits(t + 1, 2) && t[3] == ':' &&
	       digits(t + 4, 2);
}

static void validate_history(struct faults *f, const char *what, const struct oci_image_config *c,
			     size_t layers)
{
	size_t made = 0;
	for (size_t i = 0; i < c->history.n; i++) {
		const struct oci_image_history *h = &c->history.v[i];
		made += !h->empty_layer;
		if (h->created && !is_time(h->created))
			fault_add(f, "%s: /history/%zu/created: \"%s\" is not a time of RFC 3339",
				  what, i, h->created);
	}
	if (c->history.n > 0 && made != layers)
		fault_add(f, "%s: /history tells of %zu layers, the manifest has %zu", what, made,
			  layers);
}

void validate_config(struct faults *f, const char *what, const struct oci_image_config *c,
		     size_t layers)
{
	const struct oci_image_exec *x = c->config;
	struct digest d;
	if (!*c->os || !*c->architecture)
		fault_add(f, "%s: /os and /architecture may not be empty", what);
	if (c->created && !is_time(c->created))
		fault_add(f, "%s: /created: \"%s\" is not a time of RFC 3339", what, c->created);
	for (size_t i = 0; i < c->rootfs->diff_ids.n; i++)
		fault_taken(
			f, digest_parse(arena_printf(f->arena, "%s: /rootfs/diff_ids/%zu", what, i),
					c->rootfs->diff_ids.v[i], &d));
	for (size_t i = 0; x && i < x->env.n; i++)
		if (!strchr(x->env.v[i], '=') || *x->env.v[i] == '=')
			fault_add(f, "%s: /config/Env/%zu: \"%s\" is not NAME=VALUE", what, i,
				  x->env.v[i]);
	for (size_t i = 0; x && i < x->volumes.n; i++)
		if (*x->volumes.v[i].key != '/')
			fault_add(f, "%s: /config/Volumes: \"%s\" is not absolute", what,
				  x->volumes.v[i].key);
	validate_history(f, what, c, layers);
}
