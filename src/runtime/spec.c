/* SPDX-License-Identifier: Apache-2.0 */
/* spec: write the default config.json; an existing file is never touched. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/config.h"
#include "defaults/defaults.h"
#include "ns/ns.h"
#include "runtime/runtime.h"

static int make_rootless(struct runtime *rt, struct oci_config *c)
{
	struct ns_default_maps maps = { 0 };
	defaults_rootless(rt->arena, c);
	TRY(runtime_identity(rt));
	TRY(ns_default_maps(rt->arena, &rt->host, &maps));
	ns_set_maps(c->linux_, &maps);
	return 0;
}

int runtime_spec(struct runtime *rt, const char *dir, bool rootless)
{
	_cleanup_close_ int dir_fd = -1, fd = -1;
	size_t len;
	const char *bundle = dir ? dir : ".";
	dir_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys("open bundle \"%s\"", bundle);
	struct oci_config *c = defaults_config(rt->arena);
	if (!c)
		return err_msg(ERR_BUG, "the built-in default config does not parse");
	if (rootless)
		TRY(make_rootless(rt, c));
	const char *text = oci_encode(rt->arena, oci_config_type(), c, "\t", &len);
	fd = openat(dir_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_msg(ERR_USAGE, "file config.json exists, remove it first");
	if (fd < 0)
		return err_sys("create config.json");
	TRY(io_write_all(fd, text, len));
	return io_write_all(fd, "\n", 1);
}
