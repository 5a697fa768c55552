/* SPDX-License-Identifier: Apache-2.0 */
/* The network namespace's devices: loopback up (child), host devices moved in (parent).
 * A device that changes its namespace loses its addresses and is down, so its permanent addresses
 * are read before, and set after. It keeps its MTU and its hardware address. Nothing is moved back
 * when the container ends; the kernel returns physical devices and destroys virtual ones.
 * Surprise: its index may change on the way, so on the other side it is found by name. */
#include <ctype.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>

#include "base/cleanup.h"
#include "ns/kinds.h"
#include "sys/netlink.h"
#include "sys/nsfd.h"

#define MAX_ADDRS  256
#define MAX_NUMBER 4096 /* of names like "eth%d" */

int ns_loopback_up(void)
{
	if (netlink_loopback_up() < 0)
		return err_sys("bring up the loopback device");
	return 0;
}

const char *ns_device_name(const struct oci_linux *l, size_t i)
{
	const char *name = l->net_devices.v[i].value.name;
	return name && name[0] ? name : l->net_devices.v[i].key;
}

/* The kernel's rule, and at most one "%d". */
bool ns_device_name_ok(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n >= IFNAMSIZ || streq(name, ".") || streq(name, ".."))
		return false;
	for (const char *c = name; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return false;
	const char *percent = strchr(name, '%');
	return !percent || (percent[1] == 'd' && !strchr(percent + 1, '%'));
}

/* A socket of the other namespace: we go there, open it, and come back. */
static int open_inside(int netns_fd, int *out)
{
	_cleanup_close_ int home = nsfd_open("/proc/self/ns/net");
	if (home < 0)
		return err_sys("open \"/proc/self/ns/net\"");
	if (nsfd_enter(netns_fd, CLONE_NEWNET) < 0)
		return err_sys("enter the container's network namespace");
	_cleanup_close_ int nl = netlink_open();
	int no = errno;
	if (nsfd_enter(home, CLONE_NEWNET) < 0)
		return err_sys("return to the host's network namespace");
	if (nl < 0)
		return err_sysno(no, "open a netlink socket in the container's network namespace");
	*out = take_fd(&nl);
	return 0;
}

/* Take the first free number ourselves: after a move by template nobody tells which one it got. */
static int concrete_name(int inside, const char *name, char out[IFNAMSIZ])
{
	const char *percent = strchr(name, '%');
	int before = percent ? (int)(percent - name) : (int)strlen(name);
	for (int i = 0; i < MAX_NUMBER; i++) {
		int n = percent ? snprintf(out, IFNAMSIZ, "%.*s%d%s", before, name, i, percent + 2)
				: snprintf(out, IFNAMSIZ, "%s", name);
		if (n >= IFNAMSIZ)
			break;
		/* Asked before, because a move whose renaming fails is not taken back. */
		if (netlink_find(inside, out) < 0)
			return errno == ENODEV ? 0
					       : err_sys("look for \"%s\" in the container", out);
		if (!percent)
			return err_msg(ERR_STATE, "the container has a device \"%s\" already", out);
	}
	return err_msg(ERR_CONFIG, "no free device name like \"%s\"", name);
}

/* IPv4 labels begin with the device's name: "eth0:1" follows it to its new one. */
static void rename_label(struct netlink_addr *a, const char *from, const char *to)
{
	const char *rest = after_prefix(a->label, from);
	char label[sizeof(a->label)];
	if (!a->label[0])
		return;
	if (rest && snprintf(label, sizeof(label), "%s%s", to, rest) < (int)sizeof(label))
		memcpy(a->label, label, sizeof(label));
	else
		a->label[0] = '\0';
}

/* Link-local addresses come back by themselves, temporary ones were never promised. */
static bool wanted(const struct netlink_addr *a)
{
	return (a->flags & IFA_F_PERMANENT) && a->scope == RT_SCOPE_UNIVERSE;
}

struct move {
	int outside, inside; /* netlink sockets */
	int netns_fd;
	const char *from;
	char to[IFNAMSIZ];
	struct netlink_addr *addrs;
	int naddrs;
};

static int read_addresses(struct arena *a, struct move *m, int index)
{
	m->addrs = arena_calloc(a, MAX_ADDRS, sizeof(*m->addrs));
	m->naddrs = netlink_addrs(m->outside, index, m->addrs, MAX_ADDRS);
	if (m->naddrs < 0)
		return err_sys("read the addresses");
	if (m->naddrs > MAX_ADDRS)
		return err_msg(ERR_UNSUPPORTED, "more than %d addresses", MAX_ADDRS);
	return 0;
}

static int settle(struct move *m)
{
	int index = netlink_find(m->inside, m->to);
	if (index < 0)
		return err_sys("find it as \"%s\" in the container", m->to);
	for (int i = 0; i < m->naddrs; i++) {
		struct netlink_addr *addr = &m->addrs[i];
		if (!wanted(addr))
			continue;
		rename_label(addr, m->from, m->to);
		/* Duplicate address detection is over: it was done where it came from. */
		addr->flags &= ~(uint32_t)(IFA_F_TENTATIVE | IFA_F_DADFAILED);
		if (netlink_add_addr(m->inside, index, addr) < 0 && errno != EEXIST)
			return err_sys("give \"%s\" its addresses back", m->to);
	}
	if (netlink_set_up(m->inside, index, true) < 0)
		return err_sys("bring up \"%s\"", m->to);
	return 0;
}

static int move_device(struct arena *a, struct move *m, const char *to)
{
	int index = netlink_find(m->outside, m->from);
	if (index < 0)
		return err_sys("find the network device");
	TRY(concrete_name(m->inside, to, m->to));
	TRY(read_addresses(a, m, index));
	if (netlink_set_up(m->outside, index, false) < 0)
		return err_sys("take it down");
	if (netlink_move(m->outside, index, m->netns_fd, m->to) < 0) {
		int r = err_sys("move it to the container as \"%s\"", m->to);
		netlink_set_up(m->outside, index, true); /* as it was, if it is still here */
		return r;
	}
	return settle(m);
}

int ns_move_netdevs(struct arena *a, const struct oci_config *c, int netns_fd)
{
	const struct oci_linux *l = c->linux_;
	if (!l || l->net_devices.n == 0)
		return 0;
	_cleanup_close_ int outside = netlink_open();
	if (outside < 0)
		return err_sys("open a netlink socket");
	_cleanup_close_ int inside = -1;
	TRY(open_inside(netns_fd, &inside));
	for (size_t i = 0; i < l->net_devices.n; i++) {
		struct move m = { .outside = outside,
				  .inside = inside,
				  .netns_fd = netns_fd,
				  .from = l->net_devices.v[i].key };
		TRY_AS(move_device(a, &m, ns_device_name(l, i)), "/linux/netDevices/%s", m.from);
	}
	return 0;
}
