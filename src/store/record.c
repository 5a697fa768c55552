/* SPDX-License-Identifier: Apache-2.0 */
/* state.json and the copy of config.json, read and written whole. Nothing is synced to disk: the
 * state root is on a tmpfs and dies with the processes it describes. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "store/parts.h"

/* clang-format off */
#include <ocispec/tables_on.h>
#include "store/record.def"
#include <ocispec/structs_off.h>
/* clang-format on */

/* The first record needs no rename: nobody can have read an older one. */
static int create_file(int dir_fd, const char *name, const char *text, size_t len)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys("create \"%s\"", name);
	int r = io_write_all(fd, text, len);
	if (close(fd) < 0 && r >= 0)
		r = err_sys("write");
	return r < 0 ? err_wrap("writing \"%s\"", name) : 0;
}

int store_save(struct arena *a, struct container *c, const struct oci_record *rec)
{
	size_t len;
	struct oci_record copy = *rec;

	copy.version = STORE_VERSION;
	const char *text = oci_encode(a, oci_record_type(), &copy, NULL, &len);
	if (!text)
		return err_msg(ERR_BUG, "the state of container \"%s\" cannot be written as JSON",
			       c->id);
	int r = c->fresh ? create_file(c->dir_fd, STORE_RECORD, text, len)
			 : io_replace_file(c->dir_fd, STORE_RECORD, text, len, 0600);
	if (r < 0)
		return err_wrap("saving the state of container \"%s\"", c->id);
	c->fresh = false;
	return 0;
}

static int read_file(struct arena *a, const struct container *c, const char *name, char **text,
		     size_t *len)
{
	struct stat st;
	_cleanup_close_ int fd =
		openat(c->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return STORE_NO_RECORD;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys("open \"%s\" of container \"%s\"", name, c->id);
	if (!S_ISREG(st.st_mode))
		return err_msg(ERR_STATE, "\"%s\" of container \"%s\" is not a regular file", name,
			       c->id);
	return io_read_fd(a, fd, name, OCI_MAX_DOCUMENT, text, len);
}

int store_load(struct arena *a, const struct container *c, struct oci_record **out)
{
	struct oci_diag diag;
	char *text;
	size_t len;

	if (TRY(read_file(a, c, STORE_RECORD, &text, &len)) == STORE_NO_RECORD)
		return STORE_NO_RECORD;
	struct oci_record *rec = oci_decode(a, oci_record_type(), text, len, 0, &diag);
	if (!rec)
		return err_msg(ERR_STATE, "the state of container \"%s\" is damaged: %s", c->id,
			       diag.text);
	if (rec->version != STORE_VERSION)
		return err_msg(
			ERR_STATE,
			"the state of container \"%s\" has version %u, this program knows %d",
			c->id, rec->version, STORE_VERSION);
	if (!streq(rec->id, c->id))
		return err_msg(ERR_STATE,
			       "the state of container \"%s\" is damaged: it names \"%s\"", c->id,
			       rec->id);
	*out = rec;
	return 0;
}

int store_save_config(struct container *c, const char *text, size_t len)
{
	TRY_AS(io_replace_file(c->dir_fd, STORE_CONFIG, text, len, 0600),
	       "saving the config of container \"%s\"", c->id);
	return 0;
}

bool store_half_removed(const struct container *c)
{
	return faccessat(c->dir_fd, STORE_CONFIG, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

int store_load_config(struct arena *a, const struct container *c, char **text, size_t *len)
{
	if (TRY(read_file(a, c, STORE_CONFIG, text, len)) == STORE_NO_RECORD)
		return err_msg(ERR_STATE, "the state of container \"%s\" has no config.json",
			       c->id);
	return 0;
}
