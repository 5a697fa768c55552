/* SPDX-License-Identifier: Apache-2.0 */
/* What a resctrl group may use and has used, for statistics. A file that is not there leaves its
 * value out; nothing here fails, since a group may go while we look.
 * Surprise: the kernel writes "Unavailable" or "Error" where it has no number at the moment. That
 * value is left out then, but the node keeps its place in the list. */
#include <dirent.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "resctrl/parts.h"

enum { FILE_MAX = 1 << 16 };

struct at {
	struct arena *a;
	const char *dir;
};

/* Without the line's end; NULL when there is no such file. */
static char *text_of(const struct at *at, const char *name)
{
	char *text;
	size_t len;
	if (io_read_virtual(at->a, AT_FDCWD, arena_printf(at->a, "%s/%s", at->dir, name), FILE_MAX,
			    &text, &len) < 0) {
		err_clear();
		return NULL;
	}
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	return text;
}

static bool number_of(const struct at *at, const char *name, uint64_t *out)
{
	const char *text = text_of(at, name);
	char *end;
	*out = 0;
	if (!text || *text < '0' || *text > '9')
		return false;
	*out = strtoull(text, &end, 10);
	return true;
}

static uint64_t number_or_0(const struct at *at, const char *name)
{
	uint64_t v;
	return number_of(at, name, &v) ? v : 0;
}

static void read_info(const struct at *root, struct resctrl_stat *s)
{
	const char *mask = text_of(root, "info/L3/cbm_mask");
	if (mask) {
		s->l3 = true;
		s->cbm_mask = mask;
		s->min_cbm_bits = number_or_0(root, "info/L3/min_cbm_bits");
		s->l3_closids = number_or_0(root, "info/L3/num_closids");
	}
	s->mb = number_of(root, "info/MB/num_closids", &s->mb_closids);
	if (s->mb) {
		s->bandwidth_gran = number_or_0(root, "info/MB/bandwidth_gran");
		s->delay_linear = number_or_0(root, "info/MB/delay_linear");
		s->min_bandwidth = number_or_0(root, "info/MB/min_bandwidth");
	}
}

/* Every line without its leading blanks; "L3:..." and "MB:..." by themselves, too. */
static void read_lines(const struct at *group, struct resctrl_lines *out)
{
	char *save = NULL, *text = text_of(group, "schemata");
	for (char *l = text ? strtok_r(text, "\n", &save) : NULL; l;
	     l = strtok_r(NULL, "\n", &save)) {
		l += strspn(l, " \t");
		vec_push(group->a, &out->all, (const char *)l);
		if (after_prefix(l, "L3:"))
			out->l3 = l;
		if (after_prefix(l, "MB:"))
			out->mb = l;
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The caches of the machine have a directory each: mon_L3_00, mon_L3_01, ... */
static void list_nodes(const struct at *group, struct oci_strs *out)
{
	int fd = open(arena_printf(group->a, "%s/mon_data", group->dir),
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	VEC(const char *) names = { 0 };
	if (!d && fd >= 0)
		close(fd);
	for (struct dirent *e; d && (e = readdir(d));)
		if (after_prefix(e->d_name, "mon_L3_"))
			vec_push(group->a, &names, arena_strdup(group->a, e->d_name));
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), compare_names);
	*out = (struct oci_strs){ .v = names.v, .n = names.n };
}

static void read_nodes(const struct at *group, struct resctrl_stat *s)
{
	struct oci_strs names;
	list_nodes(group, &names);
	for (size_t i = 0; i < names.n; i++) {
		const struct at node = { group->a, arena_printf(group->a, "%s/mon_data/%s",
								group->dir, names.v[i]) };
		struct resctrl_node n = { 0 };
		n.has_total = number_of(&node, "mbm_total_bytes", &n.total_bytes);
		n.has_local = number_of(&node, "mbm_local_bytes", &n.local_bytes);
		n.has_occupancy = number_of(&node, "llc_occupancy", &n.occupancy);
		s->mbm |= n.has_total || n.has_local;
		s->cmt |= n.has_occupancy;
		vec_push(group->a, &s->nodes, n);
	}
}

void resctrl_stat_read(struct arena *a, const char *group, const char *monitor,
		       struct resctrl_stat *out)
{
	struct resctrl_stat s = { 0 };
	if (group) {
		struct at g = { a, group }, m = { a, monitor ? monitor : group };
		/* The default group is the root itself, all others are in it. */
		struct at root = { a, group };
		if (access(arena_printf(a, "%s/info", group), F_OK) < 0)
			root.dir = path_dir(a, group);
		s.there = access(group, F_OK) == 0;
		if (s.there) {
			read_info(&root, &s);
			read_lines(&root, &s.root);
			read_lines(&g, &s.group);
			read_nodes(&m, &s);
		}
	}
	*out = s;
}
