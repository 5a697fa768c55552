/* SPDX-License-Identifier: Apache-2.0 */
/* cgroupsPath "slice:prefix:name" -> unit, slice and cgroup directory (pure).
 * Surprise: where the unit will be is a guess here (a user's manager may live anywhere); systemd's
 * own answer is taken at create. The guess is what the intent record holds until then. */
#include <ctype.h>

#include "base/path.h"
#include "cgroup/driver.h"
#include "sys/probe.h"

#define PATH_KEY    "/linux/cgroupsPath"
#define UNIT_MAX    255
#define UNIT_LETTER "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\"

static int bad(struct arena *a, const char *text, const char *why)
{
	struct str shown;
	str_init(&shown, a, 300);
	str_add_quoted(&shown, text);
	return err_msg(ERR_CONFIG, PATH_KEY ": \"%s\" %s", shown.v, why);
}

static int split(struct arena *a, const char *path, const char *part[3])
{
	const char *one = strchr(path, ':'), *two = one ? strchr(one + 1, ':') : NULL;
	struct str shown;
	str_init(&shown, a, 300);
	str_add_quoted(&shown, path);
	if (!two || strchr(two + 1, ':'))
		return err_msg(ERR_CONFIG,
			       PATH_KEY ": expected cgroupsPath to be of format "
					"\"slice:prefix:name\" for systemd cgroups, got \"%s\" "
					"instead",
			       shown.v);
	part[0] = arena_strndup(a, path, (size_t)(one - path));
	part[1] = arena_strndup(a, one + 1, (size_t)(two - one - 1));
	part[2] = two + 1;
	return 0;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n > m && streq(s + n - m, end);
}

/* ---- names ---- */

/* "a-b.slice" is inside "a.slice": every dash is a level. "-.slice" is the top. */
static int expand_slice(struct arena *a, const char *slice, const char **out)
{
	struct str s;
	size_t n = strlen(slice);

	str_init(&s, a, 0);
	*out = s.v;
	if (streq(slice, "-.slice"))
		return 0;
	if (!ends_with(slice, ".slice") || n > UNIT_MAX)
		return bad(a, slice, "is not the name of a slice: it must end with \".slice\"");
	if (strspn(slice, UNIT_LETTER) != n || strchr(slice, ':'))
		return bad(a, slice, "has characters that a slice cannot have");
	size_t stem = n - strlen(".slice");
	if (slice[0] == '-' || slice[stem - 1] == '-' || strstr(slice, "--"))
		return bad(a, slice, "has a dash where a slice cannot have one");
	for (size_t i = 1; i <= stem; i++)
		if (i == stem || slice[i] == '-')
			str_addf(&s, "/%.*s.slice", (int)i, slice);
	*out = s.v;
	return 0;
}

/* Characters that an id may have and a unit may not become \xNN, as systemd-escape writes them. */
static int unit_word(struct arena *a, const char *text, const char **out)
{
	struct str s;
	str_init(&s, a, 0);
	for (const char *p = text; *p; p++) {
		if (iscntrl((unsigned char)*p) || *p == '/' || *p == ' ')
			return bad(a, text, "has characters that a unit cannot have");
		if (strchr(UNIT_LETTER, *p))
			str_addc(&s, *p);
		else
			str_addf(&s, "\\x%02x", (unsigned char)*p);
	}
	*out = s.v;
	return 0;
}

static int unit_name(struct arena *a, const char *prefix, const char *name, const char **out)
{
	const char *p, *n;
	TRY(unit_word(a, prefix, &p));
	TRY(unit_word(a, name, &n));
	if (ends_with(name, ".slice")) {
		*out = n;
		return 0;
	}
	*out = *p ? arena_printf(a, "%s-%s.scope", p, n) : arena_printf(a, "%s.scope", n);
	if (strlen(*out) > UNIT_MAX)
		return bad(a, *out, "is too long for the name of a unit");
	return 0;
}

static int names(struct arena *a, const char *asked, const struct cgroup_opts *o,
		 struct cgroup_plan *out)
{
	const char *part[3] = { "", "", "" };
	struct cgroup_unit *u = &out->unit;

	if (asked && *asked)
		TRY(split(a, asked, part));
	u->slice = *part[0] ? part[0] : u->user_bus ? "user.slice" : "system.slice";
	const char *prefix = *part[1] ? part[1] : "ocirun";
	const char *name = *part[2] ? part[2] : o->id;
	TRY(unit_name(a, prefix, name, &u->name));
	u->is_slice = ends_with(u->name, ".slice");
	return 0;
}

/* ---- where ---- */

/* The cgroup of the manager that we talk to. A user's manager is looked for above us, else where
 * systemd has put it since it has been. */
static const char *manager_cgroup(struct arena *a, const struct host *h)
{
	const char *service = arena_printf(a, "/user@%u.service", (unsigned)h->owner_uid);
	const char *own = h->own_cgroup ? h->own_cgroup : "";
	const char *at = strstr(own, service);
	size_t n = strlen(service);

	if (at && (at[n] == '/' || !at[n]) && !path_has_dotdot(own))
		return arena_strndup(a, own, (size_t)(at - own) + n);
	return arena_printf(a, "/user.slice/user-%u.slice%s", (unsigned)h->owner_uid, service);
}

static int plan_path(struct arena *a, const struct host *h, const char *subgroup,
		     struct cgroup_plan *out)
{
	const struct cgroup_unit *u = &out->unit;
	const char *below;
	TRY(expand_slice(a, u->is_slice ? u->name : u->slice, &below));
	out->root = h->cgroup_root;
	out->path = arena_printf(
		a, "%s%s%s%s%s%s%s", h->cgroup_root, u->user_bus ? manager_cgroup(a, h) : "", below,
		u->is_slice ? "" : "/", u->is_slice ? "" : u->name, *subgroup ? "/" : "", subgroup);
	return 0;
}

static const char *annotation(const struct oci_config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (streq(c->annotations.v[i].key, key))
			return c->annotations.v[i].value;
	return "";
}

static int plan_subgroup(const struct oci_config *c, struct cgroup_plan *out)
{
	const char *name = annotation(c, "run.oci.systemd.subgroup");
	if (*name && (strspn(name, UNIT_LETTER) != strlen(name) || name[0] == '.' ||
		      strlen(name) > UNIT_MAX || strchr(name, '\\') || out->unit.is_slice))
		return err_msg(ERR_CONFIG,
			       "/annotations/run.oci.systemd.subgroup: must be one plain name%s",
			       out->unit.is_slice ? ", and not for a slice" : "");
	out->unit.subgroup = name;
	return 0;
}

static int no_systemd(const char *why)
{
	int r = err_msg(ERR_UNSUPPORTED,
			"%s: leave out --systemd-cgroup or give --cgroup-manager cgroupfs", why);
	err_hint("engines have a setting for this, such as podman --cgroup-manager cgroupfs");
	return r;
}

int cgroup_plan_systemd(struct arena *a, const struct oci_config *c, const struct host *h,
			const struct cgroup_opts *o, struct cgroup_plan *out)
{
	const char *asked = c->linux_ ? c->linux_->cgroups_path : NULL;

	if (!cgroup_systemd_built())
		return no_systemd("this ocirun was built without libsystemd, so it has no systemd "
				  "cgroup manager");
	if (!h->systemd_running)
		return no_systemd("systemd not running on this host, cannot use systemd cgroups "
				  "manager");
	out->needed = true;
	out->unit.user_bus = h->euid != 0 || h->in_userns;
	TRY(names(a, asked, o, out));
	TRY(plan_subgroup(c, out));
	TRY(plan_path(a, h, out->unit.subgroup, out));
	return cgroup_unit_properties(a, c, o->id, out);
}
