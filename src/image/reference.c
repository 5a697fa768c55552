/* SPDX-License-Identifier: Apache-2.0 */
/* What users type for an image. The path is looked for on disk, because names of images have ':'
 * and '/' like paths do: "images:docker.io/library/x:1" is the folder images if there is one. */
#include <string.h>

#include "image/source.h"

#include "base/cleanup.h"

static const struct {
	const char *prefix;
	enum source_kind kind;
} transports[] = {
	{ "oci:", SOURCE_LAYOUT },
	{ "oci-archive:", SOURCE_OCI_ARCHIVE },
	{ "docker-archive:", SOURCE_DOCKER_ARCHIVE },
};

static const char *take_transport(const char *text, enum source_kind *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		const char *rest = after_prefix(text, transports[i].prefix);
		if (rest) {
			*kind = transports[i].kind;
			return rest;
		}
	}
	return text;
}

/* "@sha256:..." at the end is cut off. */
static int take_digest(char *text, struct reference *out)
{
	char *at = strrchr(text, '@');
	if (!at || (!after_prefix(at, "@sha256:") && !after_prefix(at, "@sha512:")))
		return 0;
	TRY(digest_parse("image", at + 1, &out->digest));
	out->has_digest = true;
	*at = '\0';
	return 0;
}

static void split(char *text, struct reference *out)
{
	char *first = strchr(text, ':');
	out->path = text;
	out->ref = NULL;
	if (!first || access(text, F_OK) == 0)
		return;
	for (char *colon = first; colon; colon = strchr(colon + 1, ':')) {
		*colon = '\0';
		if (access(text, F_OK) == 0) {
			out->ref = colon + 1;
			return;
		}
		*colon = ':';
	}
	*first = '\0';
	out->ref = first + 1;
}

/* docker's habit: what is not qualified is on Docker Hub; podman's: it is localhost's. */
bool reference_names(const char *name, const char *ref)
{
	static const char *const hub[] = { "docker.io/", "docker.io/library/", "localhost/" };
	size_t n = strlen(name), m = strlen(ref);
	if (streq(name, ref) || (n > m && streq(name + n - m, ref) && name[n - m - 1] == ':'))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(hub); i++) {
		const char *rest = after_prefix(name, hub[i]);
		if (rest && streq(rest, ref))
			return true;
	}
	return false;
}

int reference_parse(struct arena *a, const char *text, struct reference *out)
{
	struct reference r = { 0 };
	char *rest = arena_strdup(a, take_transport(text, &r.kind));
	TRY(take_digest(rest, &r));
	split(rest, &r);
	if (!*r.path)
		return err_msg(ERR_USAGE, "image \"%s\": there is no path in it", text);
	if (r.ref && !*r.ref)
		return err_msg(ERR_USAGE, "image \"%s\": nothing follows the ':'", text);
	*out = r;
	return 0;
}
