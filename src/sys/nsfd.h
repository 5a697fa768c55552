/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces by descriptor. All return -1 and errno.
 * Surprise: a namespace file is opened O_NONBLOCK, so that a FIFO by mistake cannot hang us. */
#pragma once

#include <stdbool.h>

int nsfd_open(const char *path);  /* close-on-exec */
int nsfd_open_at(int dir_fd, const char *name);
int nsfd_type(int fd);            /* CLONE_NEW*; ENOTTY: not a namespace */
int nsfd_enter(int fd, int type); /* setns */
/* Is it the namespace we are in? `name` is the file in /proc/self/ns. */
bool nsfd_is_own(int fd, const char *name);
