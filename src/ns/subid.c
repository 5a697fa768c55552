/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps that suit the caller when nobody has written any: the caller as 0, then every
 * subordinate id that /etc/subuid and /etc/subgid give, counted up from 1.
 * Surprise: names are looked up in /etc/passwd alone. We are linked statically, so directory
 * services are out of reach; their users are found by a numeric entry or by USER. A wrong name does
 * no harm: newuidmap decides, not we. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/io.h"
#include "ns/maps.h"

#define MAX_FILE (16u << 20)
#define MAX_MAPS 120 /* lines that surely fit in one page, which is what the kernel takes */

/* The file's text, "" when it is not there. */
static const char *read_text(struct arena *a, const char *path)
{
	char *text;
	size_t len;
	int r = io_read_file(a, AT_FDCWD, path, MAX_FILE, &text, &len);
	if (r >= 0)
		return text;
	err_dropped(r);
	return "";
}

/* Field number i (from 0) of a colon-separated line of n bytes; its length in *len, NULL when the
 * line has fewer. */
static const char *field(const char *line, size_t n, int i, size_t *len)
{
	const char *end = line + n;
	while (i-- > 0) {
		const char *colon = memchr(line, ':', (size_t)(end - line));
		if (!colon)
			return NULL;
		line = colon + 1;
	}
	const char *stop = memchr(line, ':', (size_t)(end - line));
	*len = (size_t)((stop ? stop : end) - line);
	return line;
}

static bool field_number(const char *line, size_t n, int i, uint32_t *out)
{
	size_t len;
	const char *s = field(line, n, i, &len);
	uint64_t v = 0;
	if (!s || len == 0 || len > 10)
		return false;
	for (size_t k = 0; k < len; k++) {
		if (s[k] < '0' || s[k] > '9')
			return false;
		v = v * 10 + (uint64_t)(s[k] - '0');
	}
	*out = (uint32_t)v;
	return v < UINT32_MAX;
}

static const char *next_line(const char *line, size_t n)
{
	return line[n] ? line + n + 1 : line + n;
}

const char *ns_user_name(struct arena *a, const char *passwd, uint32_t uid)
{
	for (const char *line = passwd; *line;) {
		size_t n = strcspn(line, "\n"), len;
		uint32_t id;
		if (field_number(line, n, 2, &id) && id == uid) {
			const char *name = field(line, n, 0, &len);
			return arena_strndup(a, name, len);
		}
		line = next_line(line, n);
	}
	return NULL;
}

void ns_subids(struct arena *a, const char *text, const char *name, uint32_t uid,
	       struct ns_ranges *out)
{
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n"), len = 0;
		const char *who = field(line, n, 0, &len);
		struct ns_range r;
		uint32_t id;
		bool by_name = name && len == strlen(name) && !memcmp(who, name, len);
		bool by_uid = field_number(line, n, 0, &id) && id == uid;
		if ((by_name || by_uid) && field_number(line, n, 1, &r.first) &&
		    field_number(line, n, 2, &r.count) && r.count &&
		    (uint64_t)r.first + r.count <= UINT32_MAX)
			vec_push(a, out, r);
		line = next_line(line, n);
	}
}

/* Host ids start..end-1, without those that an earlier mapping (from number i on) has already. */
static void add_range(struct arena *a, struct ns_id_map *m, uint64_t start, uint64_t end, size_t i)
{
	uint32_t next = 0; /* cannot overflow: no host id is counted twice */
	for (; i < m->n; i++) {
		uint64_t s = m->v[i].host_id, e = s + m->v[i].size;
		if (start >= e || s >= end)
			continue;
		if (start < s)
			add_range(a, m, start, s, i + 1);
		if (e < end)
			add_range(a, m, e, end, i + 1);
		return;
	}
	if (m->n)
		next = m->v[m->n - 1].container_id + m->v[m->n - 1].size;
	if (m->n == MAX_MAPS)
		return;
	vec_push(a, m,
		 ((struct oci_id_mapping){ .container_id = next,
					   .host_id = (uint32_t)start,
					   .size = (uint32_t)(end - start) }));
}

void ns_map_ranges(struct arena *a, uint32_t own, const struct ns_ranges *r, struct ns_id_map *out)
{
	*out = (struct ns_id_map){ 0 };
	add_range(a, out, own, (uint64_t)own + 1, 0);
	for (size_t i = 0; i < r->n; i++)
		add_range(a, out, r->v[i].first, (uint64_t)r->v[i].first + r->v[i].count, 0);
}

/* newuidmap and newgidmap are setuid programs: of no use to who has given up new privileges. */
static bool can_use(const char *program)
{
	return access(program, X_OK) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

static void subids_of(struct arena *a, const struct host *h, struct ns_ranges *uids,
		      struct ns_ranges *gids)
{
	const char *name = ns_user_name(a, read_text(a, "/etc/passwd"), h->euid);
	if (!name)
		name = getenv("USER");
	if (can_use(NEWUIDMAP_PATH))
		ns_subids(a, read_text(a, "/etc/subuid"), name, h->euid, uids);
	if (can_use(NEWGIDMAP_PATH))
		ns_subids(a, read_text(a, "/etc/subgid"), name, h->euid, gids);
}

/* Root of a user namespace may pass on every id it has. */
static int own_ids(struct arena *a, const char *path, struct ns_ranges *out)
{
	char *text;
	size_t len;
	TRY(io_read_virtual(a, AT_FDCWD, path, MAX_FILE, &text, &len));
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		unsigned first, outside, count;
		if (sscanf(line, "%u %u %u", &first, &outside, &count) == 3)
			vec_push(a, out, ((struct ns_range){ first, count }));
		line = next_line(line, n);
	}
	return 0;
}

int ns_default_maps(struct arena *a, const struct host *h, struct ns_default_maps *out)
{
	struct ns_ranges uids = { 0 }, gids = { 0 };
	if (h->euid != 0) {
		subids_of(a, h, &uids, &gids);
	} else if (h->in_userns) {
		TRY(own_ids(a, "/proc/self/uid_map", &uids));
		TRY(own_ids(a, "/proc/self/gid_map", &gids));
	}
	ns_map_ranges(a, h->euid, &uids, &out->uids);
	ns_map_ranges(a, h->egid, &gids, &out->gids);
	return 0;
}

void ns_set_maps(struct oci_linux *l, const struct ns_default_maps *maps)
{
	l->uid_mappings.v = maps->uids.v;
	l->uid_mappings.n = maps->uids.n;
	l->gid_mappings.v = maps->gids.v;
	l->gid_mappings.n = maps->gids.n;
}
