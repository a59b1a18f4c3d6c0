/* RUNTIME: migrate: what is in a network namespace, as the kernel tells it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/network.h"

/* IFA_F_PERMANENT, _TENTATIVE, _DADFAILED ... are the kernel's to set. */
#define OWN_FLAGS \
	(IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

struct reading {
	struct arena *arena;
	struct network *n;
	size_t lost;
};

static const char *ip_text(struct reading *x, unsigned family, const struct nl_attr *a)
{
	char text[INET6_ADDRSTRLEN];

	if (a->len != (family == AF_INET6 ? 16u : 4u) ||
	    !inet_ntop((int)family, a->data, text, sizeof(text)))
		return NULL;
	return arena_strdup(x->arena, text);
}

static const char *mac_text(struct reading *x, const unsigned char *mac, size_t len)
{
	char text[NL_MAC_SIZE * 3 + 1] = "";

	for (size_t i = 0; i < len && i < NL_MAC_SIZE; i++)
		snprintf(text + strlen(text), 4, "%s%02x", i ? ":" : "", mac[i]);
	return len ? arena_strdup(x->arena, text) : NULL;
}

static struct opt_u32 number(uint32_t v)
{
	return (struct opt_u32){true, v};
}

static struct network_link *by_index(const struct reading *x, uint32_t index)
{
	for (size_t i = 0; i < x->n->links.n; i++)
		if (x->n->links.v[i].index == index)
			return &x->n->links.v[i];
	return NULL;
}

/* ---- links ---------------------------------------------------------------------------------- */

static void begin_links(void *ctx)
{
	struct reading *x = ctx;

	x->n->links.n = 0;
}

static int on_link(void *ctx, const struct nl_msg *m, struct err *err)
{
	struct reading *x = ctx;
	struct network_link *l;
	struct nl_link link;

	if (nl_parse_link(m, &link) < 0)
		return err_fail(err, EBADMSG, "an interface of the kernel is not understood");
	l = arena_push(x->arena, &x->n->links.v, &x->n->links.n);
	*l = (struct network_link){
		.name = arena_strdup(x->arena, link.name),
		.kind = arena_strndup(x->arena, link.kind, strnlen(link.kind, sizeof(link.kind))),
		.mac = mac_text(x, link.mac, link.mac_len),
		.mtu = number(link.mtu),
		.up = {true, link.flags & IFF_UP},
		.index = link.index,
	};
	return 0;
}

/* ---- addresses ------------------------------------------------------------------------------ */

static void begin_addresses(void *ctx)
{
	struct reading *x = ctx;

	for (size_t i = 0; i < x->n->links.n; i++)
		x->n->links.v[i].addresses.n = 0;
}

static void address_attr(struct reading *x, unsigned family, const struct nl_attr *a,
			 struct network_address *to)
{
	struct ifa_cacheinfo cache;
	uint32_t flags;

	switch (a->type) {
	case IFA_ADDRESS: /* that of the other end, if there is one of this, too */
		to->peer = ip_text(x, family, a);
		break;
	case IFA_LOCAL:
		to->address = ip_text(x, family, a);
		break;
	case IFA_BROADCAST:
		to->broadcast = ip_text(x, family, a);
		break;
	case IFA_LABEL:
		to->label = nl_string(a) ? arena_strdup(x->arena, nl_string(a)) : NULL;
		break;
	case IFA_FLAGS:
		if (nl_u32(a, &flags))
			to->flags = number(flags);
		break;
	case IFA_CACHEINFO:
		if (a->len < sizeof(cache))
			break;
		memcpy(&cache, a->data, sizeof(cache));
		to->valid = number(cache.ifa_valid);
		to->preferred = number(cache.ifa_prefered);
		break;
	default:
		break;
	}
}

static int on_address(void *ctx, const struct nl_msg *m, struct err *err)
{
	struct reading *x = ctx;
	struct network_address to = {0};
	struct network_link *l;
	struct ifaddrmsg head;
	struct nl_attr a;
	struct nl_in in;

	if (m->type != RTM_NEWADDR || nl_split(m, &head, sizeof(head), &in) < 0)
		return err_fail(err, EBADMSG, "an address of the kernel is not understood");
	l = by_index(x, head.ifa_index);
	if (!l || (head.ifa_family != AF_INET && head.ifa_family != AF_INET6))
		return 0;
	to.flags = number(head.ifa_flags);
	while (nl_next_attr(&in, &a) > 0)
		address_attr(x, head.ifa_family, &a, &to);
	if (!to.address || (to.peer && streq(to.peer, to.address))) {
		to.address = to.address ? to.address : to.peer;
		to.peer = NULL;
	}
	if (!to.address || (streq(l->name, "lo") && head.ifa_scope == RT_SCOPE_HOST))
		return 0;
	if (to.flags.v & IFA_F_PERMANENT)
		to.valid = to.preferred = (struct opt_u32){0};
	to.flags.v &= OWN_FLAGS;
	to.prefix = number(head.ifa_prefixlen);
	to.scope = number(head.ifa_scope);
	*arena_push(x->arena, &l->addresses.v, &l->addresses.n) = to;
	l->addresses.set = true;
	return 0;
}

/* ---- routes --------------------------------------------------------------------------------- */

static void begin_routes(void *ctx)
{
	struct reading *x = ctx;

	x->n->routes.n = 0;
	x->lost = 0;
}

static void metrics_attr(const struct nl_attr *metrics, struct network_route *to)
{
	struct nl_in in = {metrics->data, metrics->len};
	struct nl_attr a;
	uint32_t mtu;

	while (nl_next_attr(&in, &a) > 0)
		if (a.type == RTAX_MTU && nl_u32(&a, &mtu))
			to->mtu = number(mtu);
}

/* False: it has something that is not described. */
static bool route_attr(struct reading *x, unsigned family, const struct nl_attr *a,
		       struct network_route *to)
{
	const struct network_link *l;
	uint32_t v = 0;

	switch (a->type) {
	case RTA_DST:
		to->destination = ip_text(x, family, a);
		return true;
	case RTA_GATEWAY:
		to->gateway = ip_text(x, family, a);
		return true;
	case RTA_PREFSRC:
		to->source = ip_text(x, family, a);
		return true;
	case RTA_OIF:
		l = nl_u32(a, &v) ? by_index(x, v) : NULL;
		to->device = l ? l->name : NULL;
		return l;
	case RTA_PRIORITY:
		if (nl_u32(a, &v))
			to->metric = number(v);
		return true;
	case RTA_TABLE:
		if (nl_u32(a, &v))
			to->table = number(v);
		return true;
	case RTA_METRICS:
		metrics_attr(a, to);
		return true;
	case RTA_MULTIPATH:
	case RTA_ENCAP:
	case RTA_VIA:
	case RTA_NH_ID:
	case RTA_SRC:
	case RTA_IIF:
		return false;
	default: /* how it is at the moment */
		return true;
	}
}

/* Those that the kernel makes itself follow from addresses and from what routers say. */
static bool is_made(const struct rtmsg *head)
{
	return head->rtm_protocol == RTPROT_KERNEL || head->rtm_protocol == RTPROT_RA ||
	       head->rtm_table == RT_TABLE_LOCAL || (head->rtm_flags & RTM_F_CLONED) ||
	       (head->rtm_family != AF_INET && head->rtm_family != AF_INET6);
}

static int on_route(void *ctx, const struct nl_msg *m, struct err *err)
{
	struct reading *x = ctx;
	struct network_route to;
	bool known = true;
	struct rtmsg head;
	struct nl_attr a;
	struct nl_in in;

	if (m->type != RTM_NEWROUTE || nl_split(m, &head, sizeof(head), &in) < 0)
		return err_fail(err, EBADMSG, "a route of the kernel is not understood");
	if (is_made(&head))
		return 0;
	to = (struct network_route){
		.destination = head.rtm_family == AF_INET6 ? "::" : "0.0.0.0",
		.prefix = number(head.rtm_dst_len),
		.table = number(head.rtm_table),
		.scope = number(head.rtm_scope),
		.type = number(head.rtm_type),
		.protocol = number(head.rtm_protocol),
		.tos = number(head.rtm_tos),
		.onlink = {true, head.rtm_flags & RTNH_F_ONLINK},
	};
	while (nl_next_attr(&in, &a) > 0)
		known = route_attr(x, head.rtm_family, &a, &to) && known;
	if (known && to.destination)
		*arena_push(x->arena, &x->n->routes.v, &x->n->routes.n) = to;
	else
		x->lost++;
	return 0;
}

/* ---- neighbours ----------------------------------------------------------------------------- */

static void begin_neighbours(void *ctx)
{
	struct reading *x = ctx;

	x->n->neighbours.n = 0;
}

static int on_neighbour(void *ctx, const struct nl_msg *m, struct err *err)
{
	struct reading *x = ctx;
	struct network_neighbour to = {0};
	const struct network_link *l;
	struct ndmsg head;
	struct nl_attr a;
	struct nl_in in;

	if (m->type != RTM_NEWNEIGH || nl_split(m, &head, sizeof(head), &in) < 0)
		return err_fail(err, EBADMSG, "a neighbour of the kernel is not understood");
	l = by_index(x, (uint32_t)head.ndm_ifindex);
	if (!l || !(head.ndm_state & NUD_PERMANENT) ||
	    (head.ndm_family != AF_INET && head.ndm_family != AF_INET6))
		return 0;
	to.device = l->name;
	while (nl_next_attr(&in, &a) > 0)
		if (a.type == NDA_DST)
			to.address = ip_text(x, head.ndm_family, &a);
		else if (a.type == NDA_LLADDR)
			to.mac = mac_text(x, a.data, a.len);
	if (to.address && to.mac)
		*arena_push(x->arena, &x->n->neighbours.v, &x->n->neighbours.n) = to;
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* lo without addresses that somebody gave it, and those that nobody uses: the kernel puts tunnels
 * into each namespace. */
static void leave_out(struct network *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->links.n; i++) {
		const struct network_link *l = &n->links.v[i];

		if (l->addresses.n || (l->up.v && !streq(l->name, "lo")))
			n->links.v[kept++] = *l;
	}
	n->links.n = kept;
}

static int ask(struct rtnl *s, uint16_t type, const void *head, size_t len,
	       const struct rtnl_answer *to, struct err *err)
{
	struct nl_out out;
	int r;

	nl_begin(&out, type, NLM_F_DUMP, head, len);
	if (type == RTM_GETLINK)
		nl_put_u32(&out, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = rtnl_ask(s, &out, to, err);
	if (r != -EAFNOSUPPORT && r != -EOPNOTSUPP) /* a kernel without IPv6 */
		return r;
	err_clear(err);
	return 0;
}

int network_read(struct arena *a, struct rtnl *s, struct network *ret, size_t *ret_lost,
		 struct err *err)
{
	const struct ifinfomsg link = {0};
	const struct ifaddrmsg address = {0};
	const struct rtmsg route = {.rtm_family = AF_INET}, route6 = {.rtm_family = AF_INET6};
	const struct ndmsg neighbour = {0};
	struct network v6 = {0};
	struct reading x = {.arena = a, .n = ret}, x6 = {.arena = a, .n = &v6};
	int r;

	*ret = (struct network){.version = number(NETWORK_VERSION)};
	r = ask(s, RTM_GETLINK, &link, sizeof(link),
		&(struct rtnl_answer){begin_links, on_link, &x}, err);
	if (r == 0)
		r = ask(s, RTM_GETADDR, &address, sizeof(address),
			&(struct rtnl_answer){begin_addresses, on_address, &x}, err);
	if (r == 0)
		r = ask(s, RTM_GETROUTE, &route, sizeof(route),
			&(struct rtnl_answer){begin_routes, on_route, &x}, err);
	memcpy(&v6.links, &ret->links, sizeof(v6.links));
	if (r == 0)
		r = ask(s, RTM_GETROUTE, &route6, sizeof(route6),
			&(struct rtnl_answer){begin_routes, on_route, &x6}, err);
	if (r == 0)
		r = ask(s, RTM_GETNEIGH, &neighbour, sizeof(neighbour),
			&(struct rtnl_answer){begin_neighbours, on_neighbour, &x}, err);
	for (size_t i = 0; i < v6.routes.n; i++)
		*arena_push(a, &ret->routes.v, &ret->routes.n) = v6.routes.v[i];
	leave_out(ret);
	ret->links.set = ret->routes.set = ret->neighbours.set = true;
	*ret_lost = x.lost + x6.lost;
	return r;
}

int network_enter(pid_t pid, struct err *err)
{
	auto_fd int own = -1, theirs = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	theirs = open(path, O_RDONLY | O_CLOEXEC);
	if (own < 0 || theirs < 0 || setns(theirs, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "enter the network namespace '%s'", path);
	return take_fd(&own);
}

int network_leave(int fd, struct err *err)
{
	int r = setns(fd, CLONE_NEWNET) < 0 ? errno : 0;

	close(fd);
	return r ? err_sys(err, r, "return to hull's network namespace") : 0;
}

int network_open(pid_t pid, struct rtnl *s, struct err *err)
{
	struct err late;
	int own = network_enter(pid, err), r;

	if (own < 0)
		return own;
	r = rtnl_open(s, err);
	if (network_leave(own, &late) < 0) {
		*err = late;
		return -late.code;
	}
	return r;
}
