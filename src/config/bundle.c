/* SPDX-License-Identifier: Apache-2.0 */
/* Reads config.json. Surprise: the file is opened relative to the bundle's descriptor and must be a
 * regular file, so a FIFO put in its place cannot hang an engine. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "config/config.h"

int config_parse(struct arena *a, const char *what, const char *text, size_t len,
		 struct oci_config **out)
{
	struct oci_diag diag;
	struct oci_config *c = oci_decode(a, oci_config_type(), text, len, 0, &diag);
	if (!c)
		return err_msg(ERR_CONFIG, "%s: %s", what, diag.text);
	*out = c;
	return 0;
}

static int read_config(struct bundle *b, const char *config_path)
{
	char *text;
	if (!config_path)
		TRY(io_read_file(b->arena, b->dir_fd, "config.json", OCI_MAX_DOCUMENT, &text,
				 &b->len));
	else if (streq(config_path, "-"))
		TRY(io_read_fd(b->arena, STDIN_FILENO, "stdin", OCI_MAX_DOCUMENT, &text, &b->len));
	else
		TRY(io_read_file(b->arena, AT_FDCWD, config_path, OCI_MAX_DOCUMENT, &text,
				 &b->len));
	b->text = text;
	return 0;
}

int bundle_load(struct arena *a, const char *dir, const char *config_path, struct bundle *out)
{
	_cleanup_close_ int fd = -1;
	struct bundle b = { .arena = a, .dir_fd = -1 };
	b.path = path_absolute(a, dir && *dir ? dir : ".");
	if (!b.path)
		return err_sys("find the working directory");
	fd = open(b.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys("open bundle \"%s\"", b.path);
	b.dir_fd = fd;
	int r = read_config(&b, config_path);
	if (r < 0) {
		if (!config_path && r == -ENOENT)
			err_hint("a bundle is a directory with a config.json; `ocirun spec` writes "
				 "one");
		return err_wrap("bundle \"%s\"", b.path);
	}
	const char *what = config_path ? config_path : "config.json";
	TRY(config_parse(a, what, b.text, b.len, &b.config));
	TRY_AS(config_check(b.config), "%s", what);
	b.dir_fd = take_fd(&fd);
	*out = b;
	return 0;
}

void bundle_close(struct bundle *b)
{
	close_fd(&b->dir_fd);
}
