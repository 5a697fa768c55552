/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps as data: checked, searched, printed. Pure.
 * Surprise: the kernel answers every bad map with the same EINVAL, so we look first: lengths,
 * the end of the id range (4294967295 is no id), overlaps on either side, lines, and the one page
 * that the text must fit in. */
#include "ns/maps.h"

#include "base/str.h"

#define PAGE 4096 /* the smallest page there is; the kernel takes less than one */

static bool overlap(uint32_t a, uint32_t an, uint32_t b, uint32_t bn)
{
	return a < (uint64_t)b + bn && b < (uint64_t)a + an;
}

static int check_one(const char *pointer, const struct oci_id_mapping *v, size_t i)
{
	const struct oci_id_mapping *m = &v[i];
	if (m->size == 0)
		return err_msg(ERR_CONFIG, "%s/%zu/size: must not be 0", pointer, i);
	if ((uint64_t)m->container_id + m->size > UINT32_MAX)
		return err_msg(ERR_CONFIG,
			       "%s/%zu: container ids %u + %u go past the last id, 4294967294",
			       pointer, i, m->container_id, m->size);
	if ((uint64_t)m->host_id + m->size > UINT32_MAX)
		return err_msg(ERR_CONFIG,
			       "%s/%zu: host ids %u + %u go past the last id, 4294967294", pointer,
			       i, m->host_id, m->size);
	for (size_t j = 0; j < i; j++) {
		if (overlap(m->container_id, m->size, v[j].container_id, v[j].size))
			return err_msg(ERR_CONFIG, "%s/%zu: container ids overlap those of %s/%zu",
				       pointer, i, pointer, j);
		if (overlap(m->host_id, m->size, v[j].host_id, v[j].size))
			return err_msg(ERR_CONFIG, "%s/%zu: host ids overlap those of %s/%zu",
				       pointer, i, pointer, j);
	}
	return 0;
}

int ns_maps_make(struct arena *a, const char *pointer, const struct oci_id_mapping *v, size_t n,
		 struct ns_map **out)
{
	if (n > NS_MAX_MAPS)
		return err_msg(ERR_CONFIG, "%s: %zu mappings, the kernel takes %d", pointer, n,
			       NS_MAX_MAPS);
	struct ns_map *m = arena_calloc(a, n, sizeof(*m));
	for (size_t i = 0; i < n; i++) {
		TRY(check_one(pointer, v, i));
		m[i] = (struct ns_map){ v[i].container_id, v[i].host_id, v[i].size };
	}
	size_t len = strlen(ns_maps_text(a, m, n));
	if (len >= PAGE)
		return err_msg(ERR_CONFIG,
			       "%s: %zu mappings make %zu bytes, the kernel takes less than %d",
			       pointer, n, len, PAGE);
	*out = m;
	return 0;
}

bool ns_maps_has(const struct ns_map *m, size_t n, uint32_t inside)
{
	for (size_t i = 0; i < n; i++)
		if (inside >= m[i].inside && inside - m[i].inside < m[i].size)
			return true;
	return false;
}

const char *ns_maps_text(struct arena *a, const struct ns_map *m, size_t n)
{
	struct str s;
	str_init(&s, a, 0);
	for (size_t i = 0; i < n; i++)
		str_addf(&s, "%u %u %u\n", m[i].inside, m[i].outside, m[i].size);
	return s.v;
}

/* A row must lie in one row of the parent namespace. */
static bool is_offered(const char *own, const struct ns_map *m)
{
	for (const char *line = own; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned first, outside, count;
		if (sscanf(line, "%u %u %u", &first, &outside, &count) == 3 &&
		    m->outside >= first &&
		    (uint64_t)m->outside + m->size <= (uint64_t)first + count)
			return true;
	}
	return false;
}

size_t ns_maps_not_offered(const char *own, const struct ns_map *m, size_t n)
{
	size_t i = 0;
	while (i < n && is_offered(own, &m[i]))
		i++;
	return i;
}

bool ns_maps_first(const char *text, uint32_t *inside)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);
	if (end == text || *end != ' ' || v >= UINT32_MAX)
		return false;
	*inside = (uint32_t)v;
	return true;
}
