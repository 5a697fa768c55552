/* SPDX-License-Identifier: Apache-2.0 */
/* HOME when the config has none: from the container's /etc/passwd, else "/".
 * Surprise: the file is the image's and may be anything (a FIFO, 4 GiB, missing); nothing about it
 * may stop the container, so every failure here only means "/". It may also be a link to
 * /proc/self/fd/N, a descriptor of ours, hence inroot_open even though we have pivoted. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "process/parts.h"
#include "sys/inroot.h"

enum { MAX_PASSWD = 1 << 20 };

/* The field at *p up to ':' or the end of the line, moving *p behind it. */
static size_t take_field(const char **p, const char **start)
{
	*start = *p;
	size_t n = strcspn(*p, ":\n");
	*p += n;
	if (**p == ':')
		++*p;
	return n;
}

static bool is_id(const char *s, size_t n, uint32_t id)
{
	char want[16];
	int len = snprintf(want, sizeof(want), "%u", id);
	return len > 0 && n == (size_t)len && memcmp(s, want, n) == 0;
}

const char *process_passwd_home(struct arena *a, const char *text, uint32_t uid)
{
	enum { UID = 2, HOME = 5, FIELDS };
	while (*text) {
		const char *start[FIELDS];
		size_t len[FIELDS];
		for (int i = 0; i < FIELDS; i++)
			len[i] = take_field(&text, &start[i]);
		if (is_id(start[UID], len[UID], uid))
			return len[HOME] ? arena_strndup(a, start[HOME], len[HOME]) : NULL;
		text += strcspn(text, "\n");
		if (*text)
			text++;
	}
	return NULL;
}

static int read_passwd(struct arena *a, char **text)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys("open the root directory");
	_cleanup_close_ int fd =
		inroot_open(root, "etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys("open \"/etc/passwd\"");
	if (!S_ISREG(st.st_mode))
		return err_msg(ERR_CONFIG, "\"/etc/passwd\" is not a regular file");
	size_t len = 0;
	return io_read_fd(a, fd, "/etc/passwd", MAX_PASSWD, text, &len);
}

int process_home(struct arena *a, const struct process_plan *p, const char ***env)
{
	if (!p->home_missing) {
		*env = p->env;
		return 0;
	}
	char *text = NULL;
	const char *home = NULL;
	int r = read_passwd(a, &text);
	if (r < 0)
		err_dropped(r);
	else
		home = process_passwd_home(a, text, p->uid);
	const char **v = arena_calloc(a, p->nenv + 2, sizeof(*v));
	if (p->nenv)
		memcpy(v, p->env, p->nenv * sizeof(*v));
	v[p->nenv] = arena_printf(a, "HOME=%s", home ? home : "/");
	*env = v;
	return 0;
}
