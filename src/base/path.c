/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text. Surprise: "a/../b" becomes "b" although a symlink at "a" would lead elsewhere; use
 * sys/inroot.h where the file system has a say. */
#include "base/path.h"

#include <errno.h>
#include <limits.h>

/* Drop the last component of out[0..n); keep[] bytes at the front are not to be touched. */
static size_t drop_last(const char *out, size_t n, size_t keep)
{
	while (n > keep && out[n - 1] != '/')
		n--;
	return n > keep && out[n - 1] == '/' ? n - 1 : n;
}

char *path_clean(struct arena *a, const char *path)
{
	bool absolute = *path == '/';
	char *out = arena_alloc(a, strlen(path) + 2);
	size_t n = 0, keep = 0; /* keep: leading "../.." of a relative path */

	if (absolute)
		out[n++] = '/', keep = 1;
	while (*path) {
		size_t len = strcspn(path, "/");
		bool up = len == 2 && path[0] == '.' && path[1] == '.';

		if (up && n > keep) {
			n = drop_last(out, n, keep);
		} else if (len && !(len == 1 && *path == '.') && !(up && absolute)) {
			if (n && out[n - 1] != '/')
				out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
			if (up)
				keep = n;
		}
		path += len;
		path += strspn(path, "/");
	}
	if (!n)
		out[n++] = '.';
	out[n] = '\0';
	return out;
}

char *path_join(struct arena *a, const char *base, const char *rel)
{
	return path_clean(a, *rel == '/' ? rel : arena_printf(a, "%s/%s", base, rel));
}

char *path_absolute(struct arena *a, const char *path)
{
	char cwd[PATH_MAX];

	if (*path == '/')
		return path_clean(a, path);
	if (!getcwd(cwd, sizeof(cwd)))
		return NULL;
	if (*cwd != '/') {
		/* "(unreachable)...": the directory is outside our root */
		errno = ENOENT;
		return NULL;
	}
	return path_join(a, cwd, path);
}

bool path_is_within(const char *path, const char *dir)
{
	const char *rest = after_prefix(path, dir);

	if (streq(dir, "/"))
		return *path == '/';
	return rest && (*rest == '\0' || *rest == '/');
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

char *path_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(a, ".");
	return slash == path ? arena_strdup(a, "/")
			     : arena_strndup(a, path, (size_t)(slash - path));
}

bool path_has_dotdot(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += len;
		path += strspn(path, "/");
	}
	return false;
}
