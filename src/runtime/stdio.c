/* SPDX-License-Identifier: Apache-2.0 */
/* --stdin, --stdout, --stderr and --stdio: where the container's standard streams lead, when not to
 * ours. A created or detached container keeps what it inherits for as long as it lives, and whoever
 * reads the other end waits with it.
 * Surprise: a fifo is opened without waiting for its other end; one that nobody reads is an error
 * for an output, as a log that nobody takes would stop the container later. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "runtime/launch.h"

static const char null_word[] = "null";

static int open_stream(const char *option, const char *path, bool input, int *out)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	struct stat st;

	if (streq(path, null_word))
		path = "/dev/null";
	flags |= input ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND;
	_cleanup_close_ int fd = open(path, flags, 0600);
	if (fd < 0 && errno == ENXIO)
		return err_msg(ERR_USAGE, "%s: \"%s\" is a fifo or a socket without a reader",
			       option, path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys("%s: open \"%s\"", option, path);
	if (S_ISDIR(st.st_mode))
		return err_msg(ERR_USAGE, "%s: \"%s\" is a directory", option, path);
	int now = fcntl(fd, F_GETFL);
	if (now < 0 || fcntl(fd, F_SETFL, now & ~O_NONBLOCK) < 0)
		return err_sys("%s: make \"%s\" block again", option, path);
	return fd_dup_high(fd, out);
}

int stdio_open(const struct create_opts *o, bool terminal, int fds[3])
{
	const struct {
		const char *option, *path;
	} streams[] = {
		{ "--stdin", o->stdin_path },
		{ "--stdout", o->stdout_path },
		{ "--stderr", o->stderr_path },
	};
	if (o->stdio && !streq(o->stdio, null_word))
		return err_msg(ERR_USAGE,
			       "--stdio: expected null, found \"%s\"; --stdin, --stdout and "
			       "--stderr take files",
			       o->stdio);
	for (int i = 0; i < 3; i++) {
		const char *path = streams[i].path ? streams[i].path : o->stdio;
		if (!path)
			continue;
		if (terminal)
			return err_msg(ERR_USAGE, "%s: the container has a terminal",
				       streams[i].path ? streams[i].option : "--stdio");
		TRY(open_stream(streams[i].option, path, i == 0, &fds[i]));
	}
	return 0;
}
