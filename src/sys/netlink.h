/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices and addresses over NETLINK_ROUTE. All return -1 and errno (the kernel's answer).
 * Surprise: a netlink socket belongs for ever to the network namespace it was made in, so one
 * process can hold one socket of each side. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_addr {
	uint8_t family, prefix, scope;
	uint32_t flags; /* IFA_F_* */
	uint8_t len;    /* bytes of each address below: 4 or 16 */
	bool has_local, has_address, has_broadcast;
	uint8_t local[16], address[16], broadcast[16];
	char label[16]; /* IPv4 only, "" = none */
};

int netlink_open(void);                     /* a socket of our network namespace */
int netlink_find(int nl, const char *name); /* interface index; ENODEV */
int netlink_set_up(int nl, int index, bool up);
/* To the namespace `netns_fd`, as `name`; this takes it down and drops its addresses. */
int netlink_move(int nl, int index, int netns_fd, const char *name);
/* The addresses of one interface: how many there are; at most `max` are stored. */
int netlink_addrs(int nl, int index, struct netlink_addr *out, size_t max);
int netlink_add_addr(int nl, int index, const struct netlink_addr *addr);
/* The loopback device of our network namespace; one socket, two ioctls. */
int netlink_loopback_up(void);
