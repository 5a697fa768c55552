/* SPDX-License-Identifier: Apache-2.0 */
/* Whole-file reading and writing relative to a directory descriptor; EINTR and short counts are
 * handled. dirfd may be AT_FDCWD. `path` appears in error texts. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <ocispec/arena.h>

#include "base/err.h"

/* Read a regular file of at most max bytes (opened O_NONBLOCK and checked with fstat, so a FIFO
 * cannot hang us). NUL-terminated; *len without the NUL. */
int io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **out,
		 size_t *len) MUST_CHECK;
/* The same without the regular-file check, for proc, sysfs, cgroupfs and "-" style descriptors. */
int io_read_fd(struct arena *a, int fd, const char *what, size_t max, char **out,
	       size_t *len) MUST_CHECK;
int io_read_virtual(struct arena *a, int dirfd, const char *path, size_t max, char **out,
		    size_t *len) MUST_CHECK;
/* One open(O_WRONLY|O_CLOEXEC), one write of all bytes, for kernel files. */
int io_write_virtual(int dirfd, const char *path, const char *text) MUST_CHECK;
int io_write_all(int fd, const void *data, size_t len) MUST_CHECK; /* error text "write" */
/* Atomically replace dirfd/name: ".name.tmp" O_EXCL|O_NOFOLLOW, write, close checked, rename. */
int io_replace_file(int dirfd, const char *name, const void *data, size_t len,
		    mode_t mode) MUST_CHECK;
/* The same for an absolute path given by the user (pid file). */
int io_replace_path(const char *path, const void *data, size_t len, mode_t mode) MUST_CHECK;
