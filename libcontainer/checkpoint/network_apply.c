/* RUNTIME: migrate: a network namespace becomes what a description says. */
#include <errno.h>
#include <linux/veth.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/network.h"

#define PORT_NAME     "hull%d" /* the kernel counts */
#define ADDR_GEN_NONE 1        /* IN6_ADDR_GEN_MODE_NONE */

static int on_link(void *ctx, const struct nl_msg *m, struct err *err)
{
	if (nl_parse_link(m, ctx) < 0)
		return err_fail(err, EBADMSG, "an interface of the kernel is not understood");
	return 0;
}

int network_find_link(struct rtnl *s, const char *name, struct nl_link *ret, struct err *err)
{
	const struct ifinfomsg head = {0};
	const struct rtnl_answer to = {.handle = on_link, .ctx = ret};
	struct nl_out m;

	nl_begin(&m, RTM_GETLINK, 0, &head, sizeof(head));
	nl_put_string(&m, IFLA_IFNAME, name);
	nl_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return rtnl_ask(s, &m, &to, err);
}

/* ---- links ---------------------------------------------------------------------------------- */

/* Attributes in an attribute: its length is known at the end. */
static size_t nest(struct nl_out *m, uint16_t type)
{
	size_t at = m->len;

	nl_put(m, type, NULL, 0);
	return at;
}

static void unnest(struct nl_out *m, size_t at)
{
	struct rtattr a;

	if (m->overflow)
		return;
	memcpy(&a, m->buf + at, sizeof(a));
	a.rta_len = (unsigned short)(m->len - at);
	memcpy(m->buf + at, &a, sizeof(a));
}

/* No addresses of its own at the end on the host: it only passes on. */
static void put_no_addresses(struct nl_out *m)
{
	const uint8_t mode = ADDR_GEN_NONE;
	size_t families = nest(m, IFLA_AF_SPEC), v6 = nest(m, AF_INET6);

	nl_put(m, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	unnest(m, v6);
	unnest(m, families);
}

static int set_up(struct rtnl *s, uint32_t index, bool silent, struct err *err)
{
	const struct ifinfomsg head = {
		.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	struct nl_out m;

	nl_begin(&m, RTM_NEWLINK, NLM_F_ACK, &head, sizeof(head));
	if (silent)
		put_no_addresses(&m);
	return rtnl_change(s, &m, err);
}

static int make_veth(struct network_place *p, const struct network_link *l, struct err *err)
{
	const struct ifinfomsg head = {0};
	unsigned char mac[NL_MAC_SIZE];
	size_t len, info, data, peer;
	struct nl_out m;

	nl_begin(&m, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	nl_put_string(&m, IFLA_IFNAME, l->name);
	if (network_mac_parse(l->mac, mac, &len) && len == 6)
		nl_put(&m, IFLA_ADDRESS, mac, len);
	if (l->mtu.v)
		nl_put_u32(&m, IFLA_MTU, l->mtu.v);
	info = nest(&m, IFLA_LINKINFO);
	nl_put_string(&m, IFLA_INFO_KIND, "veth");
	data = nest(&m, IFLA_INFO_DATA);
	peer = m.len;
	nl_put(&m, VETH_INFO_PEER, &head, sizeof(head));
	nl_put_string(&m, IFLA_IFNAME, PORT_NAME);
	nl_put_u32(&m, IFLA_NET_NS_FD, (uint32_t)p->host_ns);
	if (l->mtu.v)
		nl_put_u32(&m, IFLA_MTU, l->mtu.v);
	unnest(&m, peer);
	unnest(&m, data);
	unnest(&m, info);
	return rtnl_change(&p->inside, &m, err);
}

/* Its other end is up, and nobody's: what is sent before the switch ends there. */
static int make_link(struct network_place *p, const struct network_link *l, struct err *err)
{
	struct network_port *port;
	struct nl_link made;
	int r = make_veth(p, l, err);

	if (r == 0)
		r = network_find_link(&p->inside, l->name, &made, err);
	if (r < 0)
		return err_wrap(err, "make link '%s'", l->name);
	port = arena_push(p->arena, &p->ports, &p->n_ports);
	port->index = made.peer;
	r = set_up(&p->host, port->index, true, err);
	if (r == -EAFNOSUPPORT) /* a kernel without IPv6 */
		r = set_up(&p->host, port->index, false, err);
	return r < 0 ? err_wrap(err, "set the other end of link '%s' up", l->name) : 0;
}

static int provide(struct network_place *p, struct network_link *l, struct err *err)
{
	struct nl_link there;
	int r = network_find_link(&p->inside, l->name, &there, err);

	if (r == 0 && streq(l->name, "lo")) {
		l->index = there.index;
		return 0;
	}
	if (r == 0)
		r = network_cut_attach(p->cut, there.index, err);
	else if (r == -ENODEV && p->bridge)
		r = make_link(p, l, err);
	else if (r == -ENODEV) {
		err_fail(err, ENODEV, "nothing brings link '%s' into the container's network",
			 l->name);
		err_hint(err, "--bridge BRIDGE makes it; or linux.netDevices, or a hook");
	}
	if (r == 0)
		r = network_find_link(&p->inside, l->name, &there, err);
	l->index = there.index;
	return r < 0 ? -err->code : 0;
}

/* ---- addresses ------------------------------------------------------------------------------ */

static void put_ip(struct nl_out *m, uint16_t type, const char *text)
{
	struct network_ip ip;

	if (text && network_ip_parse(text, &ip) == 0)
		nl_put(m, type, ip.b, ip.len);
}

/* The other side's are cut off, so nobody has to be asked whether an address is free. */
static int add_address(struct network_place *p, const struct network_link *l,
		       const struct network_address *a, struct err *err)
{
	const uint32_t flags = a->flags.v | (strchr(a->address, ':') ? IFA_F_NODAD : 0);
	const struct ifaddrmsg head = {
		.ifa_family = strchr(a->address, ':') ? AF_INET6 : AF_INET,
		.ifa_prefixlen = (uint8_t)a->prefix.v,
		.ifa_flags = (uint8_t)flags,
		.ifa_scope = (uint8_t)a->scope.v,
		.ifa_index = l->index,
	};
	const struct ifa_cacheinfo cache = {.ifa_prefered = a->preferred.v,
					    .ifa_valid = a->valid.v};
	struct nl_out m;
	int r;

	nl_begin(&m, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	put_ip(&m, IFA_LOCAL, a->address);
	put_ip(&m, IFA_ADDRESS, a->peer ? a->peer : a->address);
	put_ip(&m, IFA_BROADCAST, a->broadcast);
	if (a->label)
		nl_put_string(&m, IFA_LABEL, a->label);
	nl_put_u32(&m, IFA_FLAGS, flags);
	if (a->valid.set && a->preferred.set)
		nl_put(&m, IFA_CACHEINFO, &cache, sizeof(cache));
	r = rtnl_change(&p->inside, &m, err);
	if (r == 0 || r == -EEXIST)
		return 0;
	return err_wrap(err, "give link '%s' the address %s", l->name, a->address);
}

static bool is_local_v6(const struct network_address *a)
{
	return strchr(a->address, ':') && a->scope.v == RT_SCOPE_LINK;
}

/* Those of the link before it is up, which would else get them by itself and be slow to trust them;
 * then the others. The first of IPv4 is the primary one, and of IPv6 the kernel lists what came
 * last first. */
static int add_addresses(struct network_place *p, const struct network_link *l, struct err *err)
{
	size_t n = l->addresses.n;
	int r = 0;

	for (size_t i = n; r == 0 && i-- > 0;)
		if (is_local_v6(&l->addresses.v[i]))
			r = add_address(p, l, &l->addresses.v[i], err);
	if (r == 0 && l->up.v) {
		r = set_up(&p->inside, l->index, false, err);
		if (r < 0)
			return err_wrap(err, "set link '%s' up", l->name);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!strchr(l->addresses.v[i].address, ':'))
			r = add_address(p, l, &l->addresses.v[i], err);
	for (size_t i = n; r == 0 && i-- > 0;)
		if (strchr(l->addresses.v[i].address, ':') && !is_local_v6(&l->addresses.v[i]))
			r = add_address(p, l, &l->addresses.v[i], err);
	return r;
}

/* ---- routes and neighbours ------------------------------------------------------------------ */

static int index_of(struct network_place *p, const struct network *n, const char *name,
		    uint32_t *ret, struct err *err)
{
	struct nl_link link;
	int r;

	for (size_t i = 0; i < n->links.n; i++)
		if (streq(n->links.v[i].name, name)) {
			*ret = n->links.v[i].index;
			return 0;
		}
	r = network_find_link(&p->inside, name, &link, err);
	*ret = r == 0 ? link.index : 0;
	return r;
}

static int add_route(struct network_place *p, const struct network *n,
		     const struct network_route *route, struct err *err)
{
	const struct rtmsg head = {
		.rtm_family = strchr(route->destination, ':') ? AF_INET6 : AF_INET,
		.rtm_dst_len = (unsigned char)route->prefix.v,
		.rtm_tos = (unsigned char)route->tos.v,
		.rtm_protocol = (unsigned char)route->protocol.v,
		.rtm_scope = (unsigned char)route->scope.v,
		.rtm_type = (unsigned char)route->type.v,
		.rtm_flags = route->onlink.v ? RTNH_F_ONLINK : 0,
	};
	struct nl_out m;
	size_t metrics;
	uint32_t index;
	int r = 0;

	nl_begin(&m, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	if (route->prefix.v)
		put_ip(&m, RTA_DST, route->destination);
	put_ip(&m, RTA_GATEWAY, route->gateway);
	put_ip(&m, RTA_PREFSRC, route->source);
	nl_put_u32(&m, RTA_TABLE, route->table.set ? route->table.v : RT_TABLE_MAIN);
	if (route->metric.set)
		nl_put_u32(&m, RTA_PRIORITY, route->metric.v);
	if (route->mtu.set) {
		metrics = nest(&m, RTA_METRICS);
		nl_put_u32(&m, RTAX_MTU, route->mtu.v);
		unnest(&m, metrics);
	}
	if (route->device) {
		r = index_of(p, n, route->device, &index, err);
		nl_put_u32(&m, RTA_OIF, index);
	}
	if (r == 0)
		r = rtnl_change(&p->inside, &m, err);
	if (r == 0 || r == -EEXIST)
		return 0;
	return err_wrap(err, "add the route to %s/%u", route->destination, route->prefix.v);
}

/* Gateways have to be reachable first. */
static int add_routes(struct network_place *p, const struct network *n, struct err *err)
{
	int r = 0;

	for (int gateways = 0; gateways < 2; gateways++)
		for (size_t i = 0; r == 0 && i < n->routes.n; i++)
			if (!!n->routes.v[i].gateway == gateways)
				r = add_route(p, n, &n->routes.v[i], err);
	return r;
}

static int add_neighbour(struct network_place *p, const struct network *n,
			 const struct network_neighbour *e, struct err *err)
{
	struct ndmsg head = {.ndm_family = strchr(e->address, ':') ? AF_INET6 : AF_INET,
			     .ndm_state = NUD_PERMANENT};
	unsigned char mac[NL_MAC_SIZE];
	struct nl_out m;
	uint32_t index;
	size_t len;
	int r = index_of(p, n, e->device, &index, err);

	if (r < 0 || !network_mac_parse(e->mac, mac, &len))
		return r;
	head.ndm_ifindex = (int)index;
	nl_begin(&m, RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	put_ip(&m, NDA_DST, e->address);
	nl_put(&m, NDA_LLADDR, mac, len);
	r = rtnl_change(&p->inside, &m, err);
	return r < 0 ? err_wrap(err, "add the neighbour %s", e->address) : 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int find_bridge(struct network_place *p, struct err *err)
{
	struct nl_link bridge;
	int r = network_find_link(&p->host, p->bridge, &bridge, err);

	if (r < 0)
		return err_wrap(err, "--bridge: '%s'", p->bridge);
	p->bridge_index = bridge.index;
	return 0;
}

int network_apply(struct network_place *p, const struct network *n, struct err *err)
{
	int r = p->bridge ? find_bridge(p, err) : 0;

	for (size_t i = 0; r == 0 && i < n->links.n; i++)
		r = provide(p, &n->links.v[i], err);
	for (size_t i = 0; r == 0 && i < n->links.n; i++)
		r = add_addresses(p, &n->links.v[i], err);
	if (r == 0)
		r = add_routes(p, n, err);
	for (size_t i = 0; r == 0 && i < n->neighbours.n; i++)
		r = add_neighbour(p, n, &n->neighbours.v[i], err);
	return r;
}

int network_plug(struct network_place *p, struct err *err)
{
	for (size_t i = 0; i < p->n_ports; i++) {
		const struct ifinfomsg head = {.ifi_index = (int)p->ports[i].index};
		struct nl_out m;

		nl_begin(&m, RTM_NEWLINK, NLM_F_ACK, &head, sizeof(head));
		nl_put_u32(&m, IFLA_MASTER, p->bridge_index);
		if (rtnl_change(&p->host, &m, err) < 0)
			return err_wrap(err, "put link %u into bridge '%s'", p->ports[i].index,
					p->bridge);
	}
	return 0;
}
