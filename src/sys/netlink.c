/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to NETLINK_ROUTE, one at a time, each answered before the next is sent.
 * Surprise: a dump comes in several datagrams and is over only at NLMSG_DONE; a datagram larger
 * than our buffer would be cut silently, so MSG_TRUNC is looked at. */
#include "sys/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/* A request being built: header, fixed part, attributes. */
struct request {
	struct nlmsghdr h;
	char body[512];
};

struct reply {
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t len;
};

static void *request_begin(struct request *r, uint16_t type, uint16_t flags, size_t fixed)
{
	memset(r, 0, sizeof(*r));
	r->h.nlmsg_type = type;
	r->h.nlmsg_flags = NLM_F_REQUEST | flags;
	r->h.nlmsg_seq = 1;
	r->h.nlmsg_len = (uint32_t)NLMSG_LENGTH(fixed);
	return r->body;
}

static void request_attr(struct request *r, uint16_t type, const void *data, size_t len)
{
	struct rtattr *a = (struct rtattr *)((char *)r + NLMSG_ALIGN(r->h.nlmsg_len));
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a->rta_len));
}

static int request_send(int nl, struct request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;
	do
		n = sendto(nl, &r->h, r->h.nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

static int reply_receive(int nl, struct reply *r)
{
	struct iovec iov = { .iov_base = r->buf, .iov_len = sizeof(r->buf) };
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct msghdr msg = { .msg_name = &from,
				      .msg_namelen = sizeof(from),
				      .msg_iov = &iov,
				      .msg_iovlen = 1 };
		ssize_t n = recvmsg(nl, &msg, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (from.nl_pid != 0)
			continue; /* another process sent it, not the kernel */
		if (msg.msg_flags & MSG_TRUNC) {
			errno = EMSGSIZE;
			return -1;
		}
		r->len = (size_t)n;
		return 0;
	}
}

/* The answer of an error message: 0, or -1 with errno. */
static int answer(const struct nlmsghdr *h)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*e))) {
		errno = EPROTO;
		return -1;
	}
	if (e->error == 0)
		return 0;
	errno = -e->error;
	return -1;
}

static int transact(int nl, struct request *r)
{
	struct reply in;
	r->h.nlmsg_flags |= NLM_F_ACK;
	if (request_send(nl, r) < 0 || reply_receive(nl, &in) < 0)
		return -1;
	const struct nlmsghdr *h = (const struct nlmsghdr *)in.buf;
	if (!NLMSG_OK(h, in.len) || h->nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	return answer(h);
}

int netlink_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

int netlink_find(int nl, const char *name)
{
	struct request r;
	struct reply in;
	request_begin(&r, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	request_attr(&r, IFLA_IFNAME, name, strlen(name) + 1);
	if (request_send(nl, &r) < 0 || reply_receive(nl, &in) < 0)
		return -1;
	const struct nlmsghdr *h = (const struct nlmsghdr *)in.buf;
	if (NLMSG_OK(h, in.len) && h->nlmsg_type == NLMSG_ERROR && answer(h) < 0)
		return -1;
	if (!NLMSG_OK(h, in.len) || h->nlmsg_type != RTM_NEWLINK) {
		errno = EPROTO;
		return -1;
	}
	return ((const struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
}

int netlink_set_up(int nl, int index, bool up)
{
	struct request r;
	struct ifinfomsg *link = request_begin(&r, RTM_NEWLINK, 0, sizeof(*link));
	link->ifi_index = index;
	link->ifi_change = IFF_UP;
	link->ifi_flags = up ? IFF_UP : 0;
	return transact(nl, &r);
}

int netlink_move(int nl, int index, int netns_fd, const char *name)
{
	struct request r;
	struct ifinfomsg *link = request_begin(&r, RTM_NEWLINK, 0, sizeof(*link));
	link->ifi_index = index;
	request_attr(&r, IFLA_NET_NS_FD, &netns_fd, sizeof(netns_fd));
	request_attr(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return transact(nl, &r);
}

static bool copy_address(const struct rtattr *a, uint8_t *out, uint8_t *len)
{
	size_t n = RTA_PAYLOAD(a);
	if (n != 4 && n != 16)
		return false;
	memcpy(out, RTA_DATA(a), n);
	*len = (uint8_t)n;
	return true;
}

static void parse_addr(const struct nlmsghdr *h, struct netlink_addr *out)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	int left = (int)IFA_PAYLOAD(h);
	*out = (struct netlink_addr){ .family = m->ifa_family,
				      .prefix = m->ifa_prefixlen,
				      .scope = m->ifa_scope,
				      .flags = m->ifa_flags };
	for (const struct rtattr *a = IFA_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		size_t n = RTA_PAYLOAD(a);
		if (a->rta_type == IFA_LOCAL)
			out->has_local = copy_address(a, out->local, &out->len);
		else if (a->rta_type == IFA_ADDRESS)
			out->has_address = copy_address(a, out->address, &out->len);
		else if (a->rta_type == IFA_BROADCAST)
			out->has_broadcast = copy_address(a, out->broadcast, &out->len);
		else if (a->rta_type == IFA_FLAGS && n == sizeof(out->flags))
			memcpy(&out->flags, RTA_DATA(a), n);
		else if (a->rta_type == IFA_LABEL && n > 0 && n <= sizeof(out->label))
			memcpy(out->label, RTA_DATA(a), n - 1);
	}
}

int netlink_addrs(int nl, int index, struct netlink_addr *out, size_t max)
{
	struct request r;
	struct reply in;
	int count = 0;
	request_begin(&r, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	if (request_send(nl, &r) < 0)
		return -1;
	for (;;) {
		if (reply_receive(nl, &in) < 0)
			return -1;
		size_t left = in.len;
		for (const struct nlmsghdr *h = (const struct nlmsghdr *)in.buf; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			const struct ifaddrmsg *m = NLMSG_DATA(h);
			if (h->nlmsg_type == NLMSG_DONE)
				return count;
			if (h->nlmsg_type == NLMSG_ERROR)
				return answer(h) < 0 ? -1 : count;
			if (h->nlmsg_type != RTM_NEWADDR || (int)m->ifa_index != index)
				continue;
			if ((size_t)count < max)
				parse_addr(h, &out[count]);
			count++;
		}
	}
}

int netlink_add_addr(int nl, int index, const struct netlink_addr *addr)
{
	struct request r;
	struct ifaddrmsg *m = request_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*m));
	m->ifa_family = addr->family;
	m->ifa_prefixlen = addr->prefix;
	m->ifa_scope = addr->scope;
	m->ifa_flags = (uint8_t)addr->flags;
	m->ifa_index = (uint32_t)index;
	if (addr->has_local)
		request_attr(&r, IFA_LOCAL, addr->local, addr->len);
	if (addr->has_address)
		request_attr(&r, IFA_ADDRESS, addr->address, addr->len);
	if (addr->has_broadcast)
		request_attr(&r, IFA_BROADCAST, addr->broadcast, addr->len);
	if (addr->label[0])
		request_attr(&r, IFA_LABEL, addr->label, strlen(addr->label) + 1);
	request_attr(&r, IFA_FLAGS, &addr->flags, sizeof(addr->flags));
	return transact(nl, &r);
}

int netlink_loopback_up(void)
{
	/* Any socket takes interface ioctls; AF_UNIX exists in kernels without IP too. */
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo" };
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
		return -1;
	if (ifr.ifr_flags & IFF_UP)
		return 0;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &ifr);
}
