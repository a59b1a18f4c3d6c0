/* RUNTIME: migrate: all who hear it are told where an address is now. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/network.h"

#define MAC         6
#define ARP_LEN     42
#define NA_AT       54 /* behind Ethernet and IPv6 */
#define NA_LEN      32
#define ICMPV6      58
#define NA_TYPE     136
#define NA_OVERRIDE 0x20 /* first byte of the flags: not only who does not know it yet */
#define TARGET_MAC  2    /* the option that names the link-layer address */

static const unsigned char everybody[MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void ethernet(unsigned char *b, const unsigned char *to, const unsigned char *from,
		     uint16_t type)
{
	memcpy(b, to, MAC);
	memcpy(b + MAC, from, MAC);
	b[12] = (unsigned char)(type >> 8);
	b[13] = (unsigned char)type;
}

/* RFC 5944, 4.6: a request, or an answer that nobody asked for; some listen only to one of them. */
static void arp(struct network_frame *f, const struct network_ip *ip, const unsigned char *mac,
		bool answer)
{
	static const unsigned char head[7] = {0, 1, 8, 0, MAC, 4, 0};

	f->len = ARP_LEN;
	ethernet(f->b, everybody, mac, ETHERTYPE_ARP);
	memcpy(f->b + 14, head, sizeof(head));
	f->b[21] = answer ? 2 : 1;
	memcpy(f->b + 22, mac, MAC);
	memcpy(f->b + 28, ip->b, 4);
	memcpy(f->b + 32, answer ? mac : (const unsigned char[MAC]){0}, MAC);
	memcpy(f->b + 38, ip->b, 4);
}

static uint32_t sum(uint32_t from, const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		from += (uint32_t)p[i] << 8 | p[i + 1];
	return from;
}

/* RFC 4861, 4.4: to all nodes, unsolicited. */
static void advertisement(struct network_frame *f, const struct network_ip *ip,
			  const unsigned char *mac)
{
	static const unsigned char to_mac[MAC] = {0x33, 0x33, 0, 0, 0, 1};
	static const unsigned char to[16] = {0xff, 2, [15] = 1};
	unsigned char *v6 = f->b + 14, *na = f->b + NA_AT;
	uint32_t check;

	f->len = NA_AT + NA_LEN;
	ethernet(f->b, to_mac, mac, ETHERTYPE_IPV6);
	v6[0] = 0x60;
	v6[5] = NA_LEN;
	v6[6] = ICMPV6;
	v6[7] = 255; /* nobody has forwarded it */
	memcpy(v6 + 8, ip->b, 16);
	memcpy(v6 + 24, to, 16);
	na[0] = NA_TYPE;
	na[4] = NA_OVERRIDE;
	memcpy(na + 8, ip->b, 16);
	na[24] = TARGET_MAC;
	na[25] = 1; /* of eight bytes */
	memcpy(na + 26, mac, MAC);
	check = sum(sum(NA_LEN + ICMPV6, v6 + 8, 32), na, NA_LEN);
	while (check >> 16)
		check = (check & 0xffff) + (check >> 16);
	check = ~check;
	na[2] = (unsigned char)(check >> 8);
	na[3] = (unsigned char)check;
}

size_t network_frames(const struct network_ip *address, const unsigned char mac[6],
		      struct network_frame ret[2])
{
	memset(ret, 0, 2 * sizeof(*ret));
	if (address->family == AF_INET6) {
		advertisement(&ret[0], address, mac);
		return 1;
	}
	arp(&ret[0], address, mac, false);
	arp(&ret[1], address, mac, true);
	return 2;
}

static void add(struct arena *a, const struct nl_link *link, const struct network_address *address,
		struct network_frame **ret, size_t *ret_n)
{
	struct network_frame frames[2];
	struct network_ip ip;
	size_t n = 0;

	if (network_ip_parse(address->address, &ip) == 0)
		n = network_frames(&ip, link->mac, frames);
	for (size_t i = 0; i < n; i++) {
		frames[i].index = link->index;
		*arena_push(a, ret, ret_n) = frames[i];
	}
}

int network_announcements(struct arena *a, struct rtnl *s, const struct network *n,
			  struct network_frame **ret, size_t *ret_n, struct err *err)
{
	*ret = NULL;
	*ret_n = 0;
	for (size_t i = 0; i < n->links.n; i++) {
		const struct network_link *l = &n->links.v[i];
		struct nl_link link;
		int r = network_find_link(s, l->name, &link, err);

		if (r == -ENODEV)
			continue;
		if (r < 0)
			return r;
		if (link.mac_len != MAC || (link.flags & (IFF_LOOPBACK | IFF_NOARP)))
			continue;
		for (size_t j = 0; j < l->addresses.n; j++)
			add(a, &link, &l->addresses.v[j], ret, ret_n);
	}
	return 0;
}

int network_announcer(struct err *err)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? err_sys(err, errno, "open a socket to announce addresses") : fd;
}

/* Nobody waits for them, and they are sent several times. */
void network_announce(int fd, const struct network_frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sockaddr_ll to = {.sll_family = AF_PACKET,
					 .sll_ifindex = (int)frames[i].index,
					 .sll_halen = MAC};

		memcpy(to.sll_addr, frames[i].b, MAC);
		(void)!sendto(fd, frames[i].b, frames[i].len, 0, (const struct sockaddr *)&to,
			      sizeof(to));
	}
}
