/* SPDX-License-Identifier: Apache-2.0 */
/* Lines are cut in place. What does not parse in these files is passed over, as every other reader
 * of them does. */
#include "image/user.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/parse.h"
#include "base/vec.h"
#include "sys/inroot.h"

enum { MAX_FILE = 4 << 20, MAX_GROUPS = 1024, FIELDS = 7 };

/* "" when the file is not there. */
static int read_file(struct arena *a, int root_fd, const char *path, char **text)
{
	struct stat st;
	size_t len;
	_cleanup_close_ int fd = inroot_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	*text = arena_strdup(a, "");
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0
							   : err_sys("open the image's %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_msg(ERR_CONFIG, "the image's %s is not a regular file", path);
	return io_read_fd(a, fd, path, MAX_FILE, text, &len);
}

/* The next line, cut at ':' into `fields`; how many there are, 0 at the end. */
static size_t next_line(char **text, char *fields[FIELDS])
{
	size_t n = 0;
	char *line = *text, *end = strchr(line, '\n');
	if (!*line)
		return 0;
	*text = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	while (n < FIELDS) {
		fields[n++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = '\0';
	}
	return n;
}

static bool is_number(const char *text, uint32_t *out)
{
	bool ok = parse_id("id", text, out) == 0;
	err_clear();
	return ok;
}

/* passwd: NAME:x:UID:GID:GECOS:HOME:SHELL */
static bool find_passwd(char *text, const char *name, const uint32_t *uid, struct image_user *out)
{
	char *f[FIELDS];
	for (size_t n; (n = next_line(&text, f)) > 0;) {
		uint32_t u, g;
		if (n < 6 || !is_number(f[2], &u) || !is_number(f[3], &g))
			continue;
		if (name ? !streq(f[0], name) : u != *uid)
			continue;
		out->ids.uid = u;
		out->ids.gid = g;
		out->home = *f[5] == '/' ? f[5] : NULL;
		return true;
	}
	return false;
}

/* group: NAME:x:GID:USER,USER */
static bool find_group(char *text, const char *name, uint32_t *gid)
{
	char *f[FIELDS];
	for (size_t n; (n = next_line(&text, f)) > 0;)
		if (n >= 3 && streq(f[0], name) && is_number(f[2], gid))
			return true;
	return false;
}

static bool has_member(char *list, const char *user)
{
	for (char *rest = list; rest;) {
		char *one = rest;
		rest = strchr(rest, ',');
		if (rest)
			*rest++ = '\0';
		if (streq(one, user))
			return true;
	}
	return false;
}

static int find_member_of(struct arena *a, char *text, const char *user, struct image_user *out)
{
	VEC(uint32_t) gids = { 0 };
	char *f[FIELDS];
	uint32_t gid;
	for (size_t n; (n = next_line(&text, f)) > 0;) {
		if (n < 4 || !is_number(f[2], &gid) || !has_member(f[3], user))
			continue;
		if (gids.n == MAX_GROUPS)
			return err_msg(ERR_CONFIG, "user \"%s\" is in more than %d groups", user,
				       MAX_GROUPS);
		if (gid != out->ids.gid)
			vec_push(a, &gids, gid);
	}
	out->ids.additional_gids.v = gids.v;
	out->ids.additional_gids.n = gids.n;
	return 0;
}

static int group_of(struct arena *a, int root_fd, const char *group, struct image_user *u)
{
	char *text;
	if (is_number(group, &u->ids.gid))
		return 0;
	TRY(read_file(a, root_fd, "etc/group", &text));
	if (find_group(text, group, &u->ids.gid))
		return 0;
	return err_msg(ERR_CONFIG, "group \"%s\" is not in the image's /etc/group", group);
}

int image_user_find(struct arena *a, int root_fd, const char *text, struct image_user *out)
{
	struct image_user u = { 0 };
	char *name = arena_strdup(a, text && *text ? text : "0"), *passwd, *groups;
	char *group = strchr(name, ':');
	uint32_t uid;
	if (group)
		*group++ = '\0';
	if (!*name || (group && !*group))
		return err_msg(ERR_CONFIG, "user \"%s\": expected USER or USER:GROUP", text);
	TRY(read_file(a, root_fd, "etc/passwd", &passwd));
	bool number = is_number(name, &uid);
	bool found = find_passwd(passwd, number ? NULL : name, &uid, &u);
	if (!found && !number)
		return err_msg(ERR_CONFIG, "user \"%s\" is not in the image's /etc/passwd", name);
	if (number)
		u.ids.uid = uid;
	if (group) {
		TRY(group_of(a, root_fd, group, &u));
	} else if (!number) {
		TRY(read_file(a, root_fd, "etc/group", &groups));
		TRY(find_member_of(a, groups, name, &u));
	}
	*out = u;
	return 0;
}
