/* SPDX-License-Identifier: Apache-2.0 */
/* Private to ns: the eight kinds of namespaces, once, and names of network devices. */
#pragma once

#include "ns/ns.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

struct ns_kind {
	enum oci_ns_type type;
	unsigned flag;
	const char *word;
};

extern const struct ns_kind ns_kinds[]; /* in the order of joining; ends with word NULL */
const struct ns_kind *ns_kind_of(enum oci_ns_type type);
const char *ns_kind_file(const struct ns_kind *k); /* its name in /proc/PID/ns */

/* What /linux/netDevices entry i is to be called in the container. "%d": a free number. */
const char *ns_device_name(const struct oci_linux *l, size_t i);
bool ns_device_name_ok(const char *name);
